#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/cluster/refusal.hpp"
#include "sim/cluster/store.hpp"

namespace edsm::sim {

/// Which objects of a kind a list or watch is about.
class Selector {
 public:
  /// Of one namespace, or of all if it is empty.
  static Outcome<Selector> parse(const Kind& kind, std::string_view ns, std::string_view labels,
                                 std::string_view fields);
  bool matches(const Stored& object) const;

 private:
  struct Demand {
    enum class Rule : std::uint8_t { in, not_in, exists, absent };
    Rule rule = Rule::in;
    std::string name;
    std::vector<std::string> values;
    bool met_by(const std::string_view* value) const;
  };

  static Outcome<Demand> parse_label(std::string_view text);
  static Outcome<Demand> parse_field(const Kind& kind, std::string_view text);

  std::string ns_;
  std::vector<Demand> labels_;
  std::vector<Demand> fields_;
};

}  // namespace edsm::sim

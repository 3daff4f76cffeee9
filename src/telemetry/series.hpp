#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include <prometheus/family.h>

namespace edsm::telemetry {

/// The series of one metric by their label values: one hash lookup without an allocation, where
/// prometheus-cpp builds a map of strings. At most `max_series`; what comes later is counted under
/// "other", so that nothing a peer sends makes memory grow.
template <class Metric, std::size_t labels>
class Series {
 public:
  using Names = std::array<std::string_view, labels>;
  using Values = std::array<std::string_view, labels>;

  Series(prometheus::Family<Metric>& family, Names names, std::size_t max_series = 50'000)
      : family_(family), names_(names), max_series_(max_series) {}

  /// `arguments`: what the metric's constructor takes (a histogram's buckets).
  template <class... Arguments>
  Metric& get(const Values& values, const Arguments&... arguments) {
    make_key(values);
    const auto known = metrics_.find(std::string_view(key_));
    if (known != metrics_.end()) return *known->second;
    if (metrics_.size() >= max_series_) {
      Values other;
      other.fill("other");
      if (values != other) return get(other, arguments...);
    }
    prometheus::Labels named;
    for (std::size_t i = 0; i < labels; ++i) {
      named.emplace(std::string(names_[i]), printable(values[i]));
    }
    Metric& metric = family_.Add(named, arguments...);
    metrics_.emplace(key_, &metric);
    return metric;
  }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };

  void make_key(const Values& values) {
    key_.clear();
    for (const std::string_view value : values) {
      key_ += value;
      key_ += '\0';
    }
  }

  /// One bad byte makes Prometheus refuse the whole page.
  static std::string printable(std::string_view text) {
    std::string result(text.substr(0, 256));
    std::ranges::replace_if(result, [](char c) { return c < ' ' || c >= 0x7F; }, '_');
    return result;
  }

  prometheus::Family<Metric>& family_;
  Names names_;
  std::size_t max_series_;
  std::string key_;
  std::unordered_map<std::string, Metric*, Hash, std::equal_to<>> metrics_;
};

}  // namespace edsm::telemetry

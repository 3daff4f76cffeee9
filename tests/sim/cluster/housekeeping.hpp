#pragma once

#include <memory>
#include <string>

#include "sim/cluster/store.hpp"
#include "sim/cluster/writer.hpp"
#include "sim/timeline.hpp"

namespace edsm::sim {

/// What the control plane does by itself, a little after the fact: it deletes objects whose owners
/// are all gone, and Events that are an hour old.
class Housekeeping : public std::enable_shared_from_this<Housekeeping> {
 public:
  /// All must outlive it.
  Housekeeping(Timeline& timeline, const Store& store, Writer& writer)
      : timeline_(timeline), store_(store), writer_(writer) {}

  void noticed(const Change& change);

 private:
  void look_after(const Stored& dependent);
  void collect(const Kind& kind, const std::string& uid);
  void expire(const std::string& uid, std::uint64_t revision);
  bool has_owner(const Stored& dependent) const;

  Timeline& timeline_;
  const Store& store_;
  Writer& writer_;
};

}  // namespace edsm::sim

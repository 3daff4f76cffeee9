#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/task.hpp"
#include "kube/api.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

namespace edsm::kube {

/// The object that an Event is about.
struct ObjectReference {
  std::string api_version;
  std::string kind;
  std::string ns;
  std::string name;
  std::string uid;
};

enum class EventType : std::uint8_t { normal, warning };

/// Kubernetes Events that never block: `record` puts into a bounded queue (full: dropped and
/// counted), `run` writes. The rules are in EventSeries (pure): equal ones become a series; each
/// object may cause 25 at once and one per 5 minutes after that; notes are cut at 1,024 bytes.
/// `controller` is a qualified name ("edsm.io/controller"), `instance` the replica.
/// References must outlive it.
class EventRecorder {
 public:
  EventRecorder(Api& api, base::Clock& clock, telemetry::Log& log, telemetry::Metrics& metrics,
                std::string controller, std::string instance);
  ~EventRecorder();

  void record(ObjectReference about, EventType type, std::string reason, std::string action,
              std::string note);
  /// Until cancelled.
  base::Task<void> run();
  /// Writes what is queued, at most until `deadline`: for shutdown, after `run` was cancelled.
  base::Task<void> flush(base::Instant deadline);

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace edsm::kube

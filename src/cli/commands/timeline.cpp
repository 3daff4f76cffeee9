#include "cli/commands/timeline.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/time.hpp"
#include "sync/hinted.hpp"

namespace edsm::cli {
namespace {

using base::WallTime;

constexpr std::string_view kEventsEnd = "no Event of it: Kubernetes keeps them for an hour";

WallTime second_of(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time);
}

/// When the target's data last took another value.
std::optional<WallTime> changed_at(const Traces& traces) {
  if (traces.target) return base::parse_rfc3339(traces.target->changed_at.view());
  // Workloads that have the value know it too.
  const auto& target = traces.reported.binding.target.name.str();
  for (const auto& traced : traces.workloads) {
    const auto record = traced.consumer.workload.records.find(target);
    if (record == traced.consumer.workload.records.end()) continue;
    if (traced.consumer.pends(traces.reported)) continue;
    return base::parse_rfc3339(record->second.changed_at.view());
  }
  return std::nullopt;
}

bool speaks_of(const Happening& event, std::string_view reason, std::string_view words) {
  return event.reason == reason && event.note.contains(words);
}

/// A time at which an Event was there.
struct Said {
  WallTime at;
  std::string_view note;
};

/// The first time, not before `from`, at which an Event of this kind was there.
template <class Wanted>
std::optional<Said> said(const std::vector<Happening>& events, WallTime from, Wanted wanted) {
  std::optional<Said> first;
  for (const auto& event : events) {
    if (!wanted(event)) continue;
    for (const auto time : event.times) {
      if (time >= from && (!first || time < first->at)) first = Said{time, event.note};
    }
  }
  return first;
}

/// Adds the steps of one change, with the facts that they need.
class Teller {
 public:
  explicit Teller(const Traces& traces) : traces_(traces), changed_(changed_at(traces)) {
    if (changed_) written_ = write();
  }

  Timeline tell() && {
    arrival();
    controller();
    for (const auto& traced : traces_.workloads) workload(traced);
    timeline_.holds = !traces_.reported.status.synced_version.empty();
    return std::move(timeline_);
  }

 private:
  using State = Step::State;

  void done(std::string name, std::string workload, Moment at, std::string detail) {
    timeline_.steps.push_back(
        {State::done, std::move(name), std::move(workload), at, std::move(detail)});
  }
  void open(State state, std::string name, std::string workload, std::string detail) {
    timeline_.steps.push_back(
        {state, std::move(name), std::move(workload), std::nullopt, std::move(detail)});
  }
  /// Why a time is not known that an Event told.
  static std::string missing(const std::string& trouble) {
    return trouble.empty() ? std::string(kEventsEnd) : trouble;
  }

  /// The Event of the write that brought the value.
  std::optional<Said> write() const {
    const auto version = fmt::format("version {} ", traces_.reported.status.synced_version);
    return said(traces_.events, *changed_, [&](const Happening& event) {
      return speaks_of(event, "Created", version) || speaks_of(event, "Updated", version);
    });
  }
  /// Why the time of the target's value is not known.
  std::string no_change() const {
    return traces_.target_trouble.empty() ? "the Secret does not say when it took its value"
                                          : traces_.target_trouble;
  }

  /// What the note says of the cloud's event.
  void arrival() {
    const auto times = written_ ? sync::times_in(written_->note) : sync::Hinted();
    auto why = changed_ ? missing(traces_.events_trouble) : no_change();
    if (written_) why = "no event told of this value: it was read first, or by the sweep";
    if (written_ && times.received) why = "the event did not say";
    const auto step = [&](std::string name, std::optional<WallTime> at, bool whole,
                          std::string detail) {
      if (!at) return open(State::unknown, std::move(name), "", why);
      done(std::move(name), "", Moment{*at, whole}, std::move(detail));
    };
    const bool whole = times.changed && *times.changed == second_of(*times.changed);
    step("cloud", times.changed, whole, "the value changed, says the event");
    step("queued", times.queued, false, "the event was in the queue");
    step("received", times.received, false, "the controller had the event");
  }

  void controller() {
    const auto& status = traces_.reported.status;
    if (!changed_) {
      open(State::unknown, "fetched", "", no_change());
      open(State::unknown, "written", "", no_change());
    } else {
      done("fetched", "", Moment{*changed_}, "the new value was at hand, its write began");
      if (written_) {
        done("written", "", Moment{written_->at}, "the API server had answered the write");
      } else {
        open(State::unknown, "written", "", missing(traces_.events_trouble));
      }
    }
    if (const auto at = base::parse_rfc3339(status.last_synced_time)) {
      done("status", "", Moment{*at, true}, "the version was noted in the status");
    }
  }

  void workload(const TracedWorkload& traced) {
    const auto& workload = traced.consumer.workload;
    const auto name = fmt::format("{}/{}", workload.resource.kind, workload.key.name.view());
    if (!workload.annotation_error.empty()) {
      open(State::waiting, "restart", name, workload.annotation_error);
    } else if (traced.consumer.pends(traces_.reported)) {
      open(State::waiting, "restart", name, "not yet: it runs with another value");
    } else if (!changed_) {
      open(State::unknown, "restart", name, "it has the value; when the value came is not known");
    } else {
      restarted(traced, name);
    }
  }

  void restarted(const TracedWorkload& traced, const std::string& name) {
    // "because Secret a, b changed"
    const auto target = traces_.reported.binding.target.name.view();
    const auto listed = fmt::format(" {},", target);
    const auto last = fmt::format(" {} changed", target);
    const auto said_at = said(traced.events, *changed_, [&](const Happening& event) {
      return speaks_of(event, "SecretChanged", listed) || speaks_of(event, "SecretChanged", last);
    });
    const auto* const revision = first_revision(traced);
    if (said_at) {
      done("restart", name, Moment{said_at->at}, "its pod template was changed");
    } else if (revision != nullptr) {
      open(State::unknown, "restart", name, missing(traced.trouble));
    } else if (!traced.trouble.empty()) {
      open(State::unknown, "restart", name, traced.trouble);
      return;
    } else {
      const auto why = traced.consumer.workload.created >= second_of(*changed_)
                           ? "none: it was created with this value"
                           : "none since the value came: it had the same value before";
      open(State::none, "restart", name, why);
      return;
    }
    pods(traced, revision, name);
  }

  /// Of the template that the restart made; later restarts by others keep its mark.
  const Revision* first_revision(const TracedWorkload& traced) const {
    const Revision* first = nullptr;
    for (const auto& revision : traced.revisions) {
      const bool ours = !traced.mark.empty() && revision.mark == traced.mark &&
                        revision.created >= second_of(*changed_);
      if (ours && (first == nullptr || revision.created < first->created)) first = &revision;
    }
    return first;
  }

  void pods(const TracedWorkload& traced, const Revision* revision, const std::string& name) {
    if (revision == nullptr && traced.consumer.paused) {
      open(State::waiting, "new pods", name, "paused: they come when it is resumed");
      return;
    }
    if (revision == nullptr) {
      open(
          State::unknown, "new pods", name,
          traced.trouble.empty() ? "its ReplicaSet or ControllerRevision is gone" : traced.trouble);
      return;
    }
    done("new pods", name, Moment{revision->created, true},
         fmt::format("{} {} was made", revision->kind, revision->name));
    ready(traced, name);
  }

  void ready(const TracedWorkload& traced, const std::string& name) {
    std::optional<WallTime> last;
    std::int64_t number = 0;
    for (const auto& pod : traced.pods) {
      if (pod.mark != traced.mark || !pod.ready_since) continue;
      ++number;
      last = std::max(last.value_or(*pod.ready_since), *pod.ready_since);
    }
    const auto wanted = traced.consumer.pods;
    auto text = fmt::format("{} of {} pods are new and ready", number, wanted);
    if (wanted == 0) {
      open(State::none, "ready", name, "it is scaled to no pods");
    } else if (last && number >= wanted) {
      done("ready", name, Moment{*last, true}, std::move(text));
    } else {
      open(State::waiting, "ready", name, std::move(text));
    }
  }

  const Traces& traces_;
  std::optional<WallTime> changed_;
  std::optional<Said> written_;
  Timeline timeline_;
};

}  // namespace

Timeline timeline_of(const Traces& traces) {
  return Teller(traces).tell();
}

}  // namespace edsm::cli

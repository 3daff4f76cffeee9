#include "sync/pausing.hpp"

#include <algorithm>
#include <utility>

#include "base/time.hpp"

namespace edsm::sync {
namespace {

/// Clocks are set now and then, so the end of a long pause is not waited for in one go.
constexpr base::Duration kLookAgain = std::chrono::minutes(10);

}  // namespace

void Pausing::look(BindingState& state) {
  const auto pause = shared_.pause_of(state.binding);
  const bool said = state.pause->misread == state.binding.paused_until;
  if (pause.state == Pause::State::malformed && !said) complain(state);
  if (state.pause->rests && !pause.holds()) resume(state);
}

void Pausing::complain(BindingState& state) {
  const auto& binding = state.binding;
  auto memory = *state.pause;
  memory.misread = binding.paused_until;
  state.pause = std::move(memory);
  const auto text = describe_pause(shared_.pause_of(binding), binding.paused_until);
  shared_.outside.log.warn("binding not paused",
                           {{"binding", binding.key.str()}, {"message", text}});
  shared_.outside.events.record(shared_.reference(binding), kube::EventType::warning,
                                "InvalidPause", "Pause", text);
}

void Pausing::resume(BindingState& state) {
  auto memory = *state.pause;
  memory.rests = false;
  state.pause = std::move(memory);
  // Messages of changes meanwhile may have been acknowledged: only a new read tells what there is.
  state.wishes.fetch = true;
  state.trigger = shared_.fetcher.tick();
  // A rollout that was due before is due again, whatever comes of the read.
  shared_.trigger_users(state.binding.target_key(), shared_.settings.rollout_window);
  auto trouble = *state.trouble;
  trouble.backoff.reset();
  trouble.failing_since.reset();
  state.trouble = std::move(trouble);
  shared_.outside.log.info("binding resumed", {{"binding", state.binding.key.str()}});
  shared_.outside.events.record(shared_.reference(state.binding), kube::EventType::normal,
                                "Resumed", "Pause",
                                "the pause is over: the value is read again, and what was missed "
                                "is caught up");
}

void Pausing::hold(BindingState& state, const Run& run) {
  const auto& binding = state.binding;
  const auto item = binding.key.str();
  const auto now = shared_.outside.clock.now();
  const auto pause = shared_.pause_of(binding);
  state.wishes.join(run.wishes);
  // It is read anyway when the pause is over, and that it took so long was wished.
  state.wishes.hinted = {};
  auto memory = *state.pause;
  if (!std::exchange(memory.rests, true)) {
    const auto text = describe_pause(pause, binding.paused_until);
    shared_.outside.log.info("binding paused",
                             {{"binding", item}, {"until", base::rfc3339(pause.until)}});
    shared_.outside.events.record(shared_.reference(binding), kube::EventType::normal, "Paused",
                                  "Pause", text);
  }
  state.pause = std::move(memory);
  shared_.status_changed(binding.key);

  if (binding.status.paused() == SeenStatus::Truth::yes) {
    // Whoever leads when it is over reads it in the status, and then the value.
    state.trouble = Trouble();
    shared_.ledger.settle(item);
    const base::Duration left = pause.until - shared_.pause_time();
    shared_.look_again(run.key, now + std::clamp(left, base::Duration::zero(), kLookAgain));
    return;
  }
  auto trouble = *state.trouble;
  if (!trouble.failing_since) trouble.failing_since = now;
  const bool patient = now - *trouble.failing_since < shared_.settings.patience;
  shared_.look_again(run.key, now + trouble.backoff.next(shared_.outside.clock.random()));
  state.trouble = std::move(trouble);
  if (patient) {
    shared_.ledger.again(item);
  } else {
    shared_.ledger.give_up(item);
  }
}

}  // namespace edsm::sync

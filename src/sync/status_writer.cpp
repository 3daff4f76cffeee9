#include "sync/status_writer.hpp"

#include <utility>

namespace edsm::sync {

base::Task<void> StatusWriter::write(base::ObjectKey key) {
  const auto* const state = shared_.bindings.find(key);
  if (state == nullptr || state->binding.deleting || !shared_.outside.may_write()) co_return;
  const auto due = due_status(state->binding, state->report, state->applied, shared_.pause_time());
  if (!due) {
    said(key, true);
    co_return;
  }
  const auto uid = state->binding.uid;
  auto body = status_patch(state->binding, *due);
  kube::PatchOptions options;
  options.type = kube::PatchType::json;
  options.subresource = "status";
  options.view = kube::View::metadata;
  auto answer = co_await shared_.outside.api.patch(kube::kBindings, key.ns.str(), key.name.str(),
                                                   std::move(body), options);
  auto* const after = shared_.bindings.find(key);
  if (after == nullptr || after->binding.uid != uid) co_return;
  if (answer) {
    after->binding.status = *due;
    if (!after->binding.paused_until.empty()) after->binding.words = *due;
    said(key, false);
    co_return;
  }
  const auto& error = answer.error();
  const bool gone =
      error.failure == base::Failure::absent || error.failure == base::Failure::conflict;
  if (gone) co_return;
  shared_.outside.log.warn("status not written",
                           {{"binding", key.str()}, {"error", base::describe(error)}});
  if (!error.retryable()) co_return;
  const base::Duration pause = error.retry_after.value_or(std::chrono::milliseconds(1000));
  shared_.status_work.add(key.str(), shared_.outside.clock.now() + pause);
}

void StatusWriter::said(const base::ObjectKey& key, bool found) {
  if (shared_.status_work.queue().waiting(key.str())) return;  // another one has to be said by now
  auto& report = shared_.bindings.find(key)->report;
  report.shown = true;
  report.found = found;
  report.message = {};
}

}  // namespace edsm::sync

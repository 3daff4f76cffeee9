#include "cli/commands/sync.hpp"

#include <cstdio>

#include <fmt/format.h>

#include "base/json_writer.hpp"
#include "base/time.hpp"
#include "sync/binding.hpp"
#include "sync/names.hpp"
#include "sync/pause.hpp"

namespace edsm::cli {
namespace {

constexpr base::Duration kLookAgain = std::chrono::milliseconds(250);

base::SecretBytes request_body(const std::string& request) {
  base::JsonWriter json;
  json.begin_object().key("metadata").begin_object().key("annotations").begin_object();
  json.member(sync::kSyncRequestAnnotation, request);
  json.end_object().end_object().end_object();
  return std::move(json).take();
}

/// Waits until the controller has handled the request; what it says then.
base::Task<base::Result<sync::BindingStatus>> handled(ClusterAccess& access, base::ObjectKey key,
                                                      std::string request, base::Instant deadline) {
  for (;;) {
    auto answer = co_await access.api.get(kube::kBindings, key.ns.str(), key.name.str());
    if (!answer) co_return std::unexpected(std::move(answer.error()));
    auto status = sync::decode_status(answer->root());
    const bool done = status.handled_sync_request == request;
    if (done || access.clock.now() >= deadline) co_return status;
    co_await access.clock.sleep_for(kLookAgain);
  }
}

base::Task<bool> sync_one(ClusterAccess& access, base::ObjectKey key, base::Duration timeout) {
  const auto deadline = access.clock.now() + timeout;
  const auto request = base::rfc3339_micro(access.clock.wall());
  auto body = request_body(request);
  const kube::PatchOptions merge;
  const auto asked = co_await access.api.patch(kube::kBindings, key.ns.str(), key.name.str(),
                                               std::move(body), merge);
  if (!asked) {
    complain(base::describe(asked.error()));
    co_return false;
  }
  const auto annotation = sync::decode_binding(asked->root()).paused_until;
  const auto pause = sync::judge_pause(annotation, access.api.wall());
  if (pause.holds()) {
    complain(fmt::format("{}: {}", key.str(), sync::describe_pause(pause, annotation)));
    co_return false;
  }
  const auto after = co_await handled(access, key, request, deadline);
  if (!after) {
    complain(base::describe(after.error()));
    co_return false;
  }
  const auto& status = *after;
  if (status.handled_sync_request == request) {
    fmt::print("{}: in sync with version {}\n", key.str(), status.synced_version);
    std::fflush(stdout);
    co_return true;
  }
  const auto* const ready = status.condition("Ready");
  if (ready != nullptr && ready->status == "False") {
    complain(fmt::format("{}: {}: {}", key.str(), ready->reason, ready->message));
  } else {
    complain(
        fmt::format("{}: the controller has not answered within {} s: is it running, and does "
                    "it watch this namespace?",
                    key.str(), std::chrono::ceil<std::chrono::seconds>(timeout).count()));
  }
  co_return false;
}

base::Task<int> sync_all(ClusterAccess access, std::vector<std::string> names,
                         base::Duration timeout) {
  bool good = true;
  for (const auto& name : names) {
    const bool done = co_await sync_one(access, key_of(name, access.namespaces.front()), timeout);
    good = good && done;
  }
  co_return good ? 0 : 1;
}

}  // namespace

int run_sync(const SyncOptions& options) {
  return with_cluster(options.cluster, [&](ClusterAccess access) {
    return sync_all(std::move(access), options.bindings, options.timeout);
  });
}

}  // namespace edsm::cli

#include "kube/reflector.hpp"

#include <utility>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <fmt/format.h>

#include "base/free_memory.hpp"
#include "base/json.hpp"
#include "kube/line_splitter.hpp"
#include "kube/list_page.hpp"

namespace edsm::kube {
namespace {

using base::Failure;
using Step = WatchMachine::Step;

/// From here on a list has left enough freed memory behind to be worth giving back.
constexpr std::size_t kLargeList = 500;
/// In which a request leaves, before the thread is busy with a page.
constexpr base::Duration kHeadStart = std::chrono::milliseconds(1);

std::string_view version_of(const boost::json::value& object) {
  return base::string_at(object, "metadata.resourceVersion");
}

base::Error error_of(const boost::json::value& status) {
  return {Failure::transient, std::string(base::string_at(status, "reason").substr(0, 64)),
          std::string(base::string_at(status, "message").substr(0, 512)), std::nullopt};
}

base::Error nonsense(std::string text) {
  return {Failure::transient, "MalformedAnswer", std::move(text), std::nullopt};
}

std::string_view remedy(Failure failure, bool everywhere) {
  switch (failure) {
    case Failure::refused:
      return everywhere ? "grant list and watch on it to the controller's ClusterRole"
                        : "grant list and watch on it to the controller's role";
    case Failure::credentials:
      return "check the token or the kubeconfig";
    case Failure::absent:
      return "install the CustomResourceDefinition";
    case Failure::invalid:
      return "check the server's address, its certificate and the selector";
    default:
      return "none needed if it passes; it is tried again";
  }
}

}  // namespace

Reflector::Reflector(Api& api, base::Clock& clock, telemetry::Log& log, telemetry::Metrics& metrics,
                     Selection selection, Listener& listener)
    : api_(api),
      clock_(clock),
      log_(log),
      metrics_(metrics),
      selection_(std::move(selection)),
      listener_(listener),
      machine_(selection_.label_selector, selection_.field_selector) {}

base::Task<void> Reflector::run() {
  for (;;) {
    const WatchMachine::Action action = machine_.next(clock_.random());
    co_await clock_.sleep_until(action.not_before);
    switch (action.step) {
      case Step::list:
        co_await list(action);
        break;
      case Step::prove:
        co_await prove(action);
        break;
      case Step::watch:
        co_await watch(action);
        break;
    }
    report_recovery();
  }
}

/// The server makes the next page while this one is read, where there is a next one.
base::Task<void> Reflector::list(const WatchMachine::Action& action) {
  const auto body = co_await page(action.query);
  if (!body) {
    report(machine_.failed(body.error(), clock_.now(), clock_.random()), body.error());
    co_return;
  }
  const auto token = next_page_token(body->view());
  if (token.empty()) {
    read(*body, action.first_page);
    co_return;
  }
  using namespace boost::asio::experimental::awaitable_operators;
  auto query = machine_.page_query(token);
  auto next = co_await (api_.page(selection_.resource, selection_.ns, query, selection_.view) &&
                        read_meanwhile(*body, action.first_page));
  ahead_ = Ahead{std::move(query), std::move(next)};
}

base::Task<base::Result<base::SecretBytes>> Reflector::page(std::string query) {
  if (auto ahead = std::exchange(ahead_, std::nullopt); ahead && ahead->query == query) {
    co_return std::move(ahead->body);
  }
  co_return co_await api_.page(selection_.resource, selection_.ns, std::move(query),
                               selection_.view);
}

base::Task<void> Reflector::read_meanwhile(const base::SecretBytes& body, bool first) {
  co_await clock_.sleep_for(kHeadStart);
  read(body, first);
}

void Reflector::read(const base::SecretBytes& body, bool first) {
  const auto answer = Api::parse(selection_.resource.plural, body.view());
  if (!answer) {
    report(machine_.failed(answer.error(), clock_.now(), clock_.random()), answer.error());
    return;
  }
  const auto& page = answer->root();
  const std::string_view version = version_of(page);
  if (version.empty() || !base::string_at(page, "kind").ends_with("List")) {
    const auto error = nonsense("an answer that is no list, or one without a resourceVersion");
    report(machine_.nonsense("malformed", clock_.now(), clock_.random()), error);
    return;
  }
  deliver_page(page, first);
  if (!machine_.page(version, base::string_at(page, "metadata.continue"))) return;
  listener_.list_ends(machine_.resource_version());
  log_.info("listed", {{"resource", selection_.resource.plural},
                       {"objects", listed_},
                       {"resourceVersion", machine_.resource_version()}});
  if (listed_ >= kLargeList) base::give_free_memory_back();
}

void Reflector::deliver_page(const boost::json::value& page, bool first) {
  if (first) {
    listed_ = 0;
    listener_.list_begins();
  }
  const auto* const items = base::array_at(page, "items");
  if (items == nullptr) return;  // "items": null is how Go may write an empty list
  for (const auto& item : *items) {
    ++listed_;
    listener_.applied(item);
  }
}

base::Task<void> Reflector::prove(const WatchMachine::Action& action) {
  const auto answer =
      co_await api_.list(selection_.resource, selection_.ns, action.query, View::metadata);
  if (answer) {
    machine_.proved();
  } else {
    report(machine_.failed(answer.error(), clock_.now(), clock_.random()), answer.error());
  }
}

base::Task<void> Reflector::watch(const WatchMachine::Action& action) {
  auto stream = co_await api_.watch(selection_.resource, selection_.ns, action.query,
                                    selection_.view, action.timeout);
  if (!stream) {
    report(machine_.failed(stream.error(), clock_.now(), clock_.random()), stream.error());
    co_return;
  }
  machine_.opened(clock_.now());
  report_recovery();
  LineSplitter lines;
  for (;;) {
    const auto chunk = co_await (*stream)->read();
    if (!chunk) {
      report(machine_.failed(chunk.error(), clock_.now(), clock_.random()), chunk.error());
      co_return;
    }
    if (chunk->empty()) break;
    lines.push(chunk->view());
    while (const auto text = lines.next()) {
      if (!line(*text)) co_return;
    }
    if (lines.overflown()) {
      const auto error = nonsense("a watch event beyond 8 MiB");
      report(machine_.nonsense("malformed", clock_.now(), clock_.random()), error);
      co_return;
    }
  }
  const auto error = nonsense("the server ended the watch at once");
  report(machine_.ended(clock_.now(), clock_.random()), error);
}

bool Reflector::line(std::string_view text) {
  const auto document = base::JsonDocument::parse(text);
  const auto* const object = document ? base::find(document->root(), "object") : nullptr;
  if (object == nullptr) {
    const auto error = nonsense("a watch event that is not JSON or has no object");
    report(machine_.nonsense("malformed", clock_.now(), clock_.random()), error);
    return false;
  }
  const auto type = WatchMachine::event_type(base::string_at(document->root(), "type"));
  if (type == WatchMachine::Event::error) {
    const std::int64_t code = base::int_at(*object, "code").value_or(0);
    std::optional<base::Duration> retry_after;
    const auto asked = base::int_at(*object, "details.retryAfterSeconds");
    if (asked && *asked > 0 && *asked < 3600) retry_after = std::chrono::seconds(*asked);
    report(machine_.error_event(code, retry_after, clock_.now(), clock_.random()),
           error_of(*object));
    return false;
  }
  switch (machine_.event(type, version_of(*object))) {
    case WatchMachine::Deliver::applied:
      listener_.applied(*object);
      return true;
    case WatchMachine::Deliver::removed:
      listener_.removed(*object);
      return true;
    case WatchMachine::Deliver::nothing:
      return true;
    case WatchMachine::Deliver::stop:
      break;
  }
  const auto error = nonsense(
      "a watch event of unknown type, without a resourceVersion or with an "
      "older one than before");
  report(machine_.nonsense("regressed", clock_.now(), clock_.random()), error);
  return false;
}

void Reflector::report(const WatchMachine::Outcome& outcome, const base::Error& error) {
  if (!outcome.cause.empty()) metrics_.watch_restart(selection_.resource.plural, outcome.cause);
  if (outcome.failures == 0) return;
  if (outcome.worth_saying) {
    const std::string text = base::describe(error);
    log_.warn("cannot list and watch", {{"resource", selection_.resource.plural},
                                        {"cause", outcome.cause},
                                        {"failures", outcome.failures},
                                        {"error", text},
                                        {"remedy", remedy(error.failure, selection_.ns.empty())}});
  } else if (log_.enabled(telemetry::Level::debug)) {
    const std::string text = base::describe(error);
    log_.debug(
        "list and watch starts over",
        {{"resource", selection_.resource.plural}, {"cause", outcome.cause}, {"error", text}});
  }
}

void Reflector::report_recovery() {
  const unsigned failures = machine_.recovered();
  if (failures == 0) return;
  log_.info("list and watch works again",
            {{"resource", selection_.resource.plural}, {"failures", failures}});
}

}  // namespace edsm::kube

#include "sim/azure/azure.hpp"

#include <utility>

#include <fmt/format.h>

namespace edsm::sim {

Azure::Azure(Timeline& timeline, const AzureOptions& options)
    : route([this](azure::Publication message) { queue_.send(std::move(message.content)); }),
      timeline_(timeline),
      tokens_(timeline),
      vault_(timeline, options.vault, events, route),
      vault_api_(timeline, vault_, tokens_, faults),
      bus_(timeline, options.space, tokens_, faults),
      queue_(bus_.make_queue(options.queue)) {}

std::string Azure::queue_url() const {
  return fmt::format("https://{}/{}", bus_.host(), queue_.path());
}

void Azure::take(const net::Request& request, ExchangePtr exchange) {
  const auto path = azure::parse_path(request.url);
  CloudCall& call = calls_.add({timeline_.now(), bearer_of(request), "Foreign", {}, {}, {}, 0, {}});
  if (path && path->host == bus_.host()) {
    call.operation = "unknown";
    bus_.answer(request, *path, call, std::move(exchange));
    return;
  }
  Reply reply{404, {}, {}};
  if (path && path->host == azure::kLoginHost) {
    reply = tokens_.answer(request, *path, call);
  } else if (path && path->host == vault_.host()) {
    call.operation = "unknown";
    reply = vault_api_.answer(request, *path, call);
  } else if (path) {
    call.ids.push_back(path->host);
  }
  call.status = reply.status;
  exchange->answer(std::move(reply));
}

Reply Azure::refusal(const net::Request& request, const azure::ServiceError& error) {
  const auto path = azure::parse_path(request.url);
  const bool bus = path && path->host == bus_.host();
  return bus ? azure::bus_failure(timeline_, error)
             : azure::vault_failure(timeline_, request, error);
}

Reply Azure::throttled(const net::Request& request) {
  return refusal(request, {429, "Throttled", "Too many requests were received."});
}

Reply Azure::internal_error(const net::Request& request) {
  return refusal(request, {500, "InternalServerError", "An internal error occurred."});
}

Reply Azure::unavailable() {
  return {503, {{"Content-Type", "text/html"}}, "<html><title>Error 503</title></html>"};
}

}  // namespace edsm::sim

#include "sim/gcp/gcp.hpp"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "net/url.hpp"

namespace edsm::sim {
namespace {

using gcp::Answer;

std::string topic_name(const GcpOptions& options, std::string_view suffix) {
  return fmt::format("projects/{}/topics/{}{}", options.project, options.topic, suffix);
}

std::string subscription_name(const GcpOptions& options, std::string_view suffix) {
  return fmt::format("projects/{}/subscriptions/{}{}", options.project, options.subscription,
                     suffix);
}

}  // namespace

Gcp::Gcp(Timeline& timeline, GcpOptions options)
    : route([this](const gcp::Publication& message) {
        pubsub_.publish(message.topic, {message.data, message.attributes});
      }),
      options_(std::move(options)),
      timeline_(timeline),
      tokens_(timeline),
      pubsub_(timeline, faults),
      queue_(pubsub_.make_subscription(subscription_name(options_, ""), topic_name(options_, ""))),
      dead_letters_(pubsub_.make_subscription(subscription_name(options_, "-dead"),
                                              topic_name(options_, "-dead"))),
      secrets_api_(timeline, faults),
      secrets_(timeline, options_.project, options_.number, events, route) {
  pubsub_.make_topic(topic());
  pubsub_.make_topic(topic_name(options_, "-dead"));
  secrets_.set_topic(topic());
}

std::string Gcp::topic() const {
  return topic_name(options_, "");
}

void Gcp::set_max_attempts(unsigned count) {
  pubsub_.set_dead_letters(queue_, topic_name(options_, "-dead"), count);
}

void Gcp::take(const net::Request& request, ExchangePtr exchange) {
  CloudCall& call = calls_.add({timeline_.now(), bearer_of(request), "unknown", {}, {}, {}, 0, {}});
  const auto url = net::Url::parse(request.url);
  if (url && url->path.starts_with("/computeMetadata/")) {
    call.operation = "Token";
    auto reply = tokens_.endpoint(request, url->path);
    call.status = reply.status;
    exchange->answer(std::move(reply));
    return;
  }
  const auto done = [&call, exchange](const Answer<boost::json::object>& answer) {
    Reply reply = answer ? gcp::success(*answer) : gcp::failure(answer.error());
    call.status = reply.status;
    if (!answer) call.code = answer.error().status;
    exchange->answer(std::move(reply));
  };
  const auto path = gcp::parse_path(request.url);
  if (!path) return done(gcp::fail("NOT_FOUND", "The requested URL was not found."));
  const auto caller = tokens_.check(request);
  if (!caller) return done(std::unexpected(caller.error()));
  const bool pubsub = (*path)[2] == "topics" || (*path)[2] == "subscriptions";
  if (!pubsub) return done(secrets_api_.answer(secrets_, request, *path, call));
  pubsub_.answer(request, *path, call, [exchange] { return exchange->gone(); }, done);
}

Reply Gcp::throttled() {
  return gcp::failure({"RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Reads'."});
}

Reply Gcp::internal_error() {
  return gcp::failure({"INTERNAL", "Internal error encountered."});
}

Reply Gcp::unavailable() {
  return {503, {{"Content-Type", "text/html"}}, "<html><title>Error 503</title></html>"};
}

}  // namespace edsm::sim

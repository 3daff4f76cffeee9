#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "sim/aws/events.hpp"
#include "sim/aws/faults.hpp"
#include "sim/aws/keys.hpp"
#include "sim/aws/queue.hpp"
#include "sim/aws/queue_api.hpp"
#include "sim/aws/secrets.hpp"
#include "sim/aws/secrets_api.hpp"
#include "sim/common/calls.hpp"
#include "sim/service.hpp"
#include "sim/timeline.hpp"

namespace edsm::sim {

struct AwsOptions {
  std::string account = "000000000000";
  std::string region = "eu-west-1";  ///< of the queue; secrets may be in any
  std::string queue = "edsm-events";
};

/// One AWS account: Secrets Manager in every region, a queue with dead letters, the events between
/// them, access keys and the container credential endpoint. A state machine in memory.
///
/// Requests are told apart by their X-Amz-Target, and are for the region for which they are signed,
/// whatever the host: both AWS_ENDPOINT=http://aws.sim and the real hosts do. Any GET is one to the
/// container endpoint (AWS_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.170.23/v1/credentials).
/// Every request counts and is remembered; each long poll ends by itself. STS, and calls that
/// change secrets, are not simulated: people's deeds are functions of aws.secrets().
///
///   Aws aws(timeline);
///   aws.secrets().put("prod/db", R"({"user":"u"})");      // and its event is in the queue
///   aws.secrets().rollback("prod/db");
///   aws.queue().counts().in_flight;
///   aws.keys().expire_all();
///   aws.faults.list_lag = std::chrono::minutes(5);
///   aws.route = [&](std::string body) { lose, delay, or aws.queue().enqueue(std::move(body)); };
///   aws.calls().value_reads("prod/db");
class Aws final : public Service {
 public:
  /// `timeline` has to live longer than this.
  explicit Aws(Timeline& timeline, AwsOptions options = {});
  Aws(const Aws&) = delete;
  Aws& operator=(const Aws&) = delete;

  void take(const net::Request& request, ExchangePtr exchange) override;

  // -- the actors
  /// The secrets of the queue's region, or of another one.
  aws::Secrets& secrets() { return secrets(options_.region); }
  aws::Secrets& secrets(std::string_view region);
  aws::Queue& queue() { return queue_; }
  aws::Queue& dead_letters() { return dead_letters_; }
  aws::Keys& keys() { return keys_; }
  /// ListSecrets and BatchGetSecretValue refuse the page tokens that they gave so far.
  void expire_tokens() { secrets_api_.expire_tokens(); }

  aws::EventOptions events;  ///< what EventBridge's rules let through
  aws::Faults faults;
  /// Brings an event to the queue; at first, at once.
  aws::Events::Sink route;

  // -- the observers
  const CloudCalls& calls() const { return calls_; }
  const AwsOptions& options() const { return options_; }
  /// SQS_QUEUE_URL at any host: "http://aws.sim/000000000000/edsm-events".
  std::string queue_url(std::string_view origin = "http://aws.sim") const;

  // -- answers that somebody on the way may give in the place of the service, in its words
  Reply throttled(const net::Request& request);
  Reply internal_error(const net::Request& request);
  /// Of a load balancer: no JSON.
  Reply unavailable(const net::Request& request);

 private:
  void serve(aws::Api api, std::string operation, const net::Request& request,
             ExchangePtr exchange);

  Timeline& timeline_;
  AwsOptions options_;
  CloudCalls calls_;
  aws::Keys keys_;
  aws::Queue dead_letters_;
  aws::Queue queue_;
  aws::QueueApi queue_api_;
  aws::SecretsApi secrets_api_;
  std::map<std::string, aws::Secrets, std::less<>> regions_;
};

}  // namespace edsm::sim

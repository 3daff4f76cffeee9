#include "sim/world.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/crypto.hpp"
#include "net/url.hpp"
#include "sync/names.hpp"

namespace edsm::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// Of a run: short, so that the sweep takes part in it.
constexpr base::Duration kResync = minutes(5);
constexpr std::string_view kFederatedFile = "/var/run/secrets/azure/tokens/azure-identity-token";

cli::RunOptions options_of(const Scenario& scenario) {
  cli::RunOptions options;
  options.leader_elect = scenario.leader_elect;
  options.log_level = telemetry::Level::debug;
  options.sync.resync_interval = kResync;
  if (scenario.tenancy) options.sync.tenancy = sync::Tenancy::enforce;
  return options;
}

/// What only reads concerns nobody.
bool tells_of_a_read(const std::string& body) {
  for (const auto* const verb : {"Get", "BatchGet", "Describe", "List"}) {
    if (body.find(fmt::format("\"eventName\":\"{}", verb)) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

std::string namespace_of(const Scenario& scenario, unsigned binding) {
  return fmt::format("ns{}", binding % scenario.namespaces);
}

std::string binding_name(unsigned binding) {
  return fmt::format("b{}", binding);
}

/// Namesakes in different namespaces.
std::string target_name(const Scenario& scenario, unsigned binding) {
  return fmt::format("t{}", binding / scenario.namespaces);
}

std::string workload_name(unsigned workload) {
  return fmt::format("w{}", workload);
}

kube::Resource workload_kind(unsigned workload) {
  constexpr std::array kWorkloads = {kube::kDeployments, kube::kStatefulSets, kube::kDaemonSets};
  return kWorkloads[workload % kWorkloads.size()];
}

Data decode_data(const Object& secret) {
  Data data;
  const auto* const encoded = secret.if_contains("data");
  if (encoded == nullptr || !encoded->is_object()) return data;
  for (const auto& [key, value] : encoded->get_object()) {
    const auto bytes = base::base64_decode(value.as_string());
    data.emplace(key, bytes ? std::string(bytes->view()) : "?");
  }
  return data;
}

std::string World::user(int replica) {
  return fmt::format("system:serviceaccount:kube-system:edsm-{}", replica);
}

World::World(const Scenario& scenario)
    : schedule(scenario.seed * 2),
      cluster(schedule),
      aws(schedule),
      gcp(schedule),
      azure(schedule),
      sources(aws, gcp, azure, scenario),
      permissions(schedule, cluster, scenario, sources),
      network(schedule, cluster, aws, gcp, azure),
      scenario_(scenario),
      begin_(schedule.now()),
      options_(options_of(scenario)) {
  connect();
  for (unsigned i = 0; i < scenario.secrets; ++i) {
    const auto path = sources.path(i);
    switch (scenario.cloud_of(i)) {
      case CloudName::google:
        make_google_secret(Sources::google_path(path), i, 1);
        break;
      case CloudName::azure:
        // Names have no case, and keep the one that they were first written in.
        azure.vault().put(scenario.seed % 3 == 0 ? fmt::format("Shop-S{}", i) : path,
                          fresh_value(i));
        azure.vault().age(path, std::chrono::days(1));
        break;
      default:
        aws.secrets().put(path, fresh_value(i));
    }
  }
  for (unsigned i = 0; i < scenario.bindings; ++i) create_binding(i);
  for (unsigned i = 0; i < scenario.workloads; ++i) {
    if (i % 2 == 0) create_workload(i);
  }
  for (unsigned i = 0; i < scenario.replicas; ++i) start_replica(i);
  for (const auto& step : scenario_.steps) {
    schedule.after(step.at, [this, &step] {
      if (trace) trace(describe(step));
      carry_out(step);
    });
  }
}

void World::connect() {
  aws.queue().visibility = seconds(30);
  aws.queue().max_receives = scenario_.max_receives;
  aws.events.trail = scenario_.trail;
  aws.events.trail_reads = scenario_.trail;
  aws.route = [this](const std::string& body) { route(body); };
  gcp.faults.late_acks_lost = 500;
  gcp.set_max_attempts(scenario_.max_receives);
  if (scenario_.trail) gcp.events.audit_topic = gcp.topic();
  gcp.events.audit_reads = scenario_.trail;
  gcp.route = [this](const gcp::Publication& message) { route_google(message); };
  connect_azure();
  network.refusal = [this](Peer peer, bool lie, const net::Request& request) {
    if (peer == Peer::cloud) {
      return !lie && schedule.chance(500) ? aws.throttled(request) : aws.internal_error(request);
    }
    if (peer == Peer::google) {
      if (!lie && schedule.chance(400)) return Gcp::throttled();
      return schedule.chance(500) ? Gcp::internal_error() : Gcp::unavailable();
    }
    if (peer == Peer::azure) {
      if (!lie && schedule.chance(400)) return azure.throttled(request);
      return schedule.chance(500) ? azure.internal_error(request) : Azure::unavailable();
    }
    if (!lie && schedule.chance(400)) return too_many_requests(1);
    return schedule.chance(500) ? internal_error() : unavailable();
  };
  network.on_sent = [this](const Sent& sent) {
    count_down(sent.replica);
    if (collisions_ != 0) collide_with(sent);
    if (on_sent) on_sent(sent);
  };
  cluster.gate([this](const Access& access) -> std::optional<Reply> {
    const bool writes = access.verb != "get" && access.verb != "list" && access.verb != "watch";
    const bool secret = access.resource == kube::kSecrets.plural && access.ns != "kube-system";
    const bool workload = access.group == kube::kDeployments.group;
    const unsigned kind = (secret ? 1U : 0U) | (workload ? 2U : 0U);
    if (!writes || (kind & denied_kinds_) == 0) return std::nullopt;
    return forbidden(access);
  });
}

void World::start_replica(unsigned number) {
  replicas_.push_back(
      std::make_unique<Replica>(schedule, network, static_cast<int>(number), options_));
  auto& replica = *replicas_.back();
  replica.home.token = new_token(static_cast<int>(number));
  if (scenario_.google != 0) replica.home.variables["GCP_PUBSUB_SUBSCRIPTION"] = gcp.queue().name();
  if (scenario_.azure != 0) {
    replica.home.variables.insert({{"AZURE_SERVICEBUS_QUEUE_URL", azure.queue_url()},
                                   {"AZURE_KEY_VAULT_URL", azure.vault().origin()},
                                   {"AZURE_TENANT_ID", std::string(azure::kTenant)},
                                   {"AZURE_CLIENT_ID", std::string(azure::kClient)},
                                   {"AZURE_FEDERATED_TOKEN_FILE", std::string(kFederatedFile)}});
    replica.home.files.emplace(kFederatedFile, azure::kFederatedToken);
  }
  replica.home.on_log = [this](int which, std::string_view line) {
    logs.emplace_back(line);
    if (trace) trace(fmt::format("    replica {}: {}", which, line.substr(0, line.size() - 1)));
  };
  // As a kubelet does.
  replica.home.on_exit = [this](int which) {
    schedule.after(schedule.between(seconds(1), seconds(10)),
                   [this, which] { replicas_[static_cast<std::size_t>(which)]->start(); });
  };
  schedule.after(milliseconds(static_cast<int>(number)), [&replica] { replica.start(); });
}

/// The replicas' coroutines refer to everything else.
World::~World() {
  replicas_.clear();
}

bool World::run_until(base::Instant end) {
  for (;;) {
    const auto owner = schedule.step(end);
    if (!owner) return true;
    for (const auto& replica : replicas_) {
      if (*owner != kWorld && replica->owner() == *owner) replica->poll();
    }
    if (after_step && !after_step()) return false;
  }
}

void World::calm_down() {
  calm_ = true;
  for (const auto peer : kPeers) {
    network.weather(peer) = {};
    for (const auto& replica : replicas_) network.cut(replica->number(), peer, false);
  }
  doomed_.clear();
  collisions_ = denied_kinds_ = losing_ = duplicating_ = 0;
  late_ = {};
  for (auto& span : blind_) span.until = std::min(span.until, schedule.now());
  aws.faults = {};
  gcp.faults = {};
  azure.faults = {};
  azure.tokens().refuse(false);
  for (const auto& replica : replicas_) {
    replica->resume();
    replica->set_skew({});
    replica->home.token = new_token(replica->number());
    replica->start();
  }
}

std::optional<Data> World::shaped(const std::string& value) const {
  const auto at = shapes_.find(value);
  return at == shapes_.end() ? std::nullopt : at->second;
}

const World::Notice* World::notice(const std::string& message_id) const {
  const auto at = notices_.find(message_id);
  return at == notices_.end() ? nullptr : &at->second;
}

bool World::changed_lately(const Stored& binding, base::Instant since) const {
  const auto at = binding_changes_.find(std::string(binding.uid()));
  const auto pause = pauses_.find(std::string(binding.uid()));
  const bool paused = pause != pauses_.end() && pause->second.until + minutes(1) >= since;
  if (paused || at == binding_changes_.end()) return true;
  // What a watch has not told yet cannot have been looked at.
  auto told = at->second + minutes(1);
  for (const auto& [from, until] : blind_) {
    if (from <= told) told = std::max(told, until + minutes(1));
  }
  return told >= since;
}

void World::note_blind(base::Duration lasts) {
  blind_.push_back({schedule.now(), schedule.now() + lasts});
}

bool World::surely_paused(const Stored& binding) const {
  const auto at = pauses_.find(std::string(binding.uid()));
  return at != pauses_.end() && at->second.from + seconds(5) < schedule.now() &&
         schedule.now() < at->second.until;
}

bool World::contested(const std::pair<std::string, std::string>& target) const {
  int wanting = 0;
  for (const auto& binding : cluster.all(kube::kBindings)) {
    const auto& spec = binding->object().at("spec").as_object();
    const bool wants =
        binding->ns() == target.first && text_of(spec, "targetSecretName") == target.second;
    if (wants) ++wanting;
  }
  return wanting > 1;
}

bool World::readable(const Wanted& wanted) const {
  const auto current = sources.current(wanted);
  return current.state == Current::State::live && shaped(current.bytes);
}

bool World::bound(const std::pair<std::string, std::string>& target) const {
  for (const auto& binding : cluster.all(kube::kBindings)) {
    const auto& spec = binding->object().at("spec").as_object();
    const bool wants =
        binding->ns() == target.first && text_of(spec, "targetSecretName") == target.second;
    if (!wants) continue;
    const auto wanted = Sources::wanted(spec);
    if (!permissions.permitted(target.first, wanted.path)) return false;
    return !contested(target) && readable(wanted);
  }
  return false;
}

bool World::troubled() const {
  for (const auto& binding : cluster.all(kube::kBindings)) {
    const auto& spec = binding->object().at("spec").as_object();
    if (!readable(Sources::wanted(spec))) return true;
  }
  return false;
}

std::string World::remember(std::string value, std::optional<Data> data) {
  shapes_.emplace(value, std::move(data));
  return value;
}

std::string World::fresh_value(unsigned secret) {
  const auto canary = fmt::format("canary-s{}-v{}-{:016x}", secret, ++values_, schedule.random());
  canaries_.push_back(canary);
  Object json;
  json["user"] = fmt::format("u{}", secret);
  json["password"] = canary;
  return remember(boost::json::serialize(json),
                  Data{{"user", fmt::format("u{}", secret)}, {"password", canary}});
}

std::string World::fresh_text() {
  const auto canary = fmt::format("canary-text-{}-{:016x}", ++values_, schedule.random());
  canaries_.push_back(canary);
  return remember(canary, Data{{"value", canary}});
}

std::string World::bad_value() {
  const auto canary = fmt::format("canary-bad-{}-{:016x}", ++values_, schedule.random());
  canaries_.push_back(canary);
  return remember("{\"password\": \"" + canary, std::nullopt);
}

std::string World::new_token(int replica) {
  auto token = fmt::format("token-{}-{}", replica, ++tokens_);
  cluster.add_token(token, user(replica));
  return token;
}

void World::for_a_while(const Step& step, std::function<void()> end) {
  schedule.after(step.lasts, [this, end = std::move(end)] {
    if (!calm_) end();
  });
}

void World::count_down(int replica) {
  const auto at = doomed_.find(replica);
  if (at == doomed_.end() || at->second.requests-- > 1) return;
  const auto doom = at->second;
  doomed_.erase(at);
  auto& victim = *replicas_[static_cast<std::size_t>(replica)];
  schedule.after({}, [&victim, doom] { doom.stands_still ? victim.pause() : victim.crash(); });
  if (doom.stands_still) note_blind(doom.lasts);
  schedule.after(doom.lasts, [this, &victim, doom] {
    if (!calm_) doom.stands_still ? victim.resume() : victim.start();
  });
}

/// Between its leaving and its arrival.
void World::collide_with(const Sent& sent) {
  if (sent.peer != Peer::cluster || sent.request.method != net::Method::patch) return;
  const auto url = net::Url::parse(sent.request.url);
  for (const auto& kind :
       {kube::kSecrets, kube::kDeployments, kube::kStatefulSets, kube::kDaemonSets}) {
    for (const auto& object : cluster.all(kind)) {
      if (!url || url->path != kind.path(object->ns(), object->name())) continue;
      --collisions_;
      schedule.after({}, [this, kind, ns = std::string(object->ns()),
                          name = std::string(object->name())] { touch(kind, ns, name); });
      return;
    }
  }
}

void World::route(const std::string& body) {
  std::optional<News> news;
  for (unsigned i = 0; i < scenario_.secrets && !tells_of_a_read(body); ++i) {
    // Names and ARNs alike hold the path.
    if (body.find(sources.path(i)) != std::string::npos) news = News{sources.path(i)};
  }
  deliver([this, body] { return aws.queue().enqueue(body); }, news);
}

void World::deliver(const std::function<std::string()>& publish, const std::optional<News>& news) {
  const auto now = schedule.now();
  if (news && on_news) on_news(*news);
  if (losing_ != 0 && schedule.chance(losing_)) return;
  const unsigned times = duplicating_ != 0 && schedule.chance(duplicating_) ? 2 : 1;
  for (unsigned i = 0; i < times; ++i) {
    base::Duration delay = schedule.between(milliseconds(1), milliseconds(20));
    if (duplicating_ != 0 || late_.count() != 0) delay += schedule.between({}, seconds(3));
    if (late_.count() != 0) delay += schedule.between({}, late_);
    schedule.after(delay, [this, publish, news, now] { notices_[publish()] = {news, now}; });
  }
}

}  // namespace edsm::sim

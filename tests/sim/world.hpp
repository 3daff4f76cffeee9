#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/options.hpp"
#include "sim/aws/aws.hpp"
#include "sim/azure/azure.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/gcp/gcp.hpp"
#include "sim/network.hpp"
#include "sim/permissions.hpp"
#include "sim/replica.hpp"
#include "sim/scenario.hpp"
#include "sim/schedule.hpp"
#include "sim/sources.hpp"

namespace edsm::sim {

using Data = std::map<std::string, std::string>;

/// The names of a scenario's things.
std::string namespace_of(const Scenario& scenario, unsigned binding);
std::string binding_name(unsigned binding);
std::string target_name(const Scenario& scenario, unsigned binding);
std::string workload_name(unsigned workload);
kube::Resource workload_kind(unsigned workload);

/// The data of a Secret object, decoded.
Data decode_data(const Object& secret);

/// Cluster, clouds, replicas and the network between them, and what people and fate do to them.
class World {
 public:
  explicit World(const Scenario& scenario);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// Lets time pass until `end`. After each thing that happens `after_step` is called; if it
  /// returns false, this returns false at once.
  bool run_until(base::Instant end);
  std::function<bool()> after_step;

  /// Ends all faults and starts every replica that is down.
  void calm_down();

  const Scenario& scenario() const { return scenario_; }
  base::Instant begin() const { return begin_; }
  /// What a value of a cloud secret looks like as a Secret's data; nullopt: it cannot be one.
  std::optional<Data> shaped(const std::string& value) const;
  /// Every value that was ever put into the cloud and must not be seen outside of targets.
  const std::vector<std::string>& canaries() const { return canaries_; }
  /// The messages of the queues: what each tells (nullopt: nothing of a secret), and since when.
  struct Notice {
    std::optional<News> news;
    base::Instant at;
  };
  const Notice* notice(const std::string& message_id) const;
  /// Users changed the binding (or made it) at `since` or later.
  bool changed_lately(const Stored& binding, base::Instant since) const;
  /// The binding has been paused for longer than a watch needs to tell of it.
  bool surely_paused(const Stored& binding) const;
  /// More than one binding wants this target.
  bool contested(const std::pair<std::string, std::string>& target) const;
  /// Exactly one binding wants it, and its source may be read and has a usable value.
  bool bound(const std::pair<std::string, std::string>& target) const;
  /// Its value is there, may be used, and is fit for a Secret.
  bool readable(const Wanted& wanted) const;
  /// Some binding's source is gone or unusable.
  bool troubled() const;
  Replica& replica(unsigned number) { return *replicas_[number]; }
  const Replica& replica(unsigned number) const { return *replicas_[number]; }
  std::size_t replicas() const { return replicas_.size(); }
  /// Whose token it is.
  static std::string user(int replica);

  Schedule schedule;
  Cluster cluster;
  mutable Aws aws;
  mutable Gcp gcp;
  mutable Azure azure;
  Sources sources;
  Permissions permissions;
  Network network;
  std::function<void(const std::string& line)> trace;
  std::function<void(const Sent&)> on_sent;
  /// A message of a cloud is about to be sent.
  std::function<void(const News&)> on_news;
  std::vector<std::string> logs;  ///< every line of every replica

 private:
  void carry_out(const Step& step);
  void on_cloud(const Step& step);
  void on_aws(const Step& step, unsigned secret);
  void on_google(const Step& step, unsigned secret);
  void make_google_secret(const std::string& path, unsigned secret, std::size_t versions);
  void rotate_google(const std::string& path, unsigned secret, base::Duration takes);
  void recreate_google(const Step& step, const std::string& path, unsigned secret);
  void enable_google(const Step& step, const std::string& path);
  void on_azure(const Step& step, unsigned secret);
  void recreate_azure(const Step& step, const std::string& path, unsigned secret);
  void enable_azure(const Step& step, const std::string& path);
  void on_cluster(const Step& step);
  void on_workload(const Step& step);
  void on_fault(const Step& step);
  void on_cloud_fault(const Step& step);
  void on_google_fault(const Step& step);
  void on_azure_fault(const Step& step);
  void hurry(const Step& step);
  /// From now on, for so long, no watch may tell anything.
  void note_blind(base::Duration lasts);
  void cut(const Step& step, int replica, Peer peer);
  void storm(const Step& step, Peer peer);
  void set_duplicates(bool on);
  std::string fresh_value(unsigned secret);
  std::string fresh_text();
  std::string bad_value();
  std::string remember(std::string value, std::optional<Data> data);
  void create_binding(unsigned binding);
  void note_change_of(const std::string& ns, const std::string& binding);
  void pause_binding(const Step& step);
  void create_workload(unsigned workload);
  void touch(const kube::Resource& kind, const std::string& ns, const std::string& name);
  void edit_target(unsigned binding, const std::function<void(Object&)>& edit);
  std::string new_token(int replica);
  void connect();
  void route(const std::string& body);
  void route_google(const gcp::Publication& message);
  void connect_azure();
  void route_azure(const azure::Publication& message);
  /// Publishes a message (which returns its id) as fate lets it: perhaps late, twice or never.
  void deliver(const std::function<std::string()>& publish, const std::optional<News>& news);
  void start_replica(unsigned number);
  void for_a_while(const Step& step, std::function<void()> end);
  void count_down(int replica);
  void collide_with(const Sent& sent);

  Scenario scenario_;
  base::Instant begin_;
  cli::RunOptions options_;
  std::vector<std::unique_ptr<Replica>> replicas_;
  std::map<std::string, std::optional<Data>> shapes_;
  std::vector<std::string> canaries_;
  std::map<std::string, Notice> notices_;
  std::map<std::string, base::Instant> binding_changes_;  ///< by users, by uid
  struct Span {
    base::Instant from, until;
  };
  std::map<std::string, Span> pauses_;  ///< by users, by uid
  std::vector<Span> blind_;             ///< when watches may have told nothing, by their beginning
  unsigned values_ = 0;
  unsigned tokens_ = 0;
  bool calm_ = false;
  unsigned losing_ = 0;       ///< per mille
  unsigned duplicating_ = 0;  ///< per mille
  base::Duration late_{};
  /// Replicas that crash, or stand still, with the n-th request from now on, and for how long.
  struct Doom {
    unsigned requests;
    base::Duration lasts;
    bool stands_still;
  };
  std::map<int, Doom> doomed_;
  unsigned collisions_ = 0;    ///< that are still to come
  unsigned denied_kinds_ = 0;  ///< bit 0: Secrets, bit 1: workloads
};

}  // namespace edsm::sim

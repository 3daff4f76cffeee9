#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "base/time.hpp"
#include "cli/commands/azure_commands.hpp"
#include "cli/commands/cloud_doctor.hpp"
#include "cli/commands/doctor_azure_identity.hpp"
#include "cli/commands/doctor_bus.hpp"
#include "cli/commands/doctor_bus_probe.hpp"
#include "cli/commands/doctor_cluster.hpp"
#include "cli/commands/doctor_vaults.hpp"
#include "cli/commands/table.hpp"
#include "cli/environment.hpp"
#include "cloud/azure/errors.hpp"
#include "cloud/azure/provider.hpp"
#include "net/curl_http.hpp"
#include "sync/plan.hpp"

namespace edsm::cli {
namespace {

using cloud::azure::Queue;
using Level = Finding::Level;

/// Each takes two calls; of a vault's quota that is nothing.
constexpr std::size_t kLookedAt = 500;
/// Of vaults whose events nobody can see, so many are named.
constexpr std::size_t kNamed = 3;

/// Azure as the controller would see it.
class Azure {
 public:
  Azure(const boost::asio::any_io_executor& executor, base::Clock& clock,
        cloud::azure::Settings settings)
      : clock_(clock),
        hosts_(*settings.hosts),
        queues_(settings.queues),
        api_version_(settings.api_version),
        endpoint_(settings.key_vault_endpoint),
        requests_(executor, cloud_transport(settings.ca_bundle)),
        direct_(executor, direct_transport()),
        log_(clock, silence_, telemetry::Level::error, telemetry::Format::text) {
    if (settings.credentials) origin_ = cloud::azure::origin_of(*settings.credentials);
    cloud_ = std::make_unique<cloud::azure::Cloud>(std::move(settings), requests_, requests_,
                                                   direct_, clock, log_, metrics_);
  }

  base::Task<Findings> examine(std::vector<Reported> bindings) {
    collect_vaults(bindings);
    co_await look_at_identity();
    for (auto& [key, vault] : vaults_) co_await knock(vault);
    if (vaults_.empty() && !queues_.empty())
      co_await examine_cloud_clock(requests_, clock_, queues_.front().origin + "/", "Azure",
                                   findings_);
    co_await look_at_queues();
    judge_ways();
    for (auto& [key, vault] : vaults_) {
      if (!identity_.usable) break;
      if (!vault.unreachable) co_await look_at_secrets(*cloud_, vault);
      append(findings_, judge_vault(vault, identity_, clock_.wall()));
    }
    append(findings_, std::move(unclear_));
    co_return std::move(findings_);
  }

  base::Task<Findings> probe(std::vector<Reported> bindings, ProbeWish wish) {
    return probe_buses(*cloud_, clock_, direct_, queues_, std::move(bindings), std::move(wish));
  }

 private:
  /// Those of bindings that may be served; each secret once.
  void collect_vaults(const std::vector<Reported>& bindings) {
    std::size_t known = 0;
    for (const auto& [binding, status] : bindings) {
      if (binding.provider != cloud_->provider().name()) continue;
      const auto* const ready = status.condition("Ready");
      if (ready != nullptr && ready->reason == sync::kNotAllowed) continue;
      const auto source = cloud_->provider().resolve(*binding.query);
      if (!source) {
        say(unclear_, Level::failure, "secrets",
            fmt::format("{}: {}", binding.key.str(), base::describe(source.error())),
            remedy_for(source.error(), "Azure"));
        continue;
      }
      auto place = cloud::azure::place_of(*source);
      auto& vault = vaults_[source->scope.str()];
      vault.name = place.name.vault;
      vault.tenant = std::move(place.tenant);
      const bool again = std::ranges::any_of(
          vault.secrets, [&](const SecretSeen& each) { return each.name == place.name; });
      if (again) continue;
      if (++known <= kLookedAt) vault.secrets.push_back({.name = std::move(place.name)});
    }
    if (known <= kLookedAt) return;
    say(unclear_, Level::notice, "secrets",
        fmt::format("of {} secrets {} are looked at", known, kLookedAt), "");
  }

  /// A token is asked for only if something needs one.
  base::Task<void> look_at_identity() {
    const auto own = std::ranges::find_if(queues_, cloud::azure::needs_credentials);
    if (vaults_.empty() && own == queues_.end()) {
      say(findings_, Level::notice, "identity",
          "no identity is needed: queues are received from by a shared key, and no "
          "EventDrivenSecret names a vault",
          "");
      co_return;
    }
    auto scope = vaults_.empty() ? own->scope : hosts_.vault_scope();
    identity_ = co_await examine_azure_identity(*cloud_, origin_, std::move(scope));
    append(findings_, std::move(identity_.findings));
  }

  /// Without a token, which has a vault say whose it wants; and what time it is there.
  base::Task<void> knock(VaultSeen& vault) {
    const auto host = cloud::azure::vault_host(vault.name, hosts_);
    const auto origin = endpoint_.empty() ? "https://" + host : endpoint_;
    net::Request request(net::Method::get, origin + "/secrets?api-version=" + api_version_);
    request.timeout = std::chrono::seconds(10);
    const auto answer = co_await requests_.send(std::move(request));
    if (!answer) {
      vault.unreachable = answer.error();
      co_return;
    }
    const auto date = base::parse_http_date(answer->headers.find("Date").value_or(""));
    if (date && !std::exchange(clock_seen_, true))
      findings_.push_back(judge_skew(*date - clock_.wall(), "Azure"));
    const auto header = answer->headers.find("WWW-Authenticate").value_or("");
    if (auto challenge = cloud::azure::read_challenge(header, host, hosts_))
      vault.challenge = std::move(*challenge);
  }

  base::Task<void> look_at_queues() {
    if (queues_.empty()) {
      say(findings_, Level::warning, "queue",
          "no queue of events is configured: only the sweep finds changes",
          "set AZURE_SERVICEBUS_QUEUE_URL where `edsm run` starts");
    }
    for (const auto& queue : queues_) {
      // Without a token every answer would be the same.
      if (cloud::azure::needs_credentials(queue) && !identity_.usable) continue;
      Queue asked = queue;
      const auto seen = co_await look_at_queue(*cloud_, std::move(asked));
      append(findings_, judge_queue(seen, identity_.assignee));
    }
  }

  /// Where Event Grid sends what: another API, and other rights than the controller's.
  void judge_ways() {
    if (queues_.empty()) return;
    std::set<std::string> vaults;
    for (const auto& [key, vault] : vaults_) vaults.insert(vault.name);
    std::size_t named = 0;
    for (const auto& vault : vaults) {
      if (++named > kNamed) break;
      say(findings_, Level::unknown, "events",
          fmt::format("whether Event Grid sends the events of {} to {} is not seen from here",
                      vault, queues_.size() == 1 ? queues_.front().name() : "one of the queues"),
          fmt::format("one of these has to lead there, and types to have SecretNewVersionCreated: "
                      "{}",
                      list_event_subscriptions(vault)));
    }
    if (vaults.size() <= kNamed) return;
    say(findings_, Level::unknown, "events",
        fmt::format("and {} more", counted(vaults.size() - kNamed, "vault")), "likewise");
  }

  base::Clock& clock_;
  const cloud::azure::Hosts& hosts_;
  std::vector<Queue> queues_;
  std::string api_version_;
  std::string endpoint_;
  cloud::azure::CredentialOrigin origin_{.how = "credentials"};
  net::CurlHttp requests_;
  net::CurlHttp direct_;
  Silence silence_;
  telemetry::Log log_;
  telemetry::Metrics metrics_;
  std::unique_ptr<cloud::azure::Cloud> cloud_;

  Findings findings_;
  Findings unclear_;  ///< of bindings, to be said at the end
  AzureIdentity identity_;
  std::map<std::string, VaultSeen> vaults_;  ///< by scope
  bool clock_seen_ = false;
};

base::Task<Findings> examine(base::Clock& clock, std::vector<Reported> bindings,
                             std::optional<ProbeWish> wish) {
  auto settings = cloud::azure::load_settings(environment);
  if (!settings) co_return unusable(settings.error());
  const auto executor = co_await boost::asio::this_coro::executor;
  Azure azure(executor, clock, std::move(*settings));
  auto findings = co_await azure.examine(bindings);
  if (!wish) co_return findings;
  auto probed = co_await azure.probe(std::move(bindings), std::move(*wish));
  append(findings, std::move(probed));
  co_return findings;
}

}  // namespace

CloudDoctor azure_doctor() {
  return {
      "azure",
      {"AZURE_SERVICEBUS_QUEUE_URL", "SERVICEBUS_QUEUE_URL", "AZURE_SERVICEBUS_CONNECTION_STRING"},
      examine};
}

}  // namespace edsm::cli

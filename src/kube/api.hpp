#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/secret.hpp"
#include "base/task.hpp"
#include "kube/config.hpp"
#include "kube/server_time.hpp"
#include "net/http.hpp"
#include "telemetry/metrics.hpp"

namespace edsm::kube {

/// A kind of object by its place in the API. All that we use are namespaced unless said.
struct Resource {
  std::string_view group;  ///< "" is the core group
  std::string_view version;
  std::string_view plural;
  std::string_view kind;

  std::string api_version() const;
  /// "/apis/apps/v1/namespaces/NS/deployments/NAME"; empty ns: all namespaces; empty name: the
  /// list.
  std::string path(std::string_view ns, std::string_view name = {}) const;
};

inline constexpr Resource kSecrets{"", "v1", "secrets", "Secret"};
inline constexpr Resource kDeployments{"apps", "v1", "deployments", "Deployment"};
inline constexpr Resource kStatefulSets{"apps", "v1", "statefulsets", "StatefulSet"};
inline constexpr Resource kDaemonSets{"apps", "v1", "daemonsets", "DaemonSet"};
inline constexpr Resource kLeases{"coordination.k8s.io", "v1", "leases", "Lease"};
inline constexpr Resource kEvents{"events.k8s.io", "v1", "events", "Event"};
inline constexpr Resource kBindings{"secrets.edsm.io", "v1alpha1", "eventdrivensecrets",
                                    "EventDrivenSecret"};

/// In no namespace: name them with an empty one.
inline constexpr Resource kNamespaces{"", "v1", "namespaces", "Namespace"};
inline constexpr Resource kAccessPolicies{"secrets.edsm.io", "v1alpha1", "secretaccesspolicies",
                                          "SecretAccessPolicy"};

/// Whole objects, or `PartialObjectMetadata` only (no spec, data or status leaves the server).
enum class View : std::uint8_t { full, metadata };

enum class PatchType : std::uint8_t { json, merge, strategic, apply };

struct PatchOptions {
  PatchType type = PatchType::merge;
  std::string_view subresource;  ///< "status" or nothing
  bool force = false;            ///< apply only
  View view = View::full;        ///< of the answer
};

struct Preconditions {
  std::string uid;
  std::string resource_version;
};

/// The requests of one API server, authorised and classified. An answer outside 2xx is an Error
/// whose code is the Status' reason ("Conflict", "NotFound", …) or "HTTP<status>":
///   409 conflict; 404 absent; 410 expired; 401 credentials (after one re-read of the token);
///   403 refused (text is the server's: it names user, verb and resource); 422, 400, 413, 415
///   invalid (422 about metadata.uid or a failed JSON-patch test: conflict); 429 throttled; 5xx
///   transient.
/// Two causes are codes of their own: "NamespaceTerminating" (403), "ResourceVersionTooLarge"
/// (504). A 404 for a kind that the server does not know has code "HTTP404", one for an object
/// "NotFound". The server's text is kept for people, except of requests that carry Secret data,
/// where a 400, 422 or 500 is reduced to its causes' fields and reasons. An empty name is refused
/// ("EmptyName"): it would address the whole collection.
/// Answers live in wiped memory. Every call can be cancelled.
class Api {
 public:
  using Answer = base::Result<base::JsonDocument>;

  /// `requests` and `watches` are separate connection pools. References must outlive the Api.
  Api(net::Http& requests, net::Http& watches, Authority& authority, base::Clock& clock,
      telemetry::Metrics& metrics, std::string server_url, std::string field_manager);

  /// The same API with another limit for the requests on single objects.
  Api with_timeout(base::Duration timeout) const;

  base::Task<Answer> get(Resource resource, std::string ns, std::string name,
                         View view = View::full);
  base::Task<Answer> create(Resource resource, std::string ns, base::SecretBytes body);
  base::Task<Answer> replace(Resource resource, std::string ns, std::string name,
                             base::SecretBytes body, std::string_view subresource = {});
  base::Task<Answer> patch(Resource resource, std::string ns, std::string name,
                           base::SecretBytes body, PatchOptions options);
  base::Task<base::Result<>> remove(Resource resource, std::string ns, std::string name,
                                    Preconditions preconditions);

  /// One page of a list; `query` without "?" ("labelSelector=…&limit=500&continue=…").
  base::Task<Answer> list(Resource resource, std::string ns, std::string query, View view);
  /// The same, not yet parsed: `parse` does that.
  base::Task<base::Result<base::SecretBytes>> page(Resource resource, std::string ns,
                                                   std::string query, View view);
  /// `subject` begins an error's text.
  static Answer parse(std::string_view subject, std::string_view body);
  /// Opens a watch; a refusal is classified as above.
  base::Task<base::Result<std::unique_ptr<net::Stream>>> watch(Resource resource, std::string ns,
                                                               std::string query, View view,
                                                               base::Duration timeout);
  /// The time of day by the server's clock, which stamps what it creates.
  base::WallTime wall() const { return server_time_->at(clock_.now(), clock_.wall()); }

  /// Any path, for start-up checks ("/version", SelfSubjectAccessReview, …).
  base::Task<Answer> raw(net::Method method, std::string path, base::SecretBytes body);

 private:
  struct Call;
  Call make_call(std::string_view verb, net::Method method, Resource resource, std::string_view ns,
                 std::string_view name) const;
  base::Task<Answer> send(Call call);
  base::Task<base::Result<net::Response>> exchange(Call call);
  base::Task<base::Result<net::Response>> exchange_once(const Call& call);
  void learn_time(const net::Headers& headers, base::Instant sent);

  net::Http& requests_;
  net::Http& watches_;
  Authority& authority_;
  base::Clock& clock_;
  telemetry::Metrics& metrics_;
  std::shared_ptr<ServerTime> server_time_ = std::make_shared<ServerTime>();
  std::string server_url_;
  std::string field_manager_;
  base::Duration timeout_;
};

}  // namespace edsm::kube

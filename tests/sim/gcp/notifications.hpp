#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "sim/gcp/wire.hpp"

namespace edsm::sim::gcp {

/// What is published to a topic.
struct Publication {
  std::string topic;  ///< "projects/P/topics/T"
  std::map<std::string, std::string> attributes;
  std::string data;

  // -- for observers; nothing of it is published
  enum class Change : std::uint8_t { nothing, secret, metadata, version };
  Change change = Change::nothing;
  std::string secret{};   ///< its full resource name
  std::string version{};  ///< of Change::version: its number
};

/// Which messages are made beside Secret Manager's own, which secrets with topics get.
struct EventOptions {
  /// A log sink brings the audit log's entries about changes to this topic; empty: there is none.
  std::string audit_topic;
  bool audit_reads = false;  ///< and those about reads, EDSM's own among them
};

/// Makes the messages about secrets: Secret Manager's notifications, and entries of the audit log
/// as a log sink publishes them.
class Notifications {
 public:
  using Sink = std::function<void(Publication publication)>;

  /// All of them have to live as long as this.
  Notifications(Timeline& timeline, std::string project, const EventOptions& options,
                const Sink& sink)
      : timeline_(timeline), project_(std::move(project)), options_(options), sink_(sink) {}

  /// A topic of a secret that is about to be made or changed is tried.
  void configured(std::string_view topic);
  /// Something happened to a secret ("SECRET_CREATE"), or to a version of it (whose name is then
  /// not empty). `resource` is the secret, or the version, as the API shows it.
  void happened(std::string_view event, const boost::json::object& secret, std::string_view version,
                const boost::json::object& resource);
  /// A call that changed something; `response` is its answer.
  void called(std::string_view method, std::string_view resource,
              const boost::json::object& response);
  /// A call that was refused.
  void refused(std::string_view method, std::string_view resource, const ServiceError& error);
  /// A call that read.
  void read(std::string_view method, std::string_view resource);

 private:
  /// `event` or method, and the resource that it is about.
  static void tell(Publication& publication, std::string_view what, std::string_view resource);
  boost::json::object payload(std::string_view method, std::string_view resource) const;
  Publication log(std::string_view log, boost::json::object payload);

  Timeline& timeline_;
  std::string project_;  ///< ID: logs are named after it
  const EventOptions& options_;
  const Sink& sink_;
  std::uint64_t entries_ = 0;
};

}  // namespace edsm::sim::gcp

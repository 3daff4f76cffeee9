#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "sim/azure/wire.hpp"

namespace edsm::sim::azure {

/// A message to a queue, as its sender made it.
struct Content {
  std::string body;
  std::string content_type{};
  boost::json::object properties{};             ///< BrokerProperties, MessageId among them
  std::map<std::string, std::string> custom{};  ///< headers of its own
};

/// A message about a secret.
struct Publication {
  Content content;
  // -- for observers; nothing of it is sent
  enum class Change : std::uint8_t { nothing, secret, version };
  Change change = Change::nothing;
  std::string secret{};   ///< its name, in lower case
  std::string version{};  ///< of Change::version: its id
};

/// What documentation and services differ in.
enum class Spelling : std::uint8_t {
  usual,
  documented,   ///< as the documentation's sample: a key and a value with blanks, times as texts
  lower_camel,  ///< keys as older documentation has them
  capitals,     ///< the secret's name: names have no case
};

/// How a vault's events are delivered, and what else there is.
struct EventOptions {
  bool cloud_events = false;  ///< the schema: CloudEvents 1.0, or Event Grid's own
  bool arrays = false;        ///< an event comes in an array, and beside another one
  Spelling spelling = Spelling::usual;
  bool audit = false;        ///< somebody forwards records of Azure Monitor about changes
  bool audit_reads = false;  ///< and those about reads, EDSM's own among them
};

/// One version, as events speak of it.
struct Told {
  std::string name;
  std::string version;
  std::optional<std::int64_t> not_before{};
  std::optional<std::int64_t> expires{};
};

/// Makes the messages about the secrets of one vault. Azure has no event for what is disabled,
/// deleted, recovered, purged or given other attributes.
class Events {
 public:
  using Sink = std::function<void(Publication publication)>;

  /// All of them have to live as long as this.
  Events(Timeline& timeline, std::string vault, std::string origin, const EventOptions& options,
         const Sink& sink)
      : timeline_(timeline),
        vault_(std::move(vault)),
        origin_(std::move(origin)),
        options_(options),
        sink_(sink) {}

  /// Event Grid tells: `what` is NewVersionCreated, NearExpiry or Expired.
  void happened(std::string_view what, const Told& told);
  /// Azure Monitor records: `operation` is SecretSet, SecretGet, ...; `status` that of its answer.
  /// `version` may be empty.
  void called(std::string_view operation, std::string_view name, std::string_view version,
              int status);

 private:
  boost::json::object data(const Told& told) const;
  boost::json::object envelope(std::string_view kind, std::string_view subject,
                               boost::json::object data);

  Timeline& timeline_;
  std::string vault_;
  std::string origin_;
  const EventOptions& options_;
  const Sink& sink_;
};

}  // namespace edsm::sim::azure

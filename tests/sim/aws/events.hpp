#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "sim/timeline.hpp"

namespace edsm::sim::aws {

/// Which of a region's events reach the queue's rules.
struct EventOptions {
  bool native = true;  ///< "Secret Label Updated"
  /// Whether a new secret's first label sends one is documented nowhere; the emulator says no.
  bool native_on_create = false;
  bool trail = false;        ///< CloudTrail's records of changes
  bool trail_reads = false;  ///< and of reads, EDSM's own among them
};

/// Makes the bodies of EventBridge events about the secrets of one region, and sends off those that
/// the options let through. Records of CloudTrail come in the forms that were seen: the secret as
/// the caller named it (name or ARN), with or without the answer's elements.
class Events {
 public:
  using Sink = std::function<void(std::string body)>;
  struct Subject {
    std::string name;
    std::string arn;
  };

  /// All of them have to live as long as this.
  Events(Timeline& timeline, std::string account, std::string region, const EventOptions& options,
         const Sink& sink)
      : timeline_(timeline),
        account_(std::move(account)),
        region_(std::move(region)),
        options_(options),
        sink_(sink) {}

  /// A staging label moved to another version.
  void label_updated(const Subject& secret, std::string_view version, std::string_view label,
                     bool created = false);
  /// A call that changed the secret; `parameters` are those beside its identity.
  void changed(const Subject& secret, std::string_view operation,
               boost::json::object parameters = {});
  /// A call that was to change the secret and was refused.
  void refused(const Subject& secret, std::string_view operation, std::string_view code);
  /// What rotation says at its end, without a call.
  void rotated(const Subject& secret, std::string_view version);
  /// A call that read; `parameters` are all of the request.
  void read(std::string_view operation, boost::json::object parameters,
            std::string_view access_key);

 private:
  boost::json::object record(std::string_view name);
  boost::json::object user_record(std::string_view operation);
  void send(std::string_view detail_type, boost::json::array resources, boost::json::object detail);

  Timeline& timeline_;
  std::string account_;
  std::string region_;
  const EventOptions& options_;
  const Sink& sink_;
};

}  // namespace edsm::sim::aws

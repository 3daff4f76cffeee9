#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/value.hpp>

#include "base/clock.hpp"
#include "base/task.hpp"
#include "kube/api.hpp"
#include "kube/watch_machine.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

namespace edsm::kube {

/// What is listed and watched.
struct Selection {
  Resource resource;
  std::string ns;  ///< empty: all namespaces
  std::string label_selector;
  std::string field_selector;
  View view = View::metadata;
};

/// Receives a consistent picture: `list_begins`, then every object by `applied`, then `list_ends`;
/// whatever was known before and did not come in between was gone at the list's `version`. A list
/// that has to start over says `list_begins` again. After that single changes. Objects are valid
/// during the call only; those of a list with View::full have neither apiVersion nor kind.
/// `removed` gets the last known state, or only what the watch said: with a selector it may mean
/// "no longer selected".
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void list_begins() = 0;
  virtual void applied(const boost::json::value& object) = 0;
  virtual void removed(const boost::json::value& object) = 0;
  virtual void list_ends(std::string_view version) = 0;
};

/// Keeps a Listener equal to a selection of the server's objects, for ever: pages, watches,
/// bookmarks, 410 in both forms, 429, torn streams, silent peers, lagging servers. The rules are in
/// WatchMachine (pure); this carries them out. The references must outlive it.
class Reflector {
 public:
  Reflector(Api& api, base::Clock& clock, telemetry::Log& log, telemetry::Metrics& metrics,
            Selection selection, Listener& listener);
  /// Until cancelled.
  base::Task<void> run();

 private:
  /// An answer that was asked for before its turn.
  struct Ahead {
    std::string query;
    base::Result<base::SecretBytes> body;
  };

  base::Task<void> list(const WatchMachine::Action& action);
  base::Task<base::Result<base::SecretBytes>> page(std::string query);
  base::Task<void> read_meanwhile(const base::SecretBytes& body, bool first);
  void read(const base::SecretBytes& body, bool first);
  base::Task<void> prove(const WatchMachine::Action& action);
  base::Task<void> watch(const WatchMachine::Action& action);
  /// True if the stream goes on.
  bool line(std::string_view text);
  void deliver_page(const boost::json::value& page, bool first);
  void report(const WatchMachine::Outcome& outcome, const base::Error& error);
  void report_recovery();

  Api& api_;
  base::Clock& clock_;
  telemetry::Log& log_;
  telemetry::Metrics& metrics_;
  Selection selection_;
  Listener& listener_;
  WatchMachine machine_;
  std::optional<Ahead> ahead_;
  std::size_t listed_ = 0;
};

}  // namespace edsm::kube

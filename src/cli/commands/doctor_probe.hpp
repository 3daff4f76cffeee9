#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/task.hpp"
#include "cli/commands/findings.hpp"
#include "net/http.hpp"

namespace edsm::cli {

/// One event is sent to a queue, and the leader's metrics tell what became of it.
struct ProbeWish {
  std::string binding;      ///< NAMESPACE/NAME; empty: an event about a secret that nobody has
  std::string metrics_url;  ///< the leader's
  base::Duration patience = std::chrono::seconds(30);
};

/// What is sent where, and which counters of the leader show what became of it. They count all
/// messages and reads: what else happens in the same second may be taken for the probe's.
struct ProbePlan {
  std::string queue;                 ///< for people
  std::string inbox;                 ///< label `queue` of edsm_messages_total
  std::string about;                 ///< "an event that concerns no binding"
  bool reads_value = false;          ///< of a binding: its value is read again
  std::vector<std::string> reads{};  ///< label `operation` of the calls that read values
  std::function<base::Task<base::Result<>>()> send{};
  // What to do.
  std::string to_send{};     ///< if it cannot be sent: "grant sqs:SendMessage on … to who probes"
  std::string to_receive{};  ///< if nobody receives it: "SQS_QUEUE_URL of the controller"
  std::string to_delete{};   ///< if it is not deleted: "sqs:DeleteMessage"
};

/// Harmless: EDSM takes any event as "read this secret again". Without a binding it reads nothing;
/// with one it reads that value once, finds it equal and writes nothing.
base::Task<Findings> run_probes(std::vector<ProbePlan> plans, base::Clock& clock,
                                net::Http& metrics, ProbeWish wish);

/// A probe that cannot even be planned.
Findings no_probe(const ProbeWish& wish, const base::Error& error, std::string_view cloud);

}  // namespace edsm::cli

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/task.hpp"
#include "cloud/provider.hpp"
#include "sync/shared.hpp"

namespace edsm::sync {

/// Takes messages out of one queue, finds whom they concern, and acknowledges them once their
/// effect is complete (see TicketLedger).
class Intake {
 public:
  Intake(Shared& shared, std::size_t index) : shared_(shared), index_(index) {}

  /// Receives until `stop` is called (the receive under way is finished) or cancelled.
  base::Task<void> receive();
  void stop() { stopping_ = true; }

 private:
  void accept(const cloud::Message& message);
  void accept_hint(const cloud::Message& message, const cloud::Hint& hint);
  void malformed(const cloud::Message& message, const std::string& why);
  void acknowledge_soon(const cloud::Message& message);
  TicketLedger::Ticket ticket(const cloud::Message& message) const;
  cloud::Inbox& inbox() const { return *shared_.outside.inboxes[index_]; }

  Shared& shared_;
  std::size_t index_;
  cloud::InboxFacts facts_;
  bool stopping_ = false;
};

/// Carries out what the ledger says, for all queues: acknowledge, hold on, hand back.
class Acknowledger {
 public:
  explicit Acknowledger(Shared& shared) : shared_(shared) {}
  /// Until cancelled.
  base::Task<void> run();
  /// One round; also the last one at shutdown.
  base::Task<void> round();

 private:
  base::Task<void> acknowledge(std::vector<TicketLedger::Ticket> settled);
  base::Task<void> hold_on();
  Shared& shared_;
};

}  // namespace edsm::sync

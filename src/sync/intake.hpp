#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/notify.hpp"
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
  /// Says all the while that it is alive.
  base::Task<void> pause(base::Duration time);
  void beat();
  TicketLedger::Ticket ticket(const cloud::Message& message) const;
  cloud::Inbox& inbox() const { return *shared_.outside.inboxes[index_]; }

  Shared& shared_;
  std::size_t index_;
  cloud::InboxFacts facts_;
  std::size_t lane_ = 0;  ///< of the bindings that its events concerned last
  bool stopping_ = false;
};

/// Carries out what the ledger says of one queue: acknowledge, hold on, hand back. Each queue has
/// its own, since one that does not answer must not keep another one's messages waiting.
class Acknowledger {
 public:
  Acknowledger(Shared& shared, std::size_t index) : shared_(shared), index_(index) {}
  /// Until cancelled, or `finish` was called and what was settled by then is acknowledged.
  base::Task<void> run();
  /// Returns when `run` has ended.
  base::Task<void> finish();

 private:
  base::Task<void> news();
  bool in_a_crowd() const;
  base::Task<void> let_the_crowd_pass();
  base::Task<void> round();
  base::Task<void> acknowledge(std::vector<TicketLedger::Ticket> settled);
  base::Task<void> hold_on();
  cloud::Inbox& inbox() const { return *shared_.outside.inboxes[index_]; }
  base::Notify& wake() const { return shared_.ledger_wakes[index_]; }

  Shared& shared_;
  std::size_t index_;
  bool finishing_ = false;
  base::Gate finished_;
};

}  // namespace edsm::sync

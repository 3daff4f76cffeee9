#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/notify.hpp"
#include "base/task.hpp"
#include "cloud/provider.hpp"
#include "sync/read_queue.hpp"
#include "telemetry/metrics.hpp"

namespace edsm::sync {

/// Reads values from the clouds: one read for one change, however many bindings consume it.
///
/// A read serves every consumer that asked before it was sent; those that wait in the queue at that
/// moment are expected, and the value stays in memory until each of them has finished, then it is
/// wiped. Who asks after a read was sent gets a new one, since the value may have changed since.
/// Reads of one scope that wait together go out as one batch; ReadQueue says when. Each provider
/// has senders of its own, so that one that does not answer holds up no other.
class Fetcher {
 public:
  using Shared = std::shared_ptr<const cloud::Value>;
  /// Code of the error of a read that was not sent, see `fetch`.
  static constexpr std::string_view kWithdrawn = "Withdrawn";
  /// The consumers of a source that will certainly ask or finish soon.
  using Expect = std::function<std::vector<std::string>(const base::Text& source_id)>;

  /// How many others wait for their turn to ask this provider, for whatever.
  using Soon = std::function<std::size_t(const cloud::Provider&)>;

  /// Whether a consumer that asked may still have the value.
  using Permit = std::function<bool(const std::string& consumer)>;

  Fetcher(base::Clock& clock, telemetry::Metrics& metrics, Expect expect, Soon soon, Permit permit)
      : clock_(clock),
        metrics_(metrics),
        expect_(std::move(expect)),
        soon_(std::move(soon)),
        permit_(std::move(permit)) {}

  /// Orders triggers and reads; grows with every call.
  std::uint64_t tick() { return ++ticks_; }

  /// A value that was read after `since`, for `consumer`. Failure::refused, code kWithdrawn, if
  /// nobody who asked for it was permitted it any more when the read was about to leave.
  base::Task<base::Result<Shared>> fetch(cloud::Provider& provider, cloud::Source source,
                                         std::uint64_t since, std::string consumer);
  /// `consumer` will not need the value again for what it was triggered by.
  void finished(const base::Text& source_id, const std::string& consumer);

  /// One sender of a provider's batches; run as many as may be in flight. Until cancelled.
  base::Task<void> run(const cloud::Provider& provider);

  /// Values in memory just now.
  std::size_t held() const { return reads_.size(); }

 private:
  struct Read {
    cloud::Provider* provider;
    cloud::Source source;
    std::uint64_t sent = 0;          ///< tick; 0: not yet
    std::set<std::string> asked;     ///< and have not finished
    std::set<std::string> expected;  ///< to ask, or to finish without
    base::Gate done;
    base::Result<Shared> result = nullptr;

    bool wanted() const { return !asked.empty() || !expected.empty(); }
  };
  using ReadPtr = std::shared_ptr<Read>;
  /// What waits for one provider, and the senders that wait for it.
  struct Counter {
    ReadQueue<ReadPtr> pending;
    std::deque<base::Notify*> idle;

    void wake_one() const {
      if (!idle.empty()) idle.front()->notify();
    }
  };

  void expect(Read& read) const;
  /// How many will soon ask for what nobody has asked for yet: only they can fill a batch.
  std::size_t soon_for_others(const cloud::Provider& provider) const;
  bool withdrawn(const ReadPtr& read);
  base::Task<void> send(Counter& counter, std::vector<ReadPtr> batch);

  base::Clock& clock_;
  telemetry::Metrics& metrics_;
  Expect expect_;
  Soon soon_;
  Permit permit_;
  std::uint64_t ticks_ = 0;
  std::map<base::Text, ReadPtr> reads_;  ///< the newest of each source
  std::map<const cloud::Provider*, Counter> counters_;
};

}  // namespace edsm::sync

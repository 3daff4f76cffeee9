#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <boost/json/value.hpp>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"

namespace edsm::kube {

struct LeaseSettings;

/// A Lease as it was read or is to be written.
struct LeaseRecord {
  std::string holder;
  std::int64_t duration_seconds = 0;
  std::string acquire_time;  ///< MicroTime, as it came
  std::string renew_time;
  std::int64_t transitions = 0;
  /// The object's whole metadata as JSON, so that a PUT keeps labels and states the version.
  std::string metadata;

  static LeaseRecord decode(const boost::json::value& object);
  /// The body of a POST or PUT.
  base::SecretBytes encode(const LeaseSettings& settings) const;
  /// The same claim, whatever the metadata.
  bool same_claim(const LeaseRecord& other) const;
};

/// The rules of leader election (contract of client-go's leaderelection.go). Pure.
///
/// A round: `begin`, do what it says, report it, do what the report's answer says … until `rest`.
/// Time stamps in the Lease are never compared with our clock: what counts is how long the claim of
/// another has not changed while we watched. So skewed and jumping clocks do no harm.
class LeaseMachine {
 public:
  enum class Step : std::uint8_t { get, create, replace, rest };

  explicit LeaseMachine(const LeaseSettings& settings);

  Step begin(base::Instant now, base::WallTime wall);
  Step read(LeaseRecord record, base::Instant now, base::WallTime wall);
  Step read_absent(base::WallTime wall);
  /// What `create` and `replace` write.
  const LeaseRecord& proposal() const { return proposal_; }
  /// The write begun at `started` succeeded; `answer` is the Lease as stored.
  Step written(LeaseRecord answer, base::Instant started);
  /// Any request of the round failed.
  Step failed(const base::Error& error);

  bool leads(base::Instant now) const;
  /// The claim on record is ours, whether or not it may have run out.
  bool holds() const;
  /// When a holder that could not renew stops: renew_deadline after the start of the last success.
  base::Instant give_up() const;
  /// When a holder renews next, and a candidate looks next: more often than a holder renews, so
  /// that a lease that is handed back is soon seen, and in time when the holder's claim runs out.
  base::Instant next_round(base::Instant now, std::uint64_t random) const;

  /// The holder stops: `leads` is false until another round succeeds.
  void surrender() { renewed_.reset(); }
  /// From now on we do not lead. The step reads the Lease; `release_read` says what then.
  void begin_release() { releasing_ = true; }
  Step release_read(LeaseRecord record, base::WallTime wall);

  const std::string& holder() const { return observed_.holder; }

 private:
  Step claim(base::WallTime wall);
  void observe(LeaseRecord record, base::Instant now);
  /// When the claim on record runs out, if it is not renewed.
  base::Instant free_at() const;

  std::string identity_;
  base::Duration duration_;
  base::Duration renew_deadline_;
  base::Duration retry_period_;

  LeaseRecord observed_;
  base::Instant observed_at_{};
  bool known_ = false;  ///< observed_ is the latest that we know of, so a PUT may go without a GET
  std::optional<base::Instant> renewed_;  ///< start of our last successful write
  bool releasing_ = false;
  bool optimistic_ = false;
  LeaseRecord proposal_;
};

}  // namespace edsm::kube

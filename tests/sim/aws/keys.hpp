#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/aws/wire.hpp"

namespace edsm::sim::aws {

struct Key {
  std::string id;
  std::string secret;
  std::string token;  ///< session token; empty: a user's key
  std::optional<base::WallTime> expires;
};

/// Whose request it is, and for which region it is signed.
struct Signed {
  std::string access_key;
  std::string region;
};

/// Access keys, the container endpoint that hands them out, and what AWS finds out from a
/// request's headers. The signature itself is not verified (the client's signer is tested against
/// AWS's vectors); scope, date, key and token are.
class Keys {
 public:
  explicit Keys(Timeline& timeline) : timeline_(timeline) {}

  // -- the actors
  /// A user's key, which never expires.
  void add(std::string id, std::string secret);
  /// New keys of the role, as the container endpoint would hand them out now.
  const Key& issue();
  /// How long keys live that are handed out from now on; an hour at first.
  void set_lifetime(base::Duration lifetime) { lifetime_ = lifetime; }
  /// For so long after a request the endpoint hands out the same keys again; at first, new ones for
  /// each request.
  void set_endpoint_cache(base::Duration time) { cache_ = time; }
  /// The endpoint answers with HTTP 500 from now on, or properly again.
  void break_endpoint(bool broken) { broken_ = broken; }
  /// All keys of the role that were handed out so far are expired, or unknown, from now on.
  void expire_all();
  void revoke_all();
  /// One key, of a user or the role, is unknown from now on.
  void revoke(std::string_view id);

  // -- the wire
  /// GET of the container endpoint.
  Reply endpoint(const net::Request& request);
  /// An error if the request is not signed with a good key for this service, now.
  Answer<Signed> check(Api api, const net::Request& request) const;

 private:
  Answer<Signed> check_scope(Api api, const net::Request& request) const;
  Answer<void> check_time(Api api, std::string_view date) const;

  Timeline& timeline_;
  std::vector<Key> keys_;
  base::Duration lifetime_ = std::chrono::hours(1);
  base::Duration cache_{0};
  std::optional<base::Instant> issued_at_;
  bool broken_ = false;
};

/// The access key of the Authorization header, whatever it is worth; empty if there is none.
std::string access_key_of(const net::Request& request);

}  // namespace edsm::sim::aws

#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/notify.hpp"
#include "net/http.hpp"
#include "sim/schedule.hpp"
#include "sim/service.hpp"

namespace edsm::sim {

enum class Peer : std::uint8_t { cluster, cloud, google, azure };  ///< `cloud` is AWS
inline constexpr std::array kPeers = {Peer::cluster, Peer::cloud, Peer::google, Peer::azure};
std::string_view to_string(Peer peer);

/// How bad the way to one peer is. Chances are per mille of requests.
struct Weather {
  unsigned lose_request = 0;  ///< the connection breaks before the request arrives
  unsigned lose_answer = 0;   ///< it breaks after the request took effect
  unsigned refuse = 0;        ///< an error instead of an effect: busy, unavailable, throttled
  unsigned lie = 0;           ///< an error after the effect
  unsigned slow = 0;          ///< takes up to `slowest`, each way
  unsigned tear = 0;          ///< a stream breaks, per piece of it
  base::Duration slowest = std::chrono::seconds(5);
  bool operator==(const Weather&) const = default;
};

/// What happens to one request, decided when it leaves.
struct Fate {
  enum class Kind : std::uint8_t { arrive, lose_request, lose_answer, refuse, lie };
  Kind kind = Kind::arrive;
  base::Duration there{};
  base::Duration back{};
};

/// One request, as an observer sees it.
struct Sent {
  Owner owner;
  int replica;
  Peer peer;
  const net::Request& request;
  base::Instant at;
};

/// The wires between the replicas and the services.
class Network {
 public:
  Network(Schedule& schedule, Service& cluster, Service& cloud, Service& google, Service& azure)
      : schedule_(schedule), services_{&cluster, &cloud, &google, &azure} {}

  Weather& weather(Peer peer) { return weather_[index(peer)]; }
  /// While cut, nothing of the replica arrives at the peer or comes back.
  void cut(int replica, Peer peer, bool cut);
  /// What the peer says when it refuses or lies.
  std::function<Reply(Peer, bool lie, const net::Request& request)> refusal;
  /// If set, decides instead of the weather. `number` counts the requests of the run.
  std::function<std::optional<Fate>(std::uint64_t number, const Sent&)> fate;
  std::function<void(const Sent&)> on_sent;
  /// The answer has arrived at the replica.
  std::function<void(const Sent&, int status)> on_answer;
  std::function<void(const std::string& line)> trace;
  /// Requests that left so far.
  std::uint64_t sent() const { return sent_; }

  class Client;

 private:
  struct Call;
  class CallExchange;
  class SimStream;
  using CallPtr = std::shared_ptr<Call>;

  static std::size_t index(Peer peer) { return static_cast<std::size_t>(peer); }
  bool is_cut(const Call& call) const;
  Fate draw(const Call& call);
  CallPtr launch(Owner owner, int replica, Peer peer, net::Request request, bool stream);
  void arrive(const CallPtr& call);
  void deliver(const CallPtr& call, Reply reply);
  void fail(const CallPtr& call, base::Duration delay, std::string code);
  void tell(const Call& call, const std::string& what) const;

  Schedule& schedule_;
  std::array<Service*, kPeers.size()> services_;
  std::array<Weather, kPeers.size()> weather_{};
  std::map<std::pair<int, Peer>, bool> cut_;
  std::vector<std::weak_ptr<Call>> streams_;
  std::uint64_t sent_ = 0;
};

/// One replica's way to one peer.
class Network::Client final : public net::Http {
 public:
  Client(Network& network, Owner owner, int replica, Peer peer)
      : network_(network), owner_(owner), replica_(replica), peer_(peer) {}

  base::Task<base::Result<net::Response>> send(net::Request request) override;
  base::Task<base::Result<std::unique_ptr<net::Stream>>> open(net::Request request) override;

 private:
  Network& network_;
  Owner owner_;
  int replica_;
  Peer peer_;
};

}  // namespace edsm::sim

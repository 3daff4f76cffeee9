#include "sim/network.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace edsm::sim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr base::Duration kFastest = microseconds(200);
constexpr base::Duration kUsual = milliseconds(8);
/// When a peer that was cut off notices that its stream is dead.
constexpr base::Duration kKeepAlive = seconds(45);

base::Error lost(std::string code) {
  return {base::Failure::transient, code, "the simulated network: " + code, std::nullopt};
}

/// As Go's net/http dates each answer.
void add_date(net::Headers& headers, base::WallTime now) {
  const std::chrono::sys_seconds second = std::chrono::floor<seconds>(now);
  headers.set("Date", fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(second)));
}

net::Response response_of(Reply reply) {
  net::Response response;
  response.status = reply.status;
  response.headers = std::move(reply.headers);
  response.body.append(reply.body);
  return response;
}

}  // namespace

std::string_view to_string(Peer peer) {
  static constexpr std::array names = {"cluster", "cloud", "google", "azure"};
  return names[static_cast<std::size_t>(peer)];
}

/// One request from its leaving to its answer. Shared by the waiting coroutine, the service and
/// what is planned; whoever is late finds it settled or left.
struct Network::Call {
  Owner owner;
  int replica;
  Peer peer;
  net::Request request;
  bool stream;
  base::Instant at;
  Fate fate;
  std::uint64_t number = 0;

  bool left = false;     ///< the coroutine went away
  bool broken = false;   ///< nothing arrives any more, and the client does not know yet
  bool settled = false;  ///< it has its answer, or its stream has ended
  base::Gate done;
  std::optional<base::Result<net::Response>> answer;

  // Streams only.
  int status = 0;
  net::Headers headers;
  std::deque<std::string> pieces;
  std::optional<base::Error> torn;
  bool ended = false;
  bool began = false;
  base::Instant last_piece{};
  base::Notify more;

  Sent sent() const { return {owner, replica, peer, request, at}; }
};

namespace {

/// Marks the call as left when the coroutine that waits for it ends, however it ends.
template <class Call>
class Leaver {
 public:
  explicit Leaver(std::shared_ptr<Call> call) : call_(std::move(call)) {}
  ~Leaver() { call_->left = true; }
  Leaver(const Leaver&) = delete;
  Leaver& operator=(const Leaver&) = delete;

 private:
  std::shared_ptr<Call> call_;
};

}  // namespace

/// The service's end of a call.
class Network::CallExchange final : public Exchange {
 public:
  CallExchange(Network& network, CallPtr call) : network_(network), call_(std::move(call)) {}

  void answer(Reply reply) override { network_.deliver(call_, std::move(reply)); }
  void begin(int status, net::Headers headers) override {
    add_date(headers, network_.schedule_.wall());
    later([status, headers = std::move(headers)](Call& call) {
      call.status = status;
      call.headers = headers;
      call.began = true;
      call.done.open();
    });
  }
  void data(std::string bytes) override {
    const auto& weather = network_.weather(call_->peer);
    if (weather.tear != 0 && network_.schedule_.chance(weather.tear)) {
      network_.fail(call_, milliseconds(1), "ConnectionLost");
      call_->broken = true;
      return;
    }
    later([bytes = std::move(bytes)](Call& call) {
      call.pieces.push_back(bytes);
      call.more.notify();
    });
  }
  void end() override {
    later([](Call& call) {
      call.ended = true;
      call.more.notify();
    });
  }
  bool gone() const override { return call_->left || call_->settled || call_->broken; }

 private:
  /// Pieces of one stream keep their order, however slow one of them is.
  void later(std::function<void(Call&)> act) {
    // What was cut or broken carries nothing more; the client finds that out later.
    if (network_.is_cut(*call_) || call_->broken) return;
    const auto& weather = network_.weather(call_->peer);
    auto& schedule = network_.schedule_;
    base::Duration delay = schedule.between(kFastest, kUsual);
    if (weather.slow != 0 && schedule.chance(weather.slow)) {
      delay += schedule.between(base::Duration::zero(), weather.slowest);
    }
    const auto when = std::max(call_->last_piece, schedule.now() + delay);
    call_->last_piece = when;
    schedule.at(when, call_->owner, [call = call_, act = std::move(act)] {
      if (!call->left && !call->settled) act(*call);
    });
  }

  Network& network_;
  CallPtr call_;
};

class Network::SimStream final : public net::Stream {
 public:
  explicit SimStream(CallPtr call) : call_(std::move(call)), leaver_(call_) {}
  int status() const override { return call_->status; }
  const net::Headers& headers() const override { return call_->headers; }

  base::Task<base::Result<base::SecretBytes>> read() override {
    for (;;) {
      if (!call_->pieces.empty()) {
        base::SecretBytes piece(call_->pieces.front());
        call_->pieces.pop_front();
        co_return piece;
      }
      if (call_->torn) co_return std::unexpected(*call_->torn);
      if (call_->ended) co_return base::SecretBytes();
      co_await call_->more.wait();
    }
  }

 private:
  CallPtr call_;
  Leaver<Call> leaver_;
};

void Network::tell(const Call& call, const std::string& what) const {
  if (!trace) return;
  const auto target = call.request.headers.find("X-Amz-Target");
  trace(fmt::format("    #{} replica {} {} {} {} {}: {}", call.number, call.replica,
                    to_string(call.peer), net::to_string(call.request.method), call.request.url,
                    target.value_or(""), what));
}

bool Network::is_cut(const Call& call) const {
  const auto at = cut_.find({call.replica, call.peer});
  return at != cut_.end() && at->second;
}

void Network::cut(int replica, Peer peer, bool cut) {
  cut_[{replica, peer}] = cut;
  if (!cut) return;
  // What was under way is lost; that its streams are dead, the replica finds out later.
  for (const auto& weak : streams_) {
    const auto call = weak.lock();
    const bool concerned = call && !call->left && call->replica == replica && call->peer == peer;
    if (!concerned) continue;
    call->broken = true;
    fail(call, schedule_.between(seconds(1), kKeepAlive), "ConnectionLost");
  }
}

Fate Network::draw(const Call& call) {
  Fate drawn;
  drawn.there = schedule_.between(kFastest, kUsual);
  drawn.back = schedule_.between(kFastest, kUsual);
  if (fate) {
    auto decided = fate(call.number, call.sent());
    if (decided) return *decided;
  }
  const auto& weather = weather_[index(call.peer)];
  if (weather == Weather{}) return drawn;
  const auto lot = static_cast<unsigned>(schedule_.random() % 1000);
  unsigned limit = 0;
  using Kind = Fate::Kind;
  for (const auto& [chance, kind] : {std::pair(weather.lose_request, Kind::lose_request),
                                     {weather.lose_answer, Kind::lose_answer},
                                     {weather.refuse, Kind::refuse},
                                     {weather.lie, Kind::lie}}) {
    if (lot >= limit && lot < limit + chance) drawn.kind = kind;
    limit += chance;
  }
  if (schedule_.chance(weather.slow)) drawn.there += schedule_.between({}, weather.slowest);
  if (schedule_.chance(weather.slow)) drawn.back += schedule_.between({}, weather.slowest);
  return drawn;
}

Network::CallPtr Network::launch(Owner owner, int replica, Peer peer, net::Request request,
                                 bool stream) {
  auto call =
      std::make_shared<Call>(owner, replica, peer, std::move(request), stream, schedule_.now());
  call->number = ++sent_;
  if (on_sent) on_sent(call->sent());
  call->fate = draw(*call);
  if (stream) {
    std::erase_if(streams_, [](const auto& weak) { return weak.expired(); });
    streams_.push_back(call);
  }
  fail(call, call->request.timeout, "Timeout");
  if (is_cut(*call)) {
    tell(*call, "cut off");
    fail(call, schedule_.between(milliseconds(1), seconds(20)), "ConnectionFailed");
    return call;
  }
  if (call->fate.kind == Fate::Kind::lose_request) {
    tell(*call, "lost on the way");
    fail(call, call->fate.there + call->fate.back, "ConnectionLost");
    return call;
  }
  // What has left arrives, even if the process does not live to see the answer.
  schedule_.at(schedule_.now() + call->fate.there, kWorld, [this, call] { arrive(call); });
  return call;
}

void Network::arrive(const CallPtr& call) {
  if (call->fate.kind == Fate::Kind::refuse) {
    deliver(call, refusal(call->peer, false, call->request));
    return;
  }
  services_[index(call->peer)]->take(call->request, std::make_shared<CallExchange>(*this, call));
}

void Network::deliver(const CallPtr& call, Reply reply) {
  tell(*call, fmt::format("{}{}", reply.status,
                          call->fate.kind == Fate::Kind::lose_answer ? " (answer lost)"
                          : call->fate.kind == Fate::Kind::lie       ? " (answered with an error)"
                                                                     : ""));
  if (is_cut(*call)) return;
  if (call->fate.kind == Fate::Kind::lose_answer) {
    fail(call, call->fate.back, "ConnectionLost");
    return;
  }
  if (call->fate.kind == Fate::Kind::lie) reply = refusal(call->peer, true, call->request);
  add_date(reply.headers, schedule_.wall());
  schedule_.at(schedule_.now() + call->fate.back, call->owner,
               [this, call, reply = std::move(reply)]() mutable {
                 if (call->left || call->settled) return;
                 if (on_answer) on_answer(call->sent(), reply.status);
                 call->settled = !call->stream;
                 if (call->stream) {
                   // A refusal of a stream has a body that ends.
                   call->status = reply.status;
                   call->headers = std::move(reply.headers);
                   if (!reply.body.empty()) call->pieces.push_back(std::move(reply.body));
                   call->began = call->ended = true;
                 } else {
                   call->answer = response_of(std::move(reply));
                 }
                 call->done.open();
               });
}

void Network::fail(const CallPtr& call, base::Duration delay, std::string code) {
  schedule_.at(schedule_.now() + delay, call->owner, [call, code = std::move(code)] {
    if (call->left || call->settled) return;
    call->settled = true;
    if (call->began) {
      call->torn = lost(code);
      call->more.notify();
    } else {
      call->answer = std::unexpected(lost(code));
      call->done.open();
    }
  });
}

base::Task<base::Result<net::Response>> Network::Client::send(net::Request request) {
  const auto call = network_.launch(owner_, replica_, peer_, std::move(request), false);
  const Leaver<Call> leaver(call);
  co_await call->done.wait();
  co_return std::move(*call->answer);
}

base::Task<base::Result<std::unique_ptr<net::Stream>>> Network::Client::open(net::Request request) {
  const auto call = network_.launch(owner_, replica_, peer_, std::move(request), true);
  auto stream = std::make_unique<SimStream>(call);
  co_await call->done.wait();
  if (call->answer && !*call->answer) co_return std::unexpected(call->answer->error());
  co_return std::unique_ptr<net::Stream>(std::move(stream));
}

}  // namespace edsm::sim

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "cli/application.hpp"
#include "sim/network.hpp"
#include "sim/sim_clock.hpp"
#include "telemetry/log.hpp"

namespace edsm::sim {

/// What the world offers to a replica beside the network.
struct Home {
  std::string token;  ///< of its service account, read anew from its file
  /// Of its environment, beside those that lead it to AWS.
  std::map<std::string, std::string, std::less<>> variables{};
  /// What its files have but the token's, by path.
  std::map<std::string, std::string, std::less<>> files{};
  std::function<void(int replica, std::string_view line)> on_log;
  std::function<void(int replica)> on_exit;  ///< it has ended by itself
};

/// One replica of EDSM over several lives: the real application between a simulated clock and
/// simulated connections.
class Replica {
 public:
  Replica(Schedule& schedule, Network& network, int number, const cli::RunOptions& options);
  ~Replica();
  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;

  void start();
  /// kill -9: nothing of it runs any more; what has left it still arrives.
  void crash();
  /// SIGTERM. It ends by itself.
  void request_stop();
  void pause();
  void resume();
  /// Runs what became ready. Called after each thing that happened to it.
  void poll();

  bool alive() const { return life_ != nullptr; }
  bool paused() const { return paused_; }
  int number() const { return number_; }
  Owner owner() const;
  void set_skew(base::Duration skew);
  /// Everything on its metrics page.
  std::string metrics() const;
  /// Stuck parts as of now; empty if healthy.
  std::vector<std::string> stuck() const;

  Home home;
  std::optional<int> last_exit_code;  ///< of the last life that ended by itself

 private:
  struct Life;
  Schedule& schedule_;
  Network& network_;
  int number_;
  const cli::RunOptions& options_;
  base::Duration skew_{};
  bool paused_ = false;
  int lives_ = 0;
  std::unique_ptr<Life> life_;
};

}  // namespace edsm::sim

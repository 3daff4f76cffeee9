#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <curl/curl.h>

#include "net/curl_http.hpp"

namespace edsm::net {

/// One libcurl multi handle (a connection pool) driven by Asio: libcurl says which sockets and
/// which time it waits for, Asio waits, libcurl is told. Completions reach `Exchange::done`, from
/// inside the event loop and never from inside a call of the user's. Owned by shared_ptr: waits
/// hold it weakly, so it may be destroyed whenever no exchange uses it.
class CurlMulti : public std::enable_shared_from_this<CurlMulti> {
 public:
  /// One transfer, as the pool sees it.
  class Exchange {
   public:
    virtual ~Exchange() = default;
    /// The transfer ended; its handle is no longer in the pool. Must not call the pool.
    virtual void done(CURLcode code) = 0;
  };

  CurlMulti(boost::asio::any_io_executor executor, Transport transport);
  ~CurlMulti();
  CurlMulti(const CurlMulti&) = delete;
  CurlMulti& operator=(const CurlMulti&) = delete;

  const Transport& transport() const { return transport_; }
  const boost::asio::any_io_executor& executor() const { return executor_; }

  /// A handle without options, perhaps used before.
  CURL* take_handle();
  /// `sound`: its last transfer ended well, so it may be used again.
  void give_back(CURL* handle, bool sound);

  /// `exchange` is told the end, unless `stop` comes first.
  CURLMcode start(CURL* handle, Exchange& exchange);
  /// Ends a transfer early: its connection (HTTP/2: its stream) is closed at once.
  void stop(CURL* handle);
  /// Transfers under way.
  std::size_t running() const { return running_; }

  /// For CURLOPT_CLOSESOCKETFUNCTION of every transfer, with the pool as its data: Asio lets go of
  /// a socket when it is closed.
  static int on_close(void* self, curl_socket_t socket) noexcept;

 private:
  using Time = std::chrono::steady_clock::time_point;
  enum Direction : std::uint8_t { reading, writing };
  struct Watch;

  static int on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) noexcept;
  static int on_timer(CURLM*, long milliseconds, void* self) noexcept;

  bool watch(curl_socket_t socket, int wanted);
  void arm(const std::shared_ptr<Watch>& watch, Direction direction);
  void set_timer(long milliseconds);
  void wait_for_timer();
  void timer_rings();
  void act(curl_socket_t socket, int flags);

  boost::asio::any_io_executor executor_;
  Transport transport_;
  CURLM* multi_;
  std::optional<Time> due_;  ///< when libcurl wants to be called
  boost::asio::steady_timer timer_;
  std::optional<Time> rings_at_;  ///< of the wait under way
  bool called_soon_ = false;
  std::unordered_map<curl_socket_t, std::shared_ptr<Watch>> watches_;
  std::vector<CURL*> idle_handles_;
  std::size_t running_ = 0;
};

}  // namespace edsm::net

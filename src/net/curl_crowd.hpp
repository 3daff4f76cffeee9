#pragma once

#include <chrono>
#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "net/curl_http.hpp"

namespace edsm::net {

class CurlMulti;

/// The pool of connections for requests that come when many are under way. A connection with TLS
/// takes some 50 KB, so the pool is dropped once none of it was wanted for `Transport::crowd_rest`,
/// and the memory goes back to the system. Owned by shared_ptr: its timer holds it weakly.
class CurlCrowd : public std::enable_shared_from_this<CurlCrowd> {
 public:
  CurlCrowd(boost::asio::any_io_executor executor, Transport transport);

  /// For one more request; made anew after a rest.
  std::shared_ptr<CurlMulti> pool();

 private:
  void wait_for_rest();

  boost::asio::any_io_executor executor_;
  Transport transport_;
  std::shared_ptr<CurlMulti> pool_;
  std::chrono::steady_clock::time_point used_;
  boost::asio::steady_timer timer_;
};

}  // namespace edsm::net

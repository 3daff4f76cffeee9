#include "net/curl_crowd.hpp"

#include <utility>

#include "base/free_memory.hpp"
#include "net/curl_multi.hpp"

namespace edsm::net {

CurlCrowd::CurlCrowd(boost::asio::any_io_executor executor, Transport transport)
    : executor_(std::move(executor)), transport_(std::move(transport)), timer_(executor_) {}

std::shared_ptr<CurlMulti> CurlCrowd::pool() {
  used_ = std::chrono::steady_clock::now();
  if (!pool_) {
    pool_ = std::make_shared<CurlMulti>(executor_, transport_.clone());
    timer_.expires_at(used_ + transport_.crowd_rest);
    wait_for_rest();
  }
  return pool_;
}

void CurlCrowd::wait_for_rest() {
  timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    const auto self = weak.lock();
    if (!self || error) return;
    const auto rest = self->transport_.crowd_rest;
    const auto now = std::chrono::steady_clock::now();
    if (self->pool_->running() > 0) self->used_ = now;
    if (now - self->used_ >= rest) {
      self->pool_.reset();
      base::give_free_memory_back();
      return;
    }
    self->timer_.expires_at(self->used_ + rest);
    self->wait_for_rest();
  });
}

}  // namespace edsm::net

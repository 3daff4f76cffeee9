#include "net/curl_multi.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include <boost/asio/post.hpp>
#include <unistd.h>

namespace edsm::net {
namespace {

/// At rest. Each has some 40 KiB of buffers.
constexpr std::size_t idle_handles = 2;

}  // namespace

/// A socket of libcurl's that Asio waits for, from its first use until it is closed: between two
/// requests it stays registered, and nobody is told. It outlives its place in `watches_` while a
/// wait is pending. The descriptor is libcurl's: it is released, never closed.
struct CurlMulti::Watch {
  explicit Watch(const boost::asio::any_io_executor& executor) : descriptor(executor) {}
  ~Watch() { release(); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  void release() {
    if (descriptor.is_open()) descriptor.release();
  }
  bool wants(Direction direction) const {
    return (wanted & (direction == reading ? CURL_POLL_IN : CURL_POLL_OUT)) != 0;
  }

  boost::asio::posix::stream_descriptor descriptor;
  int wanted = CURL_POLL_NONE;
  std::array<bool, 2> waiting{};
  bool reports_writable = false;
};

CurlMulti::CurlMulti(boost::asio::any_io_executor executor, Transport transport)
    : executor_(std::move(executor)),
      transport_(std::move(transport)),
      multi_(curl_multi_init()),
      timer_(executor_) {
  if (multi_ == nullptr) throw std::bad_alloc();
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, transport_.max_connections);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, transport_.max_connections);
}

CurlMulti::~CurlMulti() {
  for (CURL* const handle : idle_handles_) curl_easy_cleanup(handle);
  // While it closes the connections, libcurl takes its sockets back through on_socket.
  curl_multi_cleanup(multi_);
}

CURL* CurlMulti::take_handle() {
  if (!idle_handles_.empty()) {
    CURL* const handle = idle_handles_.back();
    idle_handles_.pop_back();
    return handle;
  }
  CURL* const handle = curl_easy_init();
  if (handle == nullptr) throw std::bad_alloc();
  return handle;
}

void CurlMulti::give_back(CURL* handle, bool sound) {
  if (sound) {
    curl_easy_reset(handle);
    idle_handles_.push_back(handle);
  } else {
    curl_easy_cleanup(handle);
  }
  const std::size_t kept = std::max(idle_handles, running_);
  for (; idle_handles_.size() > kept; idle_handles_.pop_back()) {
    curl_easy_cleanup(idle_handles_.back());
  }
}

CURLMcode CurlMulti::start(CURL* handle, Exchange& exchange) {
  curl_easy_setopt(handle, CURLOPT_PRIVATE, &exchange);
  const CURLMcode code = curl_multi_add_handle(multi_, handle);
  if (code == CURLM_OK) ++running_;
  return code;
}

void CurlMulti::stop(CURL* handle) {
  --running_;
  curl_multi_remove_handle(multi_, handle);
}

int CurlMulti::on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) noexcept {
  auto& multi = *static_cast<CurlMulti*>(self);
  if (what != CURL_POLL_REMOVE) return multi.watch(socket, what) ? 0 : -1;
  const auto entry = multi.watches_.find(socket);
  if (entry != multi.watches_.end()) entry->second->wanted = CURL_POLL_NONE;
  return 0;
}

int CurlMulti::on_close(void* self, curl_socket_t socket) noexcept {
  auto& watches = static_cast<CurlMulti*>(self)->watches_;
  const auto entry = watches.find(socket);
  if (entry != watches.end()) {
    entry->second->release();
    watches.erase(entry);
  }
  return ::close(socket);
}

int CurlMulti::on_timer(CURLM*, long milliseconds, void* self) noexcept {
  static_cast<CurlMulti*>(self)->set_timer(milliseconds);
  return 0;
}

bool CurlMulti::watch(curl_socket_t socket, int wanted) {
  auto& entry = watches_[socket];
  // Once Asio has waited to write, as for a connection, epoll says with every wait that it could.
  if (entry && entry->reports_writable && (wanted & CURL_POLL_OUT) == 0) {
    entry->release();
    entry.reset();
  }
  if (!entry) {
    auto fresh = std::make_shared<Watch>(executor_);
    boost::system::error_code error;
    fresh->descriptor.assign(socket, error);
    if (error) {
      watches_.erase(socket);
      return false;
    }
    entry = std::move(fresh);
  }
  entry->wanted = wanted;
  const auto watch = entry;
  // The destructor's clean-up must not begin new waits.
  if (weak_from_this().expired()) return true;
  arm(watch, reading);
  arm(watch, writing);
  return true;
}

void CurlMulti::arm(const std::shared_ptr<Watch>& watch, Direction direction) {
  if (!watch->wants(direction) || watch->waiting[direction]) return;
  watch->waiting[direction] = true;
  if (direction == writing) watch->reports_writable = true;
  const auto type = direction == reading ? boost::asio::posix::stream_descriptor::wait_read
                                         : boost::asio::posix::stream_descriptor::wait_write;
  watch->descriptor.async_wait(
      type, [weak = weak_from_this(), watch, direction](boost::system::error_code error) {
        watch->waiting[direction] = false;
        const auto self = weak.lock();
        if (!self || !watch->descriptor.is_open()) return;
        // A wait that libcurl no longer wants is not reported.
        if (watch->wants(direction)) {
          const int ready = direction == reading ? CURL_CSELECT_IN : CURL_CSELECT_OUT;
          self->act(watch->descriptor.native_handle(), error ? ready | CURL_CSELECT_ERR : ready);
        }
        if (!error && watch->descriptor.is_open()) self->arm(watch, direction);
      });
}

/// Every request sets several times and takes most of them back, so nothing is done for a later
/// one: the wait under way ends too early, and then goes on.
void CurlMulti::set_timer(long milliseconds) {
  due_.reset();
  if (milliseconds < 0 || weak_from_this().expired()) return;
  due_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
  if (milliseconds > 0) {
    wait_for_timer();
  } else if (!std::exchange(called_soon_, true)) {
    boost::asio::post(executor_, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self) return;
      self->called_soon_ = false;
      self->timer_rings();
    });
  }
}

void CurlMulti::wait_for_timer() {
  if (rings_at_ && *rings_at_ <= *due_) return;
  rings_at_ = due_;
  timer_.expires_at(*due_);
  timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    const auto self = weak.lock();
    if (!self || error) return;
    self->rings_at_.reset();
    self->timer_rings();
  });
}

void CurlMulti::timer_rings() {
  if (!due_) return;
  if (*due_ > std::chrono::steady_clock::now()) {
    wait_for_timer();
  } else {
    act(CURL_SOCKET_TIMEOUT, 0);
  }
}

void CurlMulti::act(curl_socket_t socket, int flags) {
  int running = 0;
  curl_multi_socket_action(multi_, socket, flags, &running);
  int left = 0;
  while (const CURLMsg* const message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* const handle = message->easy_handle;
    const CURLcode code = message->data.result;
    void* exchange = nullptr;
    curl_easy_getinfo(handle, CURLINFO_PRIVATE, &exchange);
    stop(handle);  // `message` is gone with it
    static_cast<Exchange*>(exchange)->done(code);
  }
}

}  // namespace edsm::net

#include "net/curl_transfer.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include "net/curl_error.hpp"

namespace edsm::net {
namespace {

/// What a stream may hold unread before its connection is told to wait.
constexpr std::size_t max_buffered = std::size_t{1} << 20U;
constexpr std::size_t max_header_bytes = std::size_t{256} << 10U;

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

/// 200 out of "HTTP/1.1 200 OK" or "HTTP/2 200"; 0 if there is none.
int status_of(std::string_view line) {
  const auto space = line.find(' ');
  if (space == std::string_view::npos) return 0;
  const std::string_view text = line.substr(space + 1);
  int status = 0;
  std::from_chars(text.data(), text.data() + std::min<std::size_t>(text.size(), 3), status);
  return status;
}

std::optional<std::size_t> content_length(const Headers& headers) {
  const auto text = headers.find("Content-Length");
  if (!text) return std::nullopt;
  std::size_t length = 0;
  const auto result = std::from_chars(text->data(), text->data() + text->size(), length);
  if (result.ec != std::errc()) return std::nullopt;
  return length;
}

}  // namespace

CurlTransfer::CurlTransfer(std::shared_ptr<CurlMulti> multi, Request request, Url url, Kind kind)
    : multi_(std::move(multi)),
      request_(std::move(request)),
      url_(std::move(url)),
      kind_(kind),
      handle_(multi_->take_handle()),
      deadline_(multi_->executor()) {}

CurlTransfer::~CurlTransfer() {
  if (running_) multi_->stop(handle_);
  multi_->give_back(handle_, result_ && result_->has_value());
  curl_slist_free_all(request_headers_);
  curl_slist_free_all(connect_to_);
}

base::Result<> CurlTransfer::start() {
  configure();
  if (option_error_ != CURLE_OK) {
    return std::unexpected(curl_error(option_error_, handle_, {}, request_.method, url_));
  }
  const CURLMcode started = multi_->start(handle_, *this);
  if (started != CURLM_OK) {
    return base::fail(
        base::Failure::transient, "ConnectionFailed",
        fmt::format("{}: {}", name_of(request_.method, url_), curl_multi_strerror(started)));
  }
  running_ = true;
  arm_deadline();
  return {};
}

base::Task<base::Result<Response>> CurlTransfer::response() {
  while (!result_) co_await changed_.wait();
  if (!*result_) co_return std::unexpected(result_->error());
  Response response;
  response.status = status_;
  response.headers = std::move(headers_);
  response.body = std::move(body_);
  co_return response;
}

base::Task<base::Result<>> CurlTransfer::header() {
  while (!header_complete_ && !result_) co_await changed_.wait();
  if (!header_complete_) co_return *result_;
  co_return base::Result<>();
}

base::Task<base::Result<base::SecretBytes>> CurlTransfer::read() {
  while (body_.empty() && !result_) co_await changed_.wait();
  if (body_.empty()) {
    if (!*result_) co_return std::unexpected(result_->error());
    co_return base::SecretBytes();
  }
  base::SecretBytes bytes = std::move(body_);
  if (paused_ && running_) {
    paused_ = false;
    curl_easy_pause(handle_, CURLPAUSE_CONT);  // may call on_body before it returns
  }
  co_return bytes;
}

std::size_t CurlTransfer::on_header(char* data, std::size_t size, std::size_t count,
                                    void* self) noexcept {
  return static_cast<CurlTransfer*>(self)->take_header({data, size * count}) ? size * count : 0;
}

std::size_t CurlTransfer::on_body(char* data, std::size_t size, std::size_t count,
                                  void* self) noexcept {
  return static_cast<CurlTransfer*>(self)->take_body({data, size * count});
}

/// Also called for interim answers (1xx) and trailers.
bool CurlTransfer::take_header(std::string_view line) {
  header_bytes_ += line.size();
  if (header_bytes_ > max_header_bytes) return false;
  if (header_complete_) return true;  // trailers: nobody needs them
  if (line.starts_with("HTTP/")) {
    headers_ = Headers();
    status_ = status_of(line);
    return true;
  }
  const std::string_view text = trim(line);
  if (text.empty()) {
    end_of_header();
    return true;
  }
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return true;
  headers_.add(trim(text.substr(0, colon)), trim(text.substr(colon + 1)));
  return true;
}

void CurlTransfer::end_of_header() {
  if (status_ < 200) return;
  header_complete_ = true;
  if (kind_ == Kind::stream) {
    changed_.notify();
    return;
  }
  const auto length = content_length(headers_);
  if (length && *length <= request_.max_body) body_.reserve(*length);
}

std::size_t CurlTransfer::take_body(std::string_view bytes) {
  if (kind_ == Kind::whole) {
    if (bytes.size() > request_.max_body - body_.size()) return 0;
    body_.append(bytes);
    return bytes.size();
  }
  if (body_.size() >= max_buffered) {
    paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  body_.append(bytes);
  changed_.notify();
  return bytes.size();
}

void CurlTransfer::done(CURLcode code) {
  running_ = false;
  if (code == CURLE_OK && header_complete_) {
    finish({});
    return;
  }
  if (was_refused(code)) {
    send_again();
    return;
  }
  // libcurl takes a connection that closes in the middle of the header for the end of an answer.
  if (code == CURLE_OK) code = CURLE_GOT_NOTHING;
  base::Error error = curl_error(code, handle_, error_text_.data(), request_.method, url_);
  if (code == CURLE_WRITE_ERROR) {
    error.text = fmt::format("{}: the answer is larger than {} bytes (header: {})",
                             name_of(request_.method, url_), request_.max_body, max_header_bytes);
  }
  finish(std::unexpected(std::move(error)));
}

/// A request that crosses the server's GOAWAY is refused, and nothing was done with it (RFC 9113,
/// section 6.8). libcurl sends such requests again on a new connection, but not one that was alone
/// on the old one (7.88).
bool CurlTransfer::was_refused(CURLcode code) const {
  return code == CURLE_HTTP2 && header_bytes_ == 0 && !sent_again_;
}

/// Not from inside `done`, which must not call the pool. The deadline stays.
void CurlTransfer::send_again() {
  sent_again_ = true;
  boost::asio::post(multi_->executor(), [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || self->result_) return;
    self->error_text_.fill('\0');
    if (self->multi_->start(self->handle_, *self) == CURLM_OK) {
      self->running_ = true;
      return;
    }
    self->finish(std::unexpected(
        curl_error(CURLE_HTTP2, self->handle_, {}, self->request_.method, self->url_)));
  });
}

void CurlTransfer::finish(base::Result<> result) {
  result_ = std::move(result);
  deadline_.cancel();
  changed_.notify();
}

/// Not CURLOPT_TIMEOUT_MS: that does not run while a transfer waits for a free connection.
void CurlTransfer::arm_deadline() {
  constexpr base::Duration forever = std::chrono::hours(24 * 365);
  deadline_.expires_after(std::min(request_.timeout, forever));
  deadline_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    const auto self = weak.lock();
    if (!self || error || self->result_) return;
    const double seconds = std::chrono::duration<double>(self->request_.timeout).count();
    std::string text =
        fmt::format("{}: timed out after {:g} s {}", name_of(self->request_.method, self->url_),
                    seconds, self->progress());
    self->multi_->stop(self->handle_);
    self->running_ = false;
    self->finish(base::fail(base::Failure::transient, "Timeout", std::move(text)));
  });
}

std::string CurlTransfer::progress() const {
  if (header_complete_) return "in the middle of the answer";
  curl_off_t connected = 0;
  curl_easy_getinfo(handle_, CURLINFO_PRETRANSFER_TIME_T, &connected);
  return connected > 0 ? "without an answer" : "without a connection";
}

}  // namespace edsm::net

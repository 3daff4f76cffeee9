#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>

#include <boost/asio/steady_timer.hpp>
#include <curl/curl.h>

#include "base/notify.hpp"
#include "net/curl_multi.hpp"
#include "net/http.hpp"
#include "net/url.hpp"

namespace edsm::net {

/// One HTTP exchange on a CurlMulti, from its first to its last byte. Owned by the coroutine (or
/// the Stream) that wants the answer: destroying it ends the exchange at once. Not movable: libcurl
/// holds its address.
class CurlTransfer final : public CurlMulti::Exchange,
                           public std::enable_shared_from_this<CurlTransfer> {
 public:
  enum class Kind : bool { whole, stream };

  CurlTransfer(std::shared_ptr<CurlMulti> multi, Request request, Url url, Kind kind);
  ~CurlTransfer() override;
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  /// Sends. Once, after the object is in its shared_ptr.
  base::Result<> start();

  /// Waits for the whole answer.
  base::Task<base::Result<Response>> response();
  /// Waits for the answer's status and headers.
  base::Task<base::Result<>> header();
  /// Waits for more of a stream's body; empty at its proper end.
  base::Task<base::Result<base::SecretBytes>> read();

  int status() const { return status_; }
  const Headers& headers() const { return headers_; }

 private:
  void configure();
  void configure_request();
  void configure_tls();
  void configure_proxy();
  template <class Value>
  void set(CURLoption option, Value value);
  void add_header(std::string_view name, std::string_view value);
  void remove_default_header(const char* line);

  static std::size_t on_header(char* data, std::size_t size, std::size_t count,
                               void* self) noexcept;
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self) noexcept;
  bool take_header(std::string_view line);
  void end_of_header();
  std::size_t take_body(std::string_view bytes);

  void done(CURLcode code) override;
  bool was_refused(CURLcode code) const;
  void send_again();
  void finish(base::Result<> result);
  void arm_deadline();
  std::string progress() const;

  std::shared_ptr<CurlMulti> multi_;
  Request request_;
  Url url_;
  Kind kind_;
  CURL* handle_;
  curl_slist* request_headers_ = nullptr;
  curl_slist* connect_to_ = nullptr;
  CURLcode option_error_ = CURLE_OK;
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  boost::asio::steady_timer deadline_;

  int status_ = 0;
  Headers headers_;
  std::size_t header_bytes_ = 0;
  bool header_complete_ = false;
  base::SecretBytes body_;
  bool paused_ = false;
  bool running_ = false;
  bool sent_again_ = false;
  std::optional<base::Result<>> result_;
  base::Notify changed_;
};

}  // namespace edsm::net

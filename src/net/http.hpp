#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/task.hpp"

namespace edsm::net {

enum class Method : std::uint8_t { get, post, put, patch, del };
std::string_view to_string(Method method);

struct Header {
  std::string name;
  std::string value;
};

/// Header fields in the order of sending. Names compare without case.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<Header> fields) : fields_(fields) {}

  void add(std::string_view name, std::string_view value);
  /// Replaces every field of that name.
  void set(std::string_view name, std::string_view value);
  /// The first field of that name, or nothing.
  std::optional<std::string_view> find(std::string_view name) const;

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  std::size_t size() const { return fields_.size(); }

 private:
  std::vector<Header> fields_;
};

struct Request {
  Request(Method method_, std::string url_) : method(method_), url(std::move(url_)) {}

  Method method;
  std::string url;  ///< absolute, already percent-encoded
  Headers headers;
  base::SecretBytes body;
  /// From the call to the last byte of the answer (of a stream: to its end).
  base::Duration timeout = std::chrono::seconds(30);
  /// A larger answer is an error (code "ResponseTooLarge"); a stream has no limit.
  std::size_t max_body = std::size_t{64} << 20U;
  /// It or its answer holds secret values: sent over HTTP/1.1, whose buffers are wiped at the end
  /// of the exchange. Those of HTTP/2 live, and keep what went through last, as long as a
  /// connection.
  bool confidential = false;
};

struct Response {
  int status = 0;
  Headers headers;
  base::SecretBytes body;
};

/// The body of an answer that arrives bit by bit. Destroying it closes the exchange.
class Stream {
 public:
  virtual ~Stream() = default;
  virtual int status() const = 0;
  virtual const Headers& headers() const = 0;
  /// The next bytes; empty means the peer ended the body properly. A torn connection or the
  /// request's time-out is an error (Failure::transient; codes "ConnectionLost", "Timeout").
  virtual base::Task<base::Result<base::SecretBytes>> read() = 0;
};

/// The one way out of the process. Any HTTP status is a Response: each API decides what 404 or 409
/// mean. Errors are transport failures only: Failure::transient with a code out of "Timeout",
/// "ConnectionFailed", "ConnectionLost", "ResponseTooLarge", or Failure::invalid with "BadUrl",
/// "BadHeader", "TlsVerification" (the peer's certificate is not trusted), "TlsConfiguration".
/// Both calls can be cancelled. Redirects are never followed. A request whose kept connection ends
/// before a byte of the answer is sent again, so it may reach the server twice.
class Http {
 public:
  virtual ~Http() = default;
  virtual base::Task<base::Result<Response>> send(Request request) = 0;
  /// Returns when the answer's header has arrived.
  virtual base::Task<base::Result<std::unique_ptr<Stream>>> open(Request request) = 0;
};

/// `Retry-After` in whole seconds, at most an hour (dates are not used by those that we talk to).
std::optional<std::chrono::milliseconds> retry_after(const Headers& headers);

}  // namespace edsm::net

#include "net/curl_http.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "net/curl_crowd.hpp"
#include "net/curl_multi.hpp"
#include "net/curl_transfer.hpp"

namespace edsm::net {
namespace {

/// RFC 9110, section 5.6.2.
bool is_token(std::string_view text) {
  static constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           marks.contains(c);
  });
}

/// A line break in a value would begin a header field of its own.
bool is_field_value(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

using Started = base::Result<std::shared_ptr<CurlTransfer>>;

Started start(std::shared_ptr<CurlMulti> multi, Request request, CurlTransfer::Kind kind) {
  auto url = Url::parse(request.url);
  if (!url) {
    const std::string shown = request.url.substr(0, request.url.find_first_of("?@"));
    return base::fail(base::Failure::invalid, "BadUrl",
                      fmt::format("'{}' is not an absolute http or https URL", shown));
  }
  for (const Header& field : request.headers) {
    if (is_token(field.name) && is_field_value(field.value)) continue;
    return base::fail(
        base::Failure::invalid, "BadHeader",
        fmt::format("header field '{}' has a name or a value that HTTP does not allow "
                    "(line breaks?)",
                    field.name));
  }
  auto transfer =
      std::make_shared<CurlTransfer>(std::move(multi), std::move(request), std::move(*url), kind);
  auto started = transfer->start();
  if (!started) return std::unexpected(std::move(started.error()));
  return transfer;
}

class CurlStream final : public Stream {
 public:
  explicit CurlStream(std::shared_ptr<CurlTransfer> transfer) : transfer_(std::move(transfer)) {}

  int status() const override { return transfer_->status(); }
  const Headers& headers() const override { return transfer_->headers(); }
  base::Task<base::Result<base::SecretBytes>> read() override { return transfer_->read(); }

 private:
  std::shared_ptr<CurlTransfer> transfer_;
};

}  // namespace

Transport Transport::clone() const {
  Transport copy;
  copy.ca_file = ca_file;
  copy.ca_pem = ca_pem;
  copy.client_cert_pem = client_cert_pem.clone();
  copy.client_key_pem = client_key_pem.clone();
  copy.tls_server_name = tls_server_name;
  copy.insecure_skip_verify = insecure_skip_verify;
  copy.proxy = proxy;
  copy.http2 = http2;
  copy.max_connections = max_connections;
  copy.steady_requests = steady_requests;
  copy.crowd_rest = crowd_rest;
  copy.user_agent = user_agent;
  return copy;
}

CurlHttp::CurlHttp(boost::asio::any_io_executor executor, Transport transport) {
  auto confidential = transport.clone();
  confidential.http2 = false;
  crowd_ = std::make_shared<CurlCrowd>(executor, confidential.clone());
  confidential_ = std::make_shared<CurlMulti>(executor, std::move(confidential));
  multi_ = std::make_shared<CurlMulti>(std::move(executor), std::move(transport));
}

std::shared_ptr<CurlMulti> CurlHttp::pool_for(const Request& request) const {
  if (!request.confidential) return multi_;
  const bool crowd = confidential_->running() >= confidential_->transport().steady_requests;
  return crowd ? crowd_->pool() : confidential_;
}

CurlHttp::~CurlHttp() = default;

base::Task<base::Result<Response>> CurlHttp::send(Request request) {
  const auto pool = pool_for(request);
  auto transfer = start(pool, std::move(request), CurlTransfer::Kind::whole);
  if (!transfer) co_return std::unexpected(std::move(transfer.error()));
  auto response = co_await (*transfer)->response();
  co_return response;
}

base::Task<base::Result<std::unique_ptr<Stream>>> CurlHttp::open(Request request) {
  const auto pool = pool_for(request);
  auto transfer = start(pool, std::move(request), CurlTransfer::Kind::stream);
  if (!transfer) co_return std::unexpected(std::move(transfer.error()));
  auto header = co_await (*transfer)->header();
  if (!header) co_return std::unexpected(std::move(header.error()));
  co_return std::make_unique<CurlStream>(std::move(*transfer));
}

void CurlHttp::set_transport(Transport transport) {
  *this = CurlHttp(multi_->executor(), std::move(transport));
}

}  // namespace edsm::net

// What a CurlTransfer asks of libcurl: the options of one exchange.
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "net/curl_transfer.hpp"

namespace edsm::net {
namespace {

constexpr long connect_timeout_ms = 10'000;
/// The least that libcurl takes, and more than nearly every body. A stream holds its own while it
/// lives.
constexpr long upload_buffer_bytes = 16L << 10U;
/// A peer that vanished without a word is noticed in about this time, also by a stream that only
/// listens: keep-alive probes start after `idle` and what stays unacknowledged ends the connection.
constexpr long keepalive_idle_s = 15;
constexpr long keepalive_interval_s = 5;
constexpr unsigned unacknowledged_ms = 20'000;

int on_new_socket(void*, curl_socket_t socket, curlsocktype) noexcept {
  const unsigned limit = unacknowledged_ms;
  ::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit, sizeof limit);
  return CURL_SOCKOPT_OK;
}

/// The transport, and so the bytes, outlives the transfer.
curl_blob blob(std::string_view bytes) {
  return {const_cast<char*>(bytes.data()), bytes.size(), CURL_BLOB_NOCOPY};
}

std::string bracketed(const std::string& host) {
  return host.contains(':') ? fmt::format("[{}]", host) : host;
}

}  // namespace

template <class Value>
void CurlTransfer::set(CURLoption option, Value value) {
  const CURLcode code = curl_easy_setopt(handle_, option, value);
  if (option_error_ == CURLE_OK) option_error_ = code;
}

void CurlTransfer::configure() {
  set(CURLOPT_ERRORBUFFER, error_text_.data());
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_QUICK_EXIT, 1L);  // a cancelled exchange does not wait for the resolver's thread
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PATH_AS_IS, 1L);  // what was signed is what is sent
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms);
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_TCP_KEEPIDLE, keepalive_idle_s);
  set(CURLOPT_TCP_KEEPINTVL, keepalive_interval_s);
  set(CURLOPT_SOCKOPTFUNCTION, &on_new_socket);
  set(CURLOPT_CLOSESOCKETFUNCTION, &CurlMulti::on_close);
  set(CURLOPT_CLOSESOCKETDATA, static_cast<void*>(multi_.get()));
  set(CURLOPT_UPLOAD_BUFFERSIZE, upload_buffer_bytes);
  set(CURLOPT_HEADERFUNCTION, &on_header);
  set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(CURLOPT_WRITEFUNCTION, &on_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  if (multi_->transport().http2) {
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
    set(CURLOPT_PIPEWAIT, 1L);
  } else {
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  }
  configure_request();
  configure_tls();
  configure_proxy();
}

void CurlTransfer::configure_request() {
  const Transport& transport = multi_->transport();
  const bool carries_body = !request_.body.empty() || request_.method == Method::post ||
                            request_.method == Method::put || request_.method == Method::patch;
  if (carries_body) {
    set(CURLOPT_POST, 1L);
    // Not copied: request_ lives as long as the transfer. The size comes first, the body may hold
    // NUL.
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    set(CURLOPT_POSTFIELDS, request_.body.empty() ? "" : request_.body.view().data());
  } else {
    set(CURLOPT_HTTPGET, 1L);
  }
  set(CURLOPT_CUSTOMREQUEST, to_string(request_.method).data());

  for (const Header& field : request_.headers) add_header(field.name, field.value);
  for (const char* const line : {"Expect:", "Accept:", "Content-Type:"})
    remove_default_header(line);
  if (!transport.user_agent.empty()) set(CURLOPT_USERAGENT, transport.user_agent.c_str());

  Url target = url_;
  if (!transport.tls_server_name.empty() && url_.scheme == "https") {
    // libcurl takes SNI and the verified name from the URL: so the URL names the server, and the
    // connection goes to, and the Host header names, the real host.
    target.host = transport.tls_server_name;
    const std::string route = fmt::format("::{}:{}", bracketed(url_.host), url_.port);
    connect_to_ = curl_slist_append(nullptr, route.c_str());
    set(CURLOPT_CONNECT_TO, connect_to_);
    if (!request_.headers.find("Host")) add_header("Host", url_.authority());
  }
  set(CURLOPT_URL, target.str().c_str());
  set(CURLOPT_HTTPHEADER, request_headers_);
}

void CurlTransfer::configure_tls() {
  const Transport& transport = multi_->transport();
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_SSL_VERIFYPEER, transport.insecure_skip_verify ? 0L : 1L);
  set(CURLOPT_SSL_VERIFYHOST, transport.insecure_skip_verify ? 0L : 2L);
  // Without the directory of the system's certificates: else a private CA would be one more, not
  // the only one, and libcurl would parse the system's bundle for every connection.
  const char* const no_directory = nullptr;
  static const char* const system_bundle = curl_version_info(CURLVERSION_NOW)->cainfo;
  const bool has_bundle = system_bundle != nullptr && *system_bundle != '\0';
  if (!transport.ca_pem.empty()) {
    const curl_blob ca = blob(transport.ca_pem);
    set(CURLOPT_CAPATH, no_directory);
    set(CURLOPT_CAINFO, no_directory);
    set(CURLOPT_CAINFO_BLOB, &ca);
  } else if (!transport.ca_file.empty()) {
    set(CURLOPT_CAPATH, no_directory);
    set(CURLOPT_CAINFO, transport.ca_file.c_str());
  } else if (has_bundle) {
    set(CURLOPT_CAPATH, no_directory);
  }
  if (!transport.client_cert_pem.empty()) {
    const curl_blob certificate = blob(transport.client_cert_pem.view());
    const curl_blob key = blob(transport.client_key_pem.view());
    set(CURLOPT_SSLCERTTYPE, "PEM");
    set(CURLOPT_SSLCERT_BLOB, &certificate);
    set(CURLOPT_SSLKEYTYPE, "PEM");
    set(CURLOPT_SSLKEY_BLOB, &key);
  }
}

void CurlTransfer::configure_proxy() {
  const auto& proxy = multi_->transport().proxy;
  if (!proxy) return;  // libcurl reads the environment
  set(CURLOPT_PROXY, proxy->c_str());
  if (!proxy->empty()) set(CURLOPT_NOPROXY, "");  // a proxy that was named is used for every host
}

void CurlTransfer::add_header(std::string_view name, std::string_view value) {
  base::SecretBytes line;  // it may be an Authorization
  line.reserve(name.size() + value.size() + 3);
  line.append(name);
  // libcurl's notation for a field without a value; "Name:" would mean "do not send it".
  line.append(value.empty() ? std::string_view(";") : std::string_view(": "));
  line.append(value);
  line.push_back('\0');
  request_headers_ = curl_slist_append(request_headers_, line.view().data());
}

/// `line` is "Name:", libcurl's notation for a field that it shall not add by itself.
void CurlTransfer::remove_default_header(const char* line) {
  const std::string_view text = line;
  if (request_.headers.find(text.substr(0, text.size() - 1))) return;
  request_headers_ = curl_slist_append(request_headers_, line);
}

}  // namespace edsm::net

#include "net/curl_error.hpp"

#include <system_error>

#include <fmt/format.h>

namespace edsm::net {
namespace {

struct Class {
  base::Failure failure;
  const char* code;
};

Class classify(CURLcode code) {
  using base::Failure;
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return {Failure::transient, "Timeout"};
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_INTERFACE_FAILED:
    case CURLE_OUT_OF_MEMORY:
      return {Failure::transient, "ConnectionFailed"};
    case CURLE_WRITE_ERROR:
      return {Failure::transient, "ResponseTooLarge"};  // only we refuse bytes
    case CURLE_URL_MALFORMAT:
      return {Failure::invalid, "BadUrl"};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
      return {Failure::invalid, "TlsVerification"};
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
      return {Failure::invalid, "TlsConfiguration"};
    // Torn or garbled answers: PARTIAL_FILE, RECV_ERROR, SEND_ERROR, GOT_NOTHING, HTTP2,
    // HTTP2_STREAM, WEIRD_SERVER_REPLY, UNSUPPORTED_PROTOCOL (not HTTP at all) and what is new.
    default:
      return {Failure::transient, "ConnectionLost"};
  }
}

std::string peer(CURL* handle, const Url& url) {
  const char* address = nullptr;
  long port = 0;
  curl_easy_getinfo(handle, CURLINFO_PRIMARY_IP, &address);
  curl_easy_getinfo(handle, CURLINFO_PRIMARY_PORT, &port);
  if (address == nullptr || *address == '\0' || port == 0) {
    return fmt::format("{} port {}", url.host, url.port);
  }
  return fmt::format("{} port {}", address, port);
}

std::string lower_first(std::string text) {
  if (text.size() > 1 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'a' && text[1] <= 'z') {
    text[0] = static_cast<char>(text[0] - 'A' + 'a');
  }
  return text;
}

std::string cause(CURLcode code, CURL* handle, std::string_view detail, const Url& url) {
  std::string said = detail.empty() ? curl_easy_strerror(code) : std::string(detail);
  long number = 0;
  curl_easy_getinfo(handle, CURLINFO_OS_ERRNO, &number);
  if (code == CURLE_COULDNT_CONNECT && number != 0) {
    said = std::generic_category().message(static_cast<int>(number));
  }
  if (code == CURLE_COULDNT_RESOLVE_HOST) return lower_first(std::move(said));
  return fmt::format("{} ({})", lower_first(std::move(said)), peer(handle, url));
}

}  // namespace

std::string name_of(Method method, const Url& url) {
  return fmt::format("{} {}{}", to_string(method), url.origin(), url.path);
}

base::Error curl_error(CURLcode code, CURL* handle, std::string_view detail, Method method,
                       const Url& url) {
  const auto [failure, name] = classify(code);
  return {failure,
          name,
          fmt::format("{}: {}", name_of(method, url), cause(code, handle, detail, url)),
          {}};
}

}  // namespace edsm::net

#include "net/tls_files.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

namespace edsm::net {
namespace {

namespace ssl = boost::asio::ssl;

std::unexpected<base::Error> bad(const std::string& file, const std::string& cause) {
  return base::fail(base::Failure::invalid, "TlsConfiguration",
                    fmt::format("cannot use '{}' for TLS: {}", file, cause));
}

}  // namespace

TlsFiles::Stamp TlsFiles::stamp(const std::string& file) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0) return {};
  return {status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

base::Result<> TlsFiles::load() {
  const Stamps now = stamps();
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  ::SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  boost::system::error_code error;
  context->use_certificate_chain_file(cert_file_, error);
  if (error) return bad(cert_file_, error.message());
  // Also fails if the key is not that of the certificate.
  context->use_private_key_file(key_file_, ssl::context::pem, error);
  if (error) return bad(key_file_, error.message());
  context_ = std::move(context);
  seen_ = now;
  return {};
}

TlsFiles::Context TlsFiles::current() {
  // A pair that does not load (half of it is written) is tried again with the next connection.
  if (stamps() != seen_) (void)load();
  return context_;
}

}  // namespace edsm::net

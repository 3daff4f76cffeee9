#include "net/tls_files.hpp"

#include <boost/asio/buffer.hpp>
#include <fmt/format.h>
#include <sys/stat.h>

#include "base/files.hpp"

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

base::Result<TlsFiles::Context> TlsFiles::read() const {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  ::SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  // What was read last does not stay with an idle connection.
  ::SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);
  boost::system::error_code error;
  // Not by OpenSSL's own functions for files: their buffers are not wiped.
  const auto chain = base::read_file(cert_file_);
  if (!chain) return bad(cert_file_, chain.error().text);
  context->use_certificate_chain(boost::asio::buffer(chain->view()), error);
  if (error) return bad(cert_file_, error.message());
  const auto key = base::read_file(key_file_);
  if (!key) return bad(key_file_, key.error().text);
  // Also fails if the key is not that of the certificate.
  context->use_private_key(boost::asio::buffer(key->view()), ssl::context::pem, error);
  if (error) return bad(key_file_, error.message());
  return context;
}

base::Result<> TlsFiles::load() {
  const Stamps now = stamps();
  auto context = read();
  tried_ = now;
  if (!context) return std::unexpected(std::move(context.error()));
  context_ = std::move(*context);
  seen_ = now;
  return {};
}

TlsFiles::Context TlsFiles::current() {
  const auto now = stamps();
  if (now == seen_) return context_;
  // A pair that does not load (half of it is written) is tried again, but told of once.
  const bool news = now != tried_;
  const auto loaded = load();
  if (on_certificate_ && (news || loaded)) on_certificate_(loaded);
  return context_;
}

}  // namespace edsm::net

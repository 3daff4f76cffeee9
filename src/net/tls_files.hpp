#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include <boost/asio/ssl/context.hpp>

#include "base/error.hpp"
#include "net/server.hpp"

namespace edsm::net {

/// A server's certificate and key, read again when their files change (a mounted Secret is swapped
/// under us at each renewal). A bad new pair is ignored: the old one stays in use.
class TlsFiles {
 public:
  using Context = std::shared_ptr<boost::asio::ssl::context>;

  TlsFiles(std::string cert_file, std::string key_file, OnCertificate on_certificate = {})
      : cert_file_(std::move(cert_file)),
        key_file_(std::move(key_file)),
        on_certificate_(std::move(on_certificate)) {}

  /// Failure::invalid, code "TlsConfiguration", naming the file.
  base::Result<> load();
  /// For the next connection. Connections keep the context that they began with.
  Context current();

 private:
  struct Stamp {
    std::uint64_t inode = 0;
    std::int64_t size = -1;
    std::int64_t seconds = 0;
    std::int64_t nanoseconds = 0;
    bool operator==(const Stamp&) const = default;
  };
  using Stamps = std::array<Stamp, 2>;

  base::Result<Context> read() const;
  static Stamp stamp(const std::string& file);
  Stamps stamps() const { return {stamp(cert_file_), stamp(key_file_)}; }

  std::string cert_file_;
  std::string key_file_;
  OnCertificate on_certificate_;
  Stamps seen_;   ///< of the pair in use
  Stamps tried_;  ///< of the pair that was told of last
  Context context_;
};

}  // namespace edsm::net

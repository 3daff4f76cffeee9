#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"
#include "kube/files.hpp"

namespace edsm::kube {

/// A bearer token that is fixed or lies in a file, which the kubelet replaces (client-go:
/// transport/token_source.go): read again when our copy is older than 60 s or was rejected; the
/// old one is kept as long as that fails.
class TokenFile {
 public:
  /// `path` empty: always `fixed`, which else serves until the file can be read.
  TokenFile(std::string path, base::SecretBytes fixed, ReadFile read)
      : path_(std::move(path)), token_(std::move(fixed)), read_(std::move(read)) {}

  /// Fails only if there is no token at all. Valid until the next call.
  base::Result<std::string_view> get(base::Instant now);
  void rejected(base::Instant when);
  bool configured() const { return !path_.empty() || !token_.empty(); }

 private:
  std::string path_;
  base::SecretBytes token_;
  ReadFile read_;
  std::optional<base::Instant> read_at_;
};

}  // namespace edsm::kube

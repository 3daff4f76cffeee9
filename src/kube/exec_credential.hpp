#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"
#include "kube/config.hpp"

namespace edsm::kube {

/// What an exec plugin printed (client-go: pkg/apis/clientauthentication/v1/types.go).
struct ExecCredential {
  base::SecretBytes token;
  base::SecretBytes cert_pem;
  base::SecretBytes key_pem;
  std::optional<base::WallTime> expiry;
};

/// Why such a plugin cannot be used, with the remedy; empty if it can.
std::string check_exec_plugin(const ExecPlugin& plugin);

/// The value of KUBERNETES_EXEC_INFO.
std::string exec_info(const ExecPlugin& plugin);

/// Failure::credentials, code "ExecPlugin", if the output is not what the protocol demands. The
/// text never quotes it.
base::Result<ExecCredential> parse_exec_credential(std::string_view output,
                                                   std::string_view api_version);

}  // namespace edsm::kube

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

/// As whom a SecretStore of External Secrets reads from AWS. Pure.
namespace edsm::cli {

struct StoreIdentity {
  std::string role;         ///< for cloudProviderOptions.roleARN; empty: the controller as itself
  std::string external_id;  ///< for externalID; empty without a role
  std::vector<std::string> lost;  ///< what EDSM has nothing for, and what takes its place
};

/// `aws` is the store's spec.provider.aws, `path` what is read by it.
StoreIdentity read_identity(const boost::json::value& aws, std::string_view path);

}  // namespace edsm::cli

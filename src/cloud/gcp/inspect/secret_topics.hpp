#pragma once

#include <string>
#include <vector>

#include "cloud/gcp/client.hpp"
#include "cloud/gcp/names.hpp"

namespace edsm::cloud::gcp {

/// Where a secret sends its notifications.
struct SecretTopics {
  std::string number;               ///< of its project, as the answer says
  std::vector<std::string> topics;  ///< "projects/P/topics/T"
};

/// secretmanager.secrets.get. `secrets` is a client of the secret's location.
base::Task<base::Result<SecretTopics>> read_topics(Client& secrets, SecretName name);

}  // namespace edsm::cloud::gcp

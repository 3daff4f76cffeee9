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

/// secretmanager.secrets.get, for a client of the secret's location, and what its answer says.
Call topics_call(const SecretName& name);
SecretTopics parse_topics(const boost::json::value& json);

}  // namespace edsm::cloud::gcp

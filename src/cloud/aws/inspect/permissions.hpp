#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cloud/aws/client.hpp"

namespace edsm::cloud::aws {

/// One action that was tried in a way that changes nothing and gives no value. The service looks at
/// rights first; whatever else it finds wrong with the call does not matter here.
struct Trial {
  enum class Outcome : std::uint8_t { permitted, denied, unclear };
  std::string action;  ///< "sqs:DeleteMessage"
  Outcome outcome = Outcome::permitted;
  std::string why;  ///< if it is not permitted
};

/// Receives nothing, deletes and holds a message that cannot exist.
base::Task<std::vector<Trial>> try_queue(Client& sqs, std::string queue_url);

/// Of all secrets at once: a batch of a name that no secret can have, and one line of the list.
base::Task<std::vector<Trial>> try_all_secrets(Client& secrets);

/// Asks for a value with a label that no version has: an answer needs the right, and there is no
/// value to give.
base::Task<Trial> try_secret(Client& secrets, std::string id);

}  // namespace edsm::cloud::aws

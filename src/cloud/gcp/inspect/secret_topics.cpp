#include "cloud/gcp/inspect/secret_topics.hpp"

#include <utility>

namespace edsm::cloud::gcp {

base::Task<base::Result<SecretTopics>> read_topics(Client& secrets, SecretName name) {
  Call call("GetSecret", path_to(name.resource()));
  const auto answer = co_await secrets.call(std::move(call));
  if (!answer) co_return std::unexpected(answer.error());
  SecretTopics found;
  const auto told = parse_secret_name(base::string_at(answer->root(), "name"));
  if (told && is_project_number(told->project)) found.number = told->project;
  if (const auto* const topics = base::array_at(answer->root(), "topics")) {
    for (const auto& each : *topics) found.topics.emplace_back(base::string_at(each, "name"));
  }
  co_return found;
}

}  // namespace edsm::cloud::gcp

#include "cloud/gcp/inspect/secret_topics.hpp"

namespace edsm::cloud::gcp {

Call topics_call(const SecretName& name) {
  return {"GetSecret", path_to(name.resource())};
}

SecretTopics parse_topics(const boost::json::value& json) {
  SecretTopics found;
  const auto told = parse_secret_name(base::string_at(json, "name"));
  if (told && is_project_number(told->project)) found.number = told->project;
  if (const auto* const topics = base::array_at(json, "topics")) {
    for (const auto& each : *topics) found.topics.emplace_back(base::string_at(each, "name"));
  }
  return found;
}

}  // namespace edsm::cloud::gcp

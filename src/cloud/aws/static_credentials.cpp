#include "cloud/aws/static_credentials.hpp"

#include <fmt/format.h>

namespace edsm::cloud::aws {
namespace {

using base::Failure;

/// The keys of one section, if it has any.
std::optional<Credentials> keys_of(const Section& section) {
  const auto get = [&section](std::string_view key) {
    const auto found = section.find(key);
    return found == section.end() ? std::string_view() : std::string_view(found->second);
  };
  if (get("aws_access_key_id").empty() || get("aws_secret_access_key").empty()) return std::nullopt;
  Credentials keys;
  keys.access_key_id = get("aws_access_key_id");
  keys.secret_access_key.append(get("aws_secret_access_key"));
  keys.session_token.append(get("aws_session_token"));
  return keys;
}

std::optional<Credentials> keys_in(std::string_view text, const std::vector<std::string>& names) {
  const auto sections = parse_ini(text);
  if (!sections) return std::nullopt;
  for (const auto& name : names) {
    const auto found = sections->find(name);
    if (found == sections->end()) continue;
    if (auto keys = keys_of(found->second)) return keys;
  }
  return std::nullopt;
}

}  // namespace

base::Task<base::Result<Credentials>> EnvironmentCredentials::get() {
  Credentials copy;
  copy.access_key_id = source_.keys.access_key_id;
  copy.secret_access_key = source_.keys.secret_access_key.clone();
  copy.session_token = source_.keys.session_token.clone();
  copy.expires = source_.keys.expires;
  co_return copy;
}

base::Task<base::Result<Credentials>> ProfileCredentials::get() {
  co_return read();
}

base::Result<Credentials> ProfileCredentials::read() const {
  const std::string& profile = source_.profile;
  if (const auto text = read_(source_.paths.credentials)) {
    if (auto keys = keys_in(text->view(), {profile})) return std::move(*keys);
  }
  if (const auto text = read_(source_.paths.config)) {
    const std::string name = profile == "default" ? profile : "profile " + profile;
    if (auto keys = keys_in(text->view(), {name})) return std::move(*keys);
  }
  return base::fail(
      Failure::credentials, "NoProfileKeys",
      fmt::format("the profile \"{}\" has no aws_access_key_id and aws_secret_access_key any more, "
                  "neither in {} nor in {}",
                  profile, source_.paths.credentials, source_.paths.config));
}

}  // namespace edsm::cloud::aws

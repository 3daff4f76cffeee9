#include "cloud/aws/sts.hpp"

#include <fmt/format.h>

#include "base/time.hpp"
#include "cloud/aws/text.hpp"
#include "cloud/aws/xml.hpp"
#include "net/url.hpp"

namespace edsm::cloud::aws {
namespace {

void append(base::SecretBytes& form, std::string_view name, std::string_view value) {
  form.append("&");
  form.append(name);
  form.append("=");
  // Chunks keep a token from lying around in one unwiped piece of its full length.
  constexpr std::size_t chunk = 8;
  for (std::size_t at = 0; at < value.size(); at += chunk)
    form.append(net::percent_encode(value.substr(at, chunk)));
}

base::SecretBytes form_of(std::string_view action, const RoleRequest& role) {
  base::SecretBytes form;
  form.append("Action=");
  form.append(action);
  append(form, "Version", "2011-06-15");
  append(form, "RoleArn", role.role_arn);
  append(form, "RoleSessionName", role.session_name);
  if (role.duration) append(form, "DurationSeconds", fmt::format("{}", role.duration->count()));
  return form;
}

base::SecretBytes member(std::string_view xml, std::string_view name) {
  const auto raw = xml_element(xml, name);
  return raw ? xml_unescape(trim(*raw)) : base::SecretBytes();
}

}  // namespace

base::SecretBytes assume_role_form(const RoleRequest& role) {
  auto form = form_of("AssumeRole", role);
  if (!role.external_id.empty()) append(form, "ExternalId", role.external_id);
  for (std::size_t i = 0; i < role.tags.size(); ++i) {
    const auto& [key, value] = role.tags[i];
    append(form, fmt::format("Tags.member.{}.Key", i + 1), key);
    append(form, fmt::format("Tags.member.{}.Value", i + 1), value);
  }
  return form;
}

base::SecretBytes web_identity_form(const RoleRequest& role, std::string_view token) {
  auto form = form_of("AssumeRoleWithWebIdentity", role);
  append(form, "WebIdentityToken", token);
  return form;
}

base::Result<Credentials> parse_sts_answer(std::string_view xml, std::string_view operation) {
  const auto malformed = [&operation](std::string_view why) {
    return base::fail(base::Failure::credentials, "MalformedCredentials",
                      fmt::format("sts {} was answered {}", operation, why));
  };
  const auto element = xml_element(xml, "Credentials");
  if (!element) return malformed("without credentials");
  Credentials credentials;
  credentials.access_key_id = member(*element, "AccessKeyId").view();
  credentials.secret_access_key = member(*element, "SecretAccessKey");
  credentials.session_token = member(*element, "SessionToken");
  credentials.expires = base::parse_rfc3339(member(*element, "Expiration").view());
  const bool complete = !credentials.access_key_id.empty() &&
                        !credentials.secret_access_key.empty() &&
                        !credentials.session_token.empty();
  if (!complete) return malformed("with incomplete credentials");
  if (!credentials.expires) return malformed("with an unreadable Expiration");
  return credentials;
}

}  // namespace edsm::cloud::aws

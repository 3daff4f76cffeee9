#include "cloud/aws/sts.hpp"

#include <fmt/format.h>

#include "base/time.hpp"
#include "cloud/aws/text.hpp"
#include "cloud/aws/xml.hpp"
#include "cloud/oauth/exchange.hpp"

namespace edsm::cloud::aws {
namespace {

oauth::Form form_of(std::string_view action, const RoleRequest& role) {
  oauth::Form form;
  form.add("Action", action)
      .add("Version", "2011-06-15")
      .add("RoleArn", role.role_arn)
      .add("RoleSessionName", role.session_name);
  if (role.duration) form.add("DurationSeconds", fmt::format("{}", role.duration->count()));
  return form;
}

base::SecretBytes member(std::string_view xml, std::string_view name) {
  const auto raw = xml_element(xml, name);
  return raw ? xml_unescape(trim(*raw)) : base::SecretBytes();
}

}  // namespace

base::SecretBytes assume_role_form(const RoleRequest& role) {
  auto form = form_of("AssumeRole", role);
  if (!role.external_id.empty()) form.add("ExternalId", role.external_id);
  for (std::size_t i = 0; i < role.tags.size(); ++i) {
    const auto& [key, value] = role.tags[i];
    form.add(fmt::format("Tags.member.{}.Key", i + 1), key);
    form.add(fmt::format("Tags.member.{}.Value", i + 1), value);
  }
  return std::move(form).take();
}

base::SecretBytes web_identity_form(const RoleRequest& role, std::string_view token) {
  auto form = form_of("AssumeRoleWithWebIdentity", role);
  form.add("WebIdentityToken", token);
  return std::move(form).take();
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

#include "cloud/aws/credential_source.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/time.hpp"
#include "cloud/aws/container_credentials.hpp"
#include "cloud/aws/process_credentials.hpp"
#include "cloud/aws/text.hpp"

namespace edsm::cloud::aws {
namespace {

using base::Result;
using std::chrono::seconds;
/// nullopt: not configured, look further.
using Found = Result<std::optional<CredentialSource>>;

std::unexpected<base::Error> incomplete(std::string text) {
  return base::fail(base::Failure::invalid, "IncompleteCredentials", std::move(text));
}

constexpr std::string_view default_session_name = "edsm";

bool valid_session_name(std::string_view name) {
  return name.size() >= 2 && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
           return is_alnum(c) || std::string_view("_+=,.@-").contains(c);
         });
}

Result<std::string> checked_session_name(std::optional<std::string> name, std::string_view origin) {
  if (!name) return std::string(default_session_name);
  if (valid_session_name(*name)) return std::move(*name);
  return incomplete(fmt::format("{} must be 2 to 64 letters, digits or _+=,.@-", origin));
}

Found from_environment(const Getenv& env) {
  const auto id = lookup(env, "AWS_ACCESS_KEY_ID");
  auto secret = lookup(env, "AWS_SECRET_ACCESS_KEY");
  if (!id && !secret) return std::nullopt;
  if (!id || !secret) {
    return incomplete(fmt::format("{} is set without {}: set both or none",
                                  id ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
                                  id ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID"));
  }
  StaticKeys source;
  source.keys.access_key_id = *id;
  source.keys.secret_access_key.append(*secret);
  if (const auto token = lookup(env, "AWS_SESSION_TOKEN")) source.keys.session_token.append(*token);
  if (const auto expiry = lookup(env, "AWS_CREDENTIAL_EXPIRATION")) {
    source.keys.expires = base::parse_rfc3339(*expiry);
    if (!source.keys.expires) return incomplete("AWS_CREDENTIAL_EXPIRATION is no RFC 3339 time");
  }
  return CredentialSource(std::move(source));
}

Found from_web_identity_environment(const Getenv& env) {
  const auto file = lookup(env, "AWS_WEB_IDENTITY_TOKEN_FILE");
  const auto role = lookup(env, "AWS_ROLE_ARN");
  if (!file) return std::nullopt;
  if (!role) {
    return incomplete(
        "AWS_WEB_IDENTITY_TOKEN_FILE is set without AWS_ROLE_ARN: annotate the service account "
        "with "
        "eks.amazonaws.com/role-arn, or unset it");
  }
  auto session =
      checked_session_name(lookup(env, "AWS_ROLE_SESSION_NAME"), "AWS_ROLE_SESSION_NAME");
  if (!session) return std::unexpected(std::move(session.error()));
  return CredentialSource(WebIdentitySource{*role, *file, std::move(*session), std::nullopt});
}

Found from_container(const Getenv& env) {
  const auto relative = lookup(env, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const auto full = lookup(env, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (!relative && !full) return std::nullopt;
  ContainerSource source;
  source.url = relative ? "http://169.254.170.2" + *relative : *full;
  if (auto allowed = check_container_url(source.url); !allowed) {
    return std::unexpected(std::move(allowed.error()));
  }
  source.token_file = lookup(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").value_or("");
  source.token.append(lookup(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN").value_or(""));
  return CredentialSource(std::move(source));
}

Found from_instance(const Getenv& env) {
  const auto disabled = lookup(env, "AWS_EC2_METADATA_DISABLED");
  if (disabled && !same_ignoring_case(*disabled, "false")) return std::nullopt;
  InstanceSource source;
  const auto mode = lookup(env, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE").value_or("IPv4");
  if (!same_ignoring_case(mode, "ipv4") && !same_ignoring_case(mode, "ipv6")) {
    return incomplete("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE must be IPv4 or IPv6");
  }
  source.endpoint =
      same_ignoring_case(mode, "ipv6") ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
  if (auto endpoint = lookup(env, "AWS_EC2_METADATA_SERVICE_ENDPOINT"))
    source.endpoint = std::move(*endpoint);
  while (source.endpoint.ends_with('/')) source.endpoint.pop_back();
  const auto number = [&env](std::string_view variable, std::int64_t fallback) {
    const auto text = lookup(env, variable);
    const auto value = text ? parse_number(*text) : std::nullopt;
    return std::clamp<std::int64_t>(value.value_or(fallback), 1, 60);
  };
  source.timeout = seconds(number("AWS_METADATA_SERVICE_TIMEOUT", 1));
  source.attempts = static_cast<int>(number("AWS_METADATA_SERVICE_NUM_ATTEMPTS", 1));
  return CredentialSource(std::move(source));
}

/// Follows a profile and the profiles that it names.
class ProfileResolver {
 public:
  ProfileResolver(const Getenv& env, const SharedConfig& config, const SharedConfigPaths& paths)
      : env_(env), config_(config), paths_(paths) {}

  Found resolve(const std::string& name) {
    const Section* const profile = config_.find_profile(name);
    if (profile == nullptr) return std::nullopt;
    if (!visited_.insert(name).second) {
      return incomplete(
          fmt::format("the profile \"{}\" is its own source_profile, by way of others", name));
    }
    if (!get(*profile, "role_arn").empty()) return role(name, *profile);
    if (!get(*profile, "aws_access_key_id").empty()) return keys(name, *profile);
    if (const auto command = get(*profile, "credential_process"); !command.empty()) {
      auto argv = split_command(command);
      if (!argv) return base::fail(std::move(argv.error()), fmt::format("profile \"{}\"", name));
      return CredentialSource(ProcessSource{std::move(*argv)});
    }
    if (profile->contains("sso_session") || profile->contains("sso_start_url")) {
      return incomplete(
          fmt::format("the profile \"{}\" signs in by SSO, which needs a browser; give the "
                      "controller a role instead",
                      name));
    }
    return std::nullopt;
  }

 private:
  static std::string get(const Section& section, std::string_view key) {
    const auto found = section.find(key);
    return found == section.end() ? std::string() : found->second;
  }
  static std::optional<std::string> maybe(const Section& section, std::string_view key) {
    auto value = get(section, key);
    if (value.empty()) return std::nullopt;
    return value;
  }

  Found keys(const std::string& name, const Section& profile) const {
    if (get(profile, "aws_secret_access_key").empty()) {
      return incomplete(fmt::format(
          "the profile \"{}\" has aws_access_key_id without aws_secret_access_key", name));
    }
    return CredentialSource(ProfileKeys{name, paths_});
  }

  static Result<std::optional<seconds>> duration(const std::string& name, const Section& profile) {
    const auto text = maybe(profile, "duration_seconds");
    if (!text) return std::nullopt;
    const auto value = parse_number(*text);
    if (!value || *value < 900 || *value > 43200) {
      return incomplete(
          fmt::format("duration_seconds of the profile \"{}\" must be 900 to 43200", name));
    }
    return seconds(*value);
  }

  Found role(const std::string& name, const Section& profile) {
    const std::string where = fmt::format("the profile \"{}\"", name);
    if (profile.contains("mfa_serial")) {
      return incomplete(
          where + " has mfa_serial, and nobody is here to type a code; use a role without MFA");
    }
    auto session =
        checked_session_name(maybe(profile, "role_session_name"), where + ": role_session_name");
    if (!session) return std::unexpected(std::move(session.error()));
    const auto time = duration(name, profile);
    if (!time) return std::unexpected(time.error());
    const std::string role_arn = get(profile, "role_arn");
    const std::string source_profile = get(profile, "source_profile");
    const std::string source = get(profile, "credential_source");
    const std::string token_file = get(profile, "web_identity_token_file");
    const auto given = static_cast<int>(!source_profile.empty()) +
                       static_cast<int>(!source.empty()) + static_cast<int>(!token_file.empty());
    if (given != 1) {
      return incomplete(
          where +
          " has role_arn, which needs exactly one of source_profile, credential_source and "
          "web_identity_token_file");
    }
    if (!token_file.empty()) {
      return CredentialSource(WebIdentitySource{role_arn, token_file, std::move(*session), *time});
    }
    auto base = source.empty() ? from_source_profile(name, source_profile, profile)
                               : named_source(where, source);
    if (!base) return std::unexpected(std::move(base.error()));
    return CredentialSource(std::make_unique<AssumeRoleSource>(AssumeRoleSource{
        role_arn, std::move(*session), get(profile, "external_id"), *time, std::move(*base)}));
  }

  Result<CredentialSource> from_source_profile(const std::string& name, const std::string& source,
                                               const Section& profile) {
    // A profile may name itself, when it has keys.
    auto found = source == name ? keys(name, profile) : resolve(source);
    if (!found) return std::unexpected(std::move(found.error()));
    if (!*found) {
      return incomplete(fmt::format(
          "source_profile \"{}\" of the profile \"{}\" has no credentials", source, name));
    }
    return std::move(**found);
  }

  Result<CredentialSource> named_source(const std::string& where, const std::string& source) const {
    Found found = std::nullopt;
    if (source == "Environment") {
      found = from_environment(env_);
    } else if (source == "EcsContainer") {
      found = from_container(env_);
    } else if (source == "Ec2InstanceMetadata") {
      found = from_instance(env_);
    } else {
      return incomplete(
          where + ": credential_source must be Environment, EcsContainer or Ec2InstanceMetadata");
    }
    if (!found) return std::unexpected(std::move(found.error()));
    if (!*found)
      return incomplete(fmt::format("{}: credential_source {} is not there", where, source));
    return std::move(**found);
  }

  const Getenv& env_;
  const SharedConfig& config_;
  const SharedConfigPaths& paths_;
  std::set<std::string> visited_;
};

}  // namespace

Result<CredentialSource> choose_credential_source(const Getenv& env, const SharedConfig& config,
                                                  const SharedConfigPaths& paths) {
  const auto profile = [&] { return ProfileResolver(env, config, paths).resolve(paths.profile); };
  const std::array<std::function<Found()>, 5> order = {
      [&] { return from_environment(env); }, [&] { return from_web_identity_environment(env); },
      profile, [&] { return from_container(env); }, [&] { return from_instance(env); }};
  for (const auto& step : order) {
    auto found = step();
    if (!found) return std::unexpected(std::move(found.error()));
    if (*found) return std::move(**found);
  }
  return incomplete(
      "no AWS credentials are configured: bind the service account to a role (IRSA or EKS Pod "
      "Identity), or "
      "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
}

}  // namespace edsm::cloud::aws

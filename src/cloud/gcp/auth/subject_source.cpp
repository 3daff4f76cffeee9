#include "cloud/gcp/auth/subject_source.hpp"

#include <fmt/format.h>

#include "base/json.hpp"
#include "cloud/gcp/auth/trusted_url.hpp"
#include "net/url.hpp"

namespace edsm::cloud::gcp::auth {
namespace {

using base::Result;
using boost::json::value;

std::unexpected<base::Error> invalid(std::string text) {
  return base::fail(base::Failure::invalid, "InvalidCredentialFile", std::move(text));
}

Result<SubjectFormat> read_format(const value& source) {
  const auto type = base::string_at(source, "format.type");
  if (type.empty() || type == "text") return SubjectFormat{};
  SubjectFormat format{std::string(base::string_at(source, "format.subject_token_field_name"))};
  if (type == "json" && !format.json_member.empty()) return format;
  return invalid(
      "credential_source.format.type must be \"text\", or \"json\" with subject_token_field_name");
}

Result<SubjectSource> read_file_source(const value& source) {
  auto format = read_format(source);
  if (!format) return std::unexpected(std::move(format.error()));
  return FileSubject{std::string(base::string_at(source, "file")), std::move(*format)};
}

Result<SubjectSource> read_url_source(const value& source) {
  auto format = read_format(source);
  if (!format) return std::unexpected(std::move(format.error()));
  UrlSubject subject{std::string(base::string_at(source, "url")), {}, std::move(*format)};
  if (auto trusted = check_subject_url(subject.url, "credential_source.url"); !trusted) {
    return std::unexpected(std::move(trusted.error()));
  }
  if (const auto* const headers = base::object_at(source, "headers")) {
    for (const auto& [name, text] : *headers) {
      if (!text.is_string()) return invalid("credential_source.headers must be strings");
      subject.headers.push_back({std::string(name), std::string(text.get_string())});
    }
  }
  return subject;
}

/// Keys count only as a pair, as in Google's libraries.
void read_aws_keys(const Getenv& env, AwsSubject& subject) {
  const auto id = lookup(env, "AWS_ACCESS_KEY_ID");
  const auto secret = lookup(env, "AWS_SECRET_ACCESS_KEY");
  if (!id || !secret) return;
  subject.access_key_id = *id;
  subject.secret_access_key.append(*secret);
  if (const auto token = lookup(env, "AWS_SESSION_TOKEN")) subject.session_token.append(*token);
}

Result<SubjectSource> read_aws_source(const value& source, const Getenv& env) {
  if (base::string_at(source, "environment_id") != "aws1") {
    return invalid("credential_source.environment_id must be \"aws1\"");
  }
  AwsSubject subject;
  subject.verification_url = base::string_at(source, "regional_cred_verification_url");
  if (!subject.verification_url.starts_with("https://")) {
    return invalid("credential_source.regional_cred_verification_url must be an https URL");
  }
  subject.region = lookup(env, "AWS_REGION").value_or("");
  if (subject.region.empty()) subject.region = lookup(env, "AWS_DEFAULT_REGION").value_or("");
  read_aws_keys(env, subject);
  for (const std::string_view member : {"region_url", "url", "imdsv2_session_token_url"}) {
    const auto url = base::string_at(source, member);
    if (url.empty()) continue;
    if (auto ec2 = check_ec2_url(url, fmt::format("credential_source.{}", member)); !ec2) {
      return std::unexpected(std::move(ec2.error()));
    }
    if (const auto parsed = net::Url::parse(url)) subject.metadata = parsed->origin();
  }
  const bool complete = !subject.region.empty() && !subject.access_key_id.empty();
  if (!complete && subject.metadata.empty()) {
    return invalid(
        "AWS's keys or region are not in the environment, and credential_source has no url of "
        "EC2's instance metadata; set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION");
  }
  return subject;
}

}  // namespace

Result<SubjectSource> read_subject_source(const value& root, const Getenv& env) {
  const value* const source = base::find(root, "credential_source");
  if (source == nullptr || !source->is_object()) return invalid("credential_source must be there");
  if (base::find(*source, "executable") != nullptr) {
    return invalid(
        "credential_source runs a program, which is refused: whoever can write this file could run "
        "any; have the program write a file, and name that");
  }
  if (base::find(*source, "certificate") != nullptr) {
    return invalid(
        "credential_source is a certificate, which is not supported; use a file, a url or AWS");
  }
  if (base::find(*source, "environment_id") != nullptr) return read_aws_source(*source, env);
  const bool file = !base::string_at(*source, "file").empty();
  const bool url = !base::string_at(*source, "url").empty();
  if (file == url) return invalid("credential_source needs one of file, url and environment_id");
  if (file) return read_file_source(*source);
  return read_url_source(*source);
}

}  // namespace edsm::cloud::gcp::auth

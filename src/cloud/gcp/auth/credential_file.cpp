#include "cloud/gcp/auth/credential_file.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "base/json.hpp"
#include "cloud/gcp/auth/subject_source.hpp"
#include "cloud/gcp/auth/trusted_url.hpp"
#include "cloud/oauth/jwt.hpp"
#include "cloud/text.hpp"

namespace edsm::cloud::gcp::auth {
namespace {

using base::Result;
using boost::json::value;

constexpr std::size_t max_size = std::size_t{16} << 10U;
constexpr std::string_view known_types =
    "service_account, external_account, impersonated_service_account or authorized_user";

std::unexpected<base::Error> invalid(std::string text) {
  return base::fail(base::Failure::invalid, "InvalidCredentialFile", std::move(text));
}

/// Fit to be shown: a type is a word.
bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= 40 &&
         std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '_' || c == '-'; });
}

class Parser {
 public:
  Parser(const std::string& universe, const Getenv& env) : universe_(universe), env_(env) {}

  Result<CredentialFile> file(const value& root) const {
    if (!root.is_object()) return invalid("it is no JSON object");
    const auto universe = base::string_at(root, "universe_domain");
    if (!universe.empty() && universe != universe_) {
      return invalid(
          "universe_domain is not the one whose hosts are trusted; if it is meant, set "
          "GOOGLE_CLOUD_UNIVERSE_DOMAIN to the same");
    }
    auto found = source(root);
    if (!found) return std::unexpected(std::move(found.error()));
    return CredentialFile{std::move(*found), std::string(base::string_at(root, "project_id")),
                          std::string(base::string_at(root, "quota_project_id"))};
  }

 private:
  Result<TokenSource> source(const value& root) const {
    const auto type = base::string_at(root, "type");
    if (type == "service_account") return key(root);
    if (type == "authorized_user") return user(root);
    if (type == "external_account") return federation(root);
    if (type == "impersonated_service_account") return impersonation(root);
    if (type.empty()) {
      return invalid(fmt::format("type is missing; expected {}", known_types));
    }
    return invalid(fmt::format("its type {} is not supported; use {}",
                               is_word(type) ? fmt::format("\"{}\"", type) : "(unreadable)",
                               known_types));
  }

  Result<TokenSource> key(const value& root) const {
    KeySource key;
    key.email = base::string_at(root, "client_email");
    key.key_id = base::string_at(root, "private_key_id");
    key.private_key.append(base::string_at(root, "private_key"));
    if (key.email.empty() || key.private_key.empty()) {
      return invalid("client_email and private_key must be there; download the key again");
    }
    if (auto good = oauth::check_private_key(key.private_key.view()); !good) {
      return std::unexpected(std::move(good.error()));
    }
    auto url = token_url(root, "token_uri", oauth_service, "/token");
    if (!url) return std::unexpected(std::move(url.error()));
    key.token_url = std::move(*url);
    key.self_signed = universe_ != default_universe;
    return key;
  }

  Result<TokenSource> user(const value& root) const {
    UserSource user;
    user.client_id = base::string_at(root, "client_id");
    user.client_secret.append(base::string_at(root, "client_secret"));
    user.refresh_token.append(base::string_at(root, "refresh_token"));
    if (user.client_id.empty() || user.client_secret.empty() || user.refresh_token.empty()) {
      return invalid(
          "client_id, client_secret and refresh_token must be there; run `gcloud auth "
          "application-default login` again");
    }
    auto url = token_url(root, "token_uri", oauth_service, "/token");
    if (!url) return std::unexpected(std::move(url.error()));
    user.token_url = std::move(*url);
    return user;
  }

  Result<TokenSource> federation(const value& root) const {
    FederationSource pool;
    pool.audience = base::string_at(root, "audience");
    pool.subject_token_type = base::string_at(root, "subject_token_type");
    if (pool.audience.empty() || pool.subject_token_type.empty()) {
      return invalid(
          "audience and subject_token_type must be there; make the file with `gcloud iam "
          "workload-identity-pools create-cred-config`");
    }
    auto url = token_url(root, "token_url", sts_service, "/v1/token");
    if (!url) return std::unexpected(std::move(url.error()));
    pool.token_url = std::move(*url);
    auto subject = read_subject_source(root, env_);
    if (!subject) return std::unexpected(std::move(subject.error()));
    pool.subject = std::move(*subject);
    pool.client_id = base::string_at(root, "client_id");
    pool.client_secret.append(base::string_at(root, "client_secret"));
    pool.workforce_project = base::string_at(root, "workforce_pool_user_project");

    const auto impersonated = base::string_at(root, "service_account_impersonation_url");
    if (impersonated.empty()) return pool;
    auto account = service_account(impersonated, std::move(pool));
    if (!account) return std::unexpected(std::move(account.error()));
    if (auto read = read_lifetime(root, **account); !read) {
      return std::unexpected(std::move(read.error()));
    }
    return std::move(*account);
  }

  Result<TokenSource> impersonation(const value& root) const {
    const value* const inner = base::find(root, "source_credentials");
    if (inner == nullptr || !inner->is_object()) return invalid("source_credentials must be there");
    if (base::string_at(*inner, "type") == "impersonated_service_account") {
      return invalid(
          "source_credentials are impersonated themselves; name the accounts between in delegates");
    }
    auto found = source(*inner);
    if (!found) return base::fail(std::move(found.error()), "source_credentials");
    auto account = service_account(base::string_at(root, "service_account_impersonation_url"),
                                   std::move(*found));
    if (!account) return std::unexpected(std::move(account.error()));
    if (const auto* const delegates = base::array_at(root, "delegates")) {
      for (const value& delegate : *delegates) {
        if (!delegate.is_string()) return invalid("delegates must be a list of strings");
        (*account)->delegates.emplace_back(delegate.get_string());
      }
    }
    return std::move(*account);
  }

  Result<std::unique_ptr<ImpersonationSource>> service_account(std::string_view url,
                                                               TokenSource inner) const {
    static constexpr std::string_view member = "service_account_impersonation_url";
    static constexpr std::string_view ending = ":generateAccessToken";
    auto expanded = expand(url);
    if (auto trusted = check_token_url(expanded, iam_service, universe_, member); !trusted) {
      return std::unexpected(std::move(trusted.error()));
    }
    if (!expanded.ends_with(ending)) {
      return invalid(fmt::format("{} must end with {}", member, ending));
    }
    auto account = std::make_unique<ImpersonationSource>();
    const auto path = std::string_view(expanded).substr(0, expanded.size() - ending.size());
    account->email = path.substr(path.rfind('/') + 1);
    account->url = std::move(expanded);
    account->base = std::move(inner);
    return account;
  }

  static Result<> read_lifetime(const value& root, ImpersonationSource& account) {
    const auto* const given =
        base::find_path(root, "service_account_impersonation.token_lifetime_seconds");
    if (given == nullptr) return {};
    const auto seconds = base::int_at(root, "service_account_impersonation.token_lifetime_seconds");
    if (!seconds || *seconds < 600 || *seconds > 43200) {
      return invalid("token_lifetime_seconds must be a number from 600 to 43200");
    }
    account.lifetime = std::chrono::seconds(*seconds);
    return {};
  }

  /// The URL that the member names, or else the one of the universe's service.
  Result<std::string> token_url(const value& root, std::string_view member,
                                std::string_view service, std::string_view path) const {
    auto url = expand(base::string_at(root, member));
    if (url.empty()) url = fmt::format("https://{}.{}{}", service, universe_, path);
    if (auto trusted = check_token_url(url, service, universe_, member); !trusted) {
      return std::unexpected(std::move(trusted.error()));
    }
    return url;
  }

  std::string expand(std::string_view url) const {
    static constexpr std::string_view variable = "{universe_domain}";
    std::string text(url);
    if (const auto at = text.find(variable); at != std::string::npos) {
      text.replace(at, variable.size(), universe_);
    }
    return text;
  }

  const std::string& universe_;
  const Getenv& env_;
};

}  // namespace

Result<CredentialFile> parse_credential_file(std::string_view json, const std::string& path,
                                             const std::string& universe, const Getenv& env) {
  if (json.size() > max_size) return invalid(path + " is larger than 16 KiB");
  const auto document = base::JsonDocument::parse(json);
  if (!document) return invalid(path + " is not JSON");
  auto file = Parser(universe, env).file(document->root());
  if (!file) return base::fail(std::move(file.error()), path);
  return file;
}

}  // namespace edsm::cloud::gcp::auth

#include "kube/authority.hpp"

#include <chrono>
#include <utility>

#include <arpa/inet.h>
#include <fmt/format.h>

#include "base/crypto.hpp"
#include "kube/files.hpp"
#include "kube/pem.hpp"
#include "net/url.hpp"

namespace edsm::kube {
namespace {

constexpr base::Duration kBetweenLooks = std::chrono::minutes(5);

/// An address, not a name that looks like one: "127.0.0.1.example.com" is anybody's.
bool is_loopback(const std::string& host) {
  in_addr address{};
  const bool ipv4 = ::inet_pton(AF_INET, host.c_str(), &address) == 1;
  if (ipv4) return (ntohl(address.s_addr) >> 24U) == 127;
  return host == "localhost" || host == "::1";
}

/// Not over the network at all.
bool stays_here(std::string_view text) {
  const auto url = net::Url::parse(text);
  return url && is_loopback(url->host);
}

bool is_private(std::string_view text) {
  const auto url = net::Url::parse(text);
  return url && (url->scheme == "https" || is_loopback(url->host));
}

}  // namespace

std::unique_ptr<Authority> make_authority(Config config, base::Clock& clock,
                                          std::vector<SetTransport> transports) {
  return std::make_unique<ConfigAuthority>(std::move(config), clock,
                                           std::make_unique<base::SpawningRunner>(clock),
                                           std::move(transports));
}

ConfigAuthority::ConfigAuthority(Config config, base::Clock& clock,
                                 std::unique_ptr<base::ProcessRunner> runner,
                                 std::vector<SetTransport> transports)
    : config_(std::move(config)),
      clock_(clock),
      runner_(std::move(runner)),
      transports_(std::move(transports)),
      token_(config_.token_file, std::move(config_.token), config_.read_file),
      looked_(clock.now()) {
  if (config_.exec) exec_ = std::make_unique<ExecSource>(*config_.exec, *runner_, clock_);
}

bool ConfigAuthority::has_credentials() const {
  return exec_ != nullptr || token_.configured() || !config_.username.empty() ||
         !config_.impersonate_user.empty();
}

base::Task<base::Result<>> ConfigAuthority::authorise(net::Request& request) {
  look_at_files();
  if (config_.transport.insecure_skip_verify && !stays_here(request.url)) {
    co_return base::fail(base::Failure::invalid, "UnverifiedServer",
                         fmt::format("{}: insecure-skip-tls-verify is for loopback addresses only; "
                                     "name the cluster's certificate-authority instead",
                                     config_.source));
  }
  if (!has_credentials()) co_return base::Result<>();
  if (!is_private(request.url)) {
    co_return base::fail(base::Failure::invalid, "InsecureServer",
                         fmt::format("{}: credentials are not sent over plain http; use https for "
                                     "the server's address",
                                     config_.source));
  }
  const auto value = co_await authorization();
  if (!value) co_return base::fail(value.error(), config_.source);
  if (!value->empty()) request.headers.set("Authorization", *value);
  if (!config_.impersonate_user.empty()) {
    request.headers.set("Impersonate-User", config_.impersonate_user);
    for (const std::string& group : config_.impersonate_groups) {
      request.headers.add("Impersonate-Group", group);
    }
    if (!config_.impersonate_uid.empty()) {
      request.headers.set("Impersonate-Uid", config_.impersonate_uid);
    }
  }
  co_return base::Result<>();
}

base::Task<base::Result<std::string>> ConfigAuthority::authorization() {
  if (token_.configured()) {
    const auto token = token_.get(clock_.now());
    if (!token) co_return std::unexpected(token.error());
    co_return fmt::format("Bearer {}", *token);
  }
  if (!config_.username.empty()) {
    base::SecretBytes login(config_.username);
    login.push_back(':');
    login.append(config_.password.view());
    co_return "Basic " + base::base64(login.view());
  }
  if (exec_ == nullptr) co_return std::string();
  const auto credential = co_await exec_->get();
  if (!credential) co_return std::unexpected(credential.error());
  const ExecCredential& current = **credential;
  if (exec_generation_ != exec_->generation()) {
    exec_generation_ = exec_->generation();
    if (!config_.transport.client_cert_pem.constant_time_equal(current.cert_pem)) {
      config_.transport.client_cert_pem = current.cert_pem.clone();
      config_.transport.client_key_pem = current.key_pem.clone();
      equip();
    }
  }
  if (current.token.empty()) co_return std::string();
  co_return fmt::format("Bearer {}", current.token.view());
}

void ConfigAuthority::rejected(base::Instant when) {
  token_.rejected(when);
  if (exec_) exec_->rejected(when);
}

/// The files are small and local, and read every five minutes only.
void ConfigAuthority::look_at_files() {
  const base::Instant now = clock_.now();
  if (now - looked_ < kBetweenLooks) return;
  looked_ = now;
  const bool new_ca = take_new_ca();
  const bool new_certificate = take_new_certificate();
  if (new_ca || new_certificate) equip();
}

bool ConfigAuthority::take_new_ca() {
  if (config_.ca_file.empty()) return false;
  const auto pem = config_.read_file(config_.ca_file);
  const bool good =
      pem && pem->view() != config_.transport.ca_pem && holds_certificates(pem->view());
  if (good) config_.transport.ca_pem = pem->view();
  return good;
}

bool ConfigAuthority::take_new_certificate() {
  if (config_.client_cert_file.empty() && config_.client_key_file.empty()) return false;
  net::Transport& transport = config_.transport;
  // Either may be written into the kubeconfig instead of lying in a file.
  base::SecretBytes cert = transport.client_cert_pem.clone();
  base::SecretBytes key = transport.client_key_pem.clone();
  for (const auto& [file, pem] :
       {std::pair(&config_.client_cert_file, &cert), std::pair(&config_.client_key_file, &key)}) {
    if (file->empty()) continue;
    auto content = config_.read_file(*file);
    if (!content) return false;
    *pem = std::move(*content);
  }
  const bool same = cert.constant_time_equal(transport.client_cert_pem) &&
                    key.constant_time_equal(transport.client_key_pem);
  if (same || !pair_matches(cert.view(), key.view())) return false;
  transport.client_cert_pem = std::move(cert);
  transport.client_key_pem = std::move(key);
  return true;
}

void ConfigAuthority::equip() {
  for (const SetTransport& set : transports_) set(config_.transport.clone());
}

}  // namespace edsm::kube

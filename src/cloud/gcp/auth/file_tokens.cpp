#include "cloud/gcp/auth/file_tokens.hpp"

#include "cloud/gcp/auth/credential_file.hpp"
#include "cloud/gcp/auth/token_chain.hpp"

namespace edsm::cloud::gcp::auth {

FileTokens::FileTokens(AdcSettings settings, const AdcDeps& deps)
    : settings_(std::move(settings)),
      deps_(deps),
      inner_(make_provider(std::move(settings_.source), deps_, settings_.read_file)) {}

base::Result<> FileTokens::reread() {
  const auto content = settings_.read_file(settings_.file);
  if (!content) return std::unexpected(content.error());
  const auto hash = base::sha256(content->view());
  if (seen_ == hash) return {};
  auto file = parse_credential_file(content->view(), settings_.file, settings_.universe_domain,
                                    settings_.env);
  if (!file) return std::unexpected(std::move(file.error()));
  inner_ = make_provider(std::move(file->source), deps_, settings_.read_file);
  seen_ = hash;
  return {};
}

base::Task<base::Result<oauth::Token>> FileTokens::get() {
  if (auto read = reread(); !read) co_return std::unexpected(std::move(read.error()));
  // Held, should another caller find a new file meanwhile.
  const auto inner = inner_;
  auto token = co_await inner->get();
  co_return token;
}

}  // namespace edsm::cloud::gcp::auth

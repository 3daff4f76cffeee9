#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "cloud/oauth/token.hpp"

namespace edsm::cloud::oauth {

/// For who has no usable credentials: says why, whenever they are asked for.
class NoTokens final : public TokenProvider {
 public:
  explicit NoTokens(base::Error error) : error_(std::move(error)) {}
  std::string_view name() const override { return "none"; }
  base::Task<base::Result<Token>> get() override { co_return std::unexpected(error_); }

 private:
  base::Error error_;
};

/// Calls `used` at each use: who never uses a cloud never looks for its credentials.
class NoticedTokens final : public TokenProvider {
 public:
  NoticedTokens(std::unique_ptr<TokenProvider> provider, std::function<void()> used)
      : provider_(std::move(provider)), used_(std::move(used)) {}
  std::string_view name() const override { return provider_->name(); }
  base::Task<base::Result<Token>> get() override {
    used_();
    return provider_->get();
  }

 private:
  std::unique_ptr<TokenProvider> provider_;
  std::function<void()> used_;
};

}  // namespace edsm::cloud::oauth

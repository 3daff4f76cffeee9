#pragma once

#include <string>
#include <string_view>

#include "cloud/oauth/token.hpp"

namespace edsm::support {

/// A provider whose answers are numbered: the n-th get gives the token "token-<n>".
class NumberedTokens final : public cloud::oauth::TokenProvider {
 public:
  std::string_view name() const override { return "numbered"; }
  base::Task<base::Result<cloud::oauth::Token>> get() override {
    ++gets;
    if (failing) co_return base::fail(base::Failure::credentials, "Scripted", "scripted failure");
    cloud::oauth::Token token;
    token.value.append("token-" + std::to_string(gets));
    co_return token;
  }

  int gets = 0;
  bool failing = false;
};

}  // namespace edsm::support

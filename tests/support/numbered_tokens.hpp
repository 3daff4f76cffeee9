#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "cloud/oauth/token.hpp"

namespace edsm::support {

/// A provider whose answers are numbered: the n-th get gives the token "<prefix>-<n>".
class NumberedTokens final : public cloud::oauth::TokenProvider {
 public:
  explicit NumberedTokens(std::string prefix = "token") : prefix_(std::move(prefix)) {}
  std::string_view name() const override { return "numbered"; }
  base::Task<base::Result<cloud::oauth::Token>> get() override {
    ++gets;
    if (failing) co_return base::fail(base::Failure::credentials, "Scripted", "scripted failure");
    cloud::oauth::Token token;
    token.value.append(prefix_ + "-" + std::to_string(gets));
    co_return token;
  }

  int gets = 0;
  bool failing = false;

 private:
  std::string prefix_;
};

}  // namespace edsm::support

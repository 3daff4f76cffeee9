#include "cloud/gcp/auth/token_chain.hpp"

#include "cloud/gcp/auth/federated_tokens.hpp"
#include "cloud/gcp/auth/impersonated_tokens.hpp"
#include "cloud/gcp/auth/key_tokens.hpp"
#include "cloud/gcp/auth/user_tokens.hpp"

namespace edsm::cloud::gcp::auth {
namespace {

using Made = std::unique_ptr<oauth::TokenProvider>;

class AnonymousTokens final : public oauth::TokenProvider {
 public:
  std::string_view name() const override { return "anonymous"; }
  base::Task<base::Result<oauth::Token>> get() override { co_return oauth::Token(); }
};

class Maker {
 public:
  Maker(const AdcDeps& deps, const ReadFile& read) : deps_(deps), read_(read) {}

  Made operator()(AnonymousSource /*source*/) { return std::make_unique<AnonymousTokens>(); }
  Made operator()(KeySource source) {
    return std::make_unique<KeyTokens>(std::move(source), deps_.api, deps_.clock);
  }
  Made operator()(UserSource source) {
    return std::make_unique<UserTokens>(std::move(source), deps_.api, deps_.clock);
  }
  Made operator()(MetadataSource source) {
    return std::make_unique<MetadataServer>(std::move(source), deps_.metadata, deps_.clock);
  }
  Made operator()(FederationSource source) {
    return std::make_unique<FederatedTokens>(std::move(source), deps_.api, deps_.metadata, read_,
                                             deps_.clock);
  }
  Made operator()(std::unique_ptr<ImpersonationSource> source) {
    auto base = make_provider(std::move(source->base), deps_, read_);
    return std::make_unique<ImpersonatedTokens>(std::move(*source), std::move(base), deps_.api,
                                                deps_.clock);
  }

 private:
  const AdcDeps& deps_;
  const ReadFile& read_;
};

}  // namespace

std::unique_ptr<oauth::TokenProvider> make_provider(TokenSource source, const AdcDeps& deps,
                                                    const ReadFile& read) {
  return std::visit(Maker(deps, read), std::move(source));
}

}  // namespace edsm::cloud::gcp::auth

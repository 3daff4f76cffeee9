#pragma once

#include <memory>

#include "base/crypto.hpp"
#include "cloud/gcp/auth/adc.hpp"

namespace edsm::cloud::gcp::auth {

/// What a credential file gives. The file is looked at before each token, so that a key that is
/// replaced in its Secret is used without a restart.
class FileTokens final : public oauth::TokenProvider {
 public:
  /// Of settings with a `file`, whose content `settings.source` is.
  FileTokens(AdcSettings settings, const AdcDeps& deps);
  std::string_view name() const override { return inner_->name(); }
  base::Task<base::Result<oauth::Token>> get() override;

 private:
  base::Result<> reread();

  AdcSettings settings_;
  AdcDeps deps_;
  std::optional<base::Sha256> seen_;  ///< of the content that `inner_` is made from
  std::shared_ptr<oauth::TokenProvider> inner_;
};

}  // namespace edsm::cloud::gcp::auth

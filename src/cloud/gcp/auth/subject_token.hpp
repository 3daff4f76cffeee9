#pragma once

#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/task.hpp"
#include "cloud/files.hpp"
#include "cloud/gcp/auth/token_source.hpp"
#include "net/http.hpp"

namespace edsm::cloud::gcp::auth {

/// Gets the token with which somebody else vouches for this workload, anew each time: whoever
/// writes its file rotates it.
class SubjectTokens {
 public:
  /// `audience` is the provider that the token is for; AWS's request names it. `metadata` goes to
  /// this machine and its metadata service without any proxy.
  SubjectTokens(SubjectSource source, std::string audience, net::Http& api, net::Http& metadata,
                ReadFile read, base::Clock& clock)
      : source_(std::move(source)),
        audience_(std::move(audience)),
        api_(api),
        metadata_(metadata),
        read_(std::move(read)),
        clock_(clock) {}
  base::Task<base::Result<base::SecretBytes>> get();

 private:
  base::Task<base::Result<base::SecretBytes>> get_from(const UrlSubject& source);

  SubjectSource source_;
  std::string audience_;
  net::Http& api_;
  net::Http& metadata_;
  ReadFile read_;
  base::Clock& clock_;
};

}  // namespace edsm::cloud::gcp::auth

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/notify.hpp"
#include "base/secret.hpp"
#include "base/task.hpp"
#include "kube/api.hpp"
#include "kube/verdicts.hpp"

namespace edsm::kube {

inline constexpr Resource kTokenReviews{"authentication.k8s.io", "v1", "tokenreviews",
                                        "TokenReview"};
inline constexpr Resource kAccessReviews{"authorization.k8s.io", "v1", "subjectaccessreviews",
                                         "SubjectAccessReview"};

/// Asks the API server whose a bearer token is (TokenReview) and whether they may `get` a path that
/// is no resource (SubjectAccessReview), as others do who serve metrics in a cluster. Needs the
/// rights to create both. Answers are remembered (Verdicts); failures are not.
class TokenAccess {
 public:
  /// The references behind `api` must outlive it.
  TokenAccess(Api api, base::Clock& clock, std::string path);

  /// Errors: those of Api, and Failure::throttled "TooManyReviews" where too many are under way.
  base::Task<base::Result<Verdict>> judge(base::SecretBytes token);

  /// Returns when nothing is under way.
  base::Task<void> idle();

 private:
  base::Task<base::Result<Verdict>> review(std::string_view token);
  base::Task<base::Result<Verdict>> authorise(const boost::json::value& user);

  Api api_;
  base::Clock& clock_;
  std::string path_;
  Verdicts verdicts_;
  std::size_t under_way_ = 0;
  base::Notify ended_;
};

/// The body of a TokenReview.
base::SecretBytes token_review(std::string_view token);
/// The body of a SubjectAccessReview: may `user` (status.user of a TokenReview) get `path`?
base::SecretBytes path_review(const boost::json::value& user, std::string_view path);

}  // namespace edsm::kube

#include "kube/token_file.hpp"

#include <chrono>

#include "kube/files.hpp"

namespace edsm::kube {
namespace {

constexpr base::Duration kFresh = std::chrono::seconds(60);

}  // namespace

base::Result<std::string_view> TokenFile::get(base::Instant now) {
  const bool due = !path_.empty() && (!read_at_ || now - *read_at_ > kFresh);
  if (!due) return token_.view();
  const auto content = read_(path_);
  if (content && !trimmed(content->view()).empty()) {
    token_ = base::SecretBytes(trimmed(content->view()));
    read_at_ = now;
  }
  if (!token_.empty()) return token_.view();
  const std::string cause = content ? path_ + " is empty" : content.error().text;
  return base::fail(base::Failure::credentials, "NoToken", "service account token: " + cause);
}

void TokenFile::rejected(base::Instant when) {
  if (read_at_ && *read_at_ <= when) read_at_.reset();
}

}  // namespace edsm::kube

#include "kube/list_page.hpp"

namespace edsm::kube {
namespace {

/// Tokens are base64url, so the first quote ends one.
std::string_view token_in(std::string_view members) {
  constexpr std::string_view kMember = R"("continue":")";
  const auto at = members.find(kMember);
  if (at == std::string_view::npos) return {};
  const auto text = members.substr(at + kMember.size());
  return text.substr(0, text.find('"'));
}

}  // namespace

std::string_view next_page_token(std::string_view body) {
  // The items are the only array in a list: outside of it no object has a say.
  const auto begin = body.find('[');
  const auto end = body.rfind(']');
  if (begin == std::string_view::npos || end == std::string_view::npos) return {};
  const auto before = token_in(body.substr(0, begin));
  return before.empty() ? token_in(body.substr(end)) : before;
}

}  // namespace edsm::kube

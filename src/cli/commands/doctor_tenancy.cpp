#include "cli/commands/doctor_tenancy.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "cli/commands/estate.hpp"

namespace edsm::cli {
namespace {

constexpr std::string_view kFlag = "--tenancy";

/// What a container is called with, in which the flag and its mode are one word or two.
bool on(const std::vector<std::string>& words) {
  if (std::ranges::find(words, "run") == words.end()) return false;
  std::string mode;
  for (auto at = words.begin(); at != words.end(); ++at) {
    if (at->starts_with(kFlag) && at->substr(kFlag.size()).starts_with("="))
      mode = at->substr(kFlag.size() + 1);
    if (*at == kFlag && std::next(at) != words.end()) mode = *std::next(at);
  }
  return mode == "audit" || mode == "enforce";
}

}  // namespace

bool runs_with_tenancy(const boost::json::value& deployment) {
  const auto* const containers = base::array_at(deployment, "spec.template.spec.containers");
  if (containers == nullptr) return false;
  return std::ranges::any_of(*containers, [](const auto& container) {
    auto words = base::strings_at(container, "command");
    std::ranges::move(base::strings_at(container, "args"), std::back_inserter(words));
    return on(words);
  });
}

base::Task<base::Result<bool>> tenancy_is_on(kube::Api& api, std::string own_namespace) {
  Namespaces own = {std::move(own_namespace)};
  auto pages = co_await list_all(api, kube::kDeployments, std::move(own));
  if (!pages) co_return std::unexpected(std::move(pages.error()));
  bool on = false;
  each_item(*pages, [&](const auto& item) { on = on || runs_with_tenancy(item); });
  co_return on;
}

}  // namespace edsm::cli

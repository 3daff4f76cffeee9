// How secrets are named: by bindings (first line: region, second: name or ARN) and by events
// (rest).
#include <algorithm>

#include "cloud/aws/match.hpp"
#include "target.hpp"

namespace edsm::fuzz {
namespace {

using namespace cloud;

bool meet(const std::vector<std::string>& one, const std::vector<std::string>& other) {
  return std::ranges::any_of(
      one, [&](const auto& key) { return std::ranges::binary_search(other, key); });
}

void check_arn(std::string_view region, std::string_view path) {
  const auto arn = aws::parse_secret_arn(path);
  if (!arn) return;
  must(aws::valid_secret_name(arn->resource), "an ARN names a secret");
  must(arn->account.size() == 12, "an ARN names an account");
  must(aws::means(path, path, "other"), "an ARN means itself");
  aws::HintKeys hint(region);
  hint.add(path);
  must(meet(aws::binding_keys(region, path), std::move(hint).take()), "a hint finds its binding");
}

}  // namespace

void one_input(std::string_view bytes) {
  Input input(bytes);
  const auto region = input.take_line();
  const auto path = input.take_line();
  check_arn(region, path);

  const auto keys = aws::binding_keys(region, path);
  must(!keys.empty() && keys.size() <= 6, "a binding has few keys");
  if (aws::valid_secret_name(path)) {
    aws::HintKeys by_name(region);
    by_name.add(path);
    must(meet(keys, std::move(by_name).take()), "a hint by name finds the binding by name");
  }
  aws::HintKeys hint(region);
  while (!input.empty()) hint.add(input.take_line());
  const auto hint_keys = std::move(hint).take();
  must(hint_keys.size() <= 4 * aws::HintKeys::max_ids, "a hint has a bounded number of keys");
  must(std::ranges::is_sorted(hint_keys), "keys are sorted");
}

}  // namespace edsm::fuzz

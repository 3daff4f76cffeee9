// Bodies of queue messages: anybody who may send to the queue decides what they are.
#include "cloud/aws/events.hpp"

#include <algorithm>

#include "cloud/aws/match.hpp"
#include "target.hpp"

namespace edsm::fuzz {
namespace {

using namespace cloud;

bool printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

void check(const Hint& hint) {
  constexpr std::size_t longest_key = sizeof("aws/") + 63 + 1 + 12 + 1 + 512 + 7;
  must(!hint.match_keys.empty(), "a hint means some secret");
  must(hint.match_keys.size() <= 4 * aws::HintKeys::max_ids, "a hint has a bounded number of keys");
  must(std::ranges::is_sorted(hint.match_keys), "keys are sorted");
  for (const auto& key : hint.match_keys) {
    must(key.starts_with("aws/") && printable(key), "a key is one of ours");
    must(key.size() <= longest_key, "a key has a bounded size");
  }
  must(hint.version.empty() || (hint.version.size() >= 32 && hint.version.size() <= 64),
       "a version is an id or nothing");
  must(hint.cause.size() <= 64 && printable(hint.cause), "a cause is fit for logs");
}
void check(const Irrelevant& irrelevant) {
  must(irrelevant.cause.size() <= 80 && printable(irrelevant.cause), "a cause is fit for logs");
}
void check(const Malformed& malformed) {
  must(malformed.why.size() <= 700 && printable(malformed.why), "a reason is fit for logs");
}

}  // namespace

void one_input(std::string_view bytes) {
  const auto decoded = aws::decode_event(bytes);
  std::visit([](const auto& each) { check(each); }, decoded);
  must(aws::decode_event(bytes).index() == decoded.index(), "decoding is deterministic");
}

}  // namespace edsm::fuzz

// Messages of a queue of Service Bus: events of Event Grid and records of Azure Monitor. Anybody
// who may send to the queue decides what they are.
#include <algorithm>

#include "cloud/azure/events.hpp"
#include "cloud/azure/names.hpp"
#include "target.hpp"

namespace edsm::fuzz {
namespace {

using namespace cloud;

bool printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

void check(const Hint& hint) {
  constexpr std::size_t longest_key = sizeof("azure/") + 24 + 1 + 127 + 1 + 32;
  must(!hint.match_keys.empty() && hint.match_keys.size() <= 2 * azure::max_events,
       "a hint has a bounded number of keys");
  for (const auto& key : hint.match_keys) {
    must(key.starts_with("azure/") && printable(key), "a key is one of ours");
    must(key.size() <= longest_key, "a key has a bounded size");
    must(std::ranges::none_of(key, [](char c) { return c >= 'A' && c <= 'Z'; }),
         "names have no case");
  }
  must(hint.version.empty() || azure::valid_version(hint.version), "a version is one of Key Vault");
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
  const auto decoded = azure::decode_event(bytes);
  std::visit([](const auto& each) { check(each); }, decoded);
  must(azure::decode_event(bytes).index() == decoded.index(), "decoding is deterministic");
}

}  // namespace edsm::fuzz

// Messages of a subscription: lines "attribute=value", an empty line, and the data. Anybody who may
// publish to the topic decides what they are.
#include <algorithm>

#include "cloud/gcp/events.hpp"
#include "target.hpp"

namespace edsm::fuzz {
namespace {

using namespace cloud;

bool printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

void check(const Hint& hint) {
  constexpr std::size_t longest_key = sizeof("gcp/") + 63 + 1 + 32 + 1 + 255 + 1 + 19;
  must(!hint.match_keys.empty() && hint.match_keys.size() <= 6, "a hint has few keys");
  for (const auto& key : hint.match_keys) {
    must(key.starts_with("gcp/") && printable(key), "a key is one of ours");
    must(key.size() <= longest_key, "a key has a bounded size");
  }
  must(hint.version.empty() || gcp::is_version_number(hint.version), "a version is a number");
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
  Input input(bytes);
  gcp::Attributes attributes;
  for (auto line = input.take_line(); !line.empty(); line = input.take_line()) {
    const auto equals = line.find('=');
    if (equals != std::string_view::npos)
      attributes.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  gcp::Projects projects;
  projects.learn("shop", "827585297303");
  const auto decoded = gcp::decode_event(attributes, input.rest(), projects);
  std::visit([](const auto& each) { check(each); }, decoded);
  must(gcp::decode_event(attributes, input.rest(), projects).index() == decoded.index(),
       "decoding is deterministic");
}

}  // namespace edsm::fuzz

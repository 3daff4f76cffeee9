#include "cloud/azure/match.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace edsm::cloud::azure {
namespace {

const std::string first(32, '1');
const std::string second(32, '2');

bool concerns(const SecretName& event, Change change, const SecretName& binding) {
  const auto hints = hint_keys(event, change);
  return std::ranges::any_of(binding_keys(binding), [&](const std::string& key) {
    return std::ranges::find(hints, key) != hints.end();
  });
}

TEST(AzureMatch, WhomAnEventConcerns) {
  struct Row {
    SecretName event;
    Change change;
    SecretName binding;
    bool concerned;
  };
  const Row rows[] = {
      {{"kv", "db", first}, Change::version, {"kv", "db", ""}, true},
      {{"kv", "db", first}, Change::version, {"kv", "db", first}, true},
      {{"kv", "db", first}, Change::version, {"kv", "db", second}, false},
      {{"kv", "db", ""}, Change::version, {"kv", "db", second}, true},
      {{"kv", "db", first}, Change::secret, {"kv", "db", second}, true},
      {{"kv", "db", first}, Change::secret, {"kv", "db", ""}, true},
      {{"kv", "db", first}, Change::version, {"kv", "other", ""}, false},
      {{"kv", "db", ""}, Change::secret, {"foreign", "db", ""}, false},
  };
  for (const auto& [event, change, binding, concerned] : rows)
    EXPECT_EQ(concerns(event, change, binding), concerned) << binding.vault << binding.version;
}

TEST(AzureMatch, TheFirstKeyIsForPeople) {
  EXPECT_EQ(hint_keys({"kv", "db", first}, Change::version).front(), "azure/kv/db/current");
  EXPECT_EQ(hint_keys({"kv", "db", first}, Change::secret).front(), "azure/kv/db/*");
}

}  // namespace
}  // namespace edsm::cloud::azure

// What Azure, or whoever answers in its place, may send: at each limit, just beyond it and far
// beyond. Events have theirs in events_test.cpp.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloud/azure/challenge.hpp"
#include "cloud/azure/errors.hpp"
#include "cloud/azure/events.hpp"
#include "cloud/azure/known_versions.hpp"
#include "cloud/azure/validity.hpp"
#include "support/azure_bench.hpp"

namespace edsm::cloud::azure {
namespace {

std::string letters(std::size_t count, char letter = 'a') {
  return std::string(count, letter);
}

class VaultAnswerLimits : public testing::Test, protected test::Bench {
 protected:
  base::Result<Reading> get() { return support::run(calls_->get({"shop-kv", "db", ""})); }
  std::unique_ptr<KeyVault> calls_ = vault();
};

TEST_F(VaultAnswerLimits, AVersionHas32Digits) {
  const std::pair<std::string, bool> rows[] = {
      {letters(32), true},  {letters(32, 'A'), true},  {letters(31), false},
      {letters(33), false}, {letters(32, 'g'), false}, {letters(1'000'000), false}};
  for (const auto& [version, good] : rows) {
    http.reply(
        200, fmt::format(R"({{"value":"v","id":"https://shop-kv.vault.azure.net/secrets/db/{}"}})",
                         version));
    const auto value = get();
    EXPECT_EQ(value.has_value(), good) << version.size();
    if (!good) EXPECT_LE(value.error().text.size(), 500U);
  }
}

TEST_F(VaultAnswerLimits, AValueOf25KiBIsRead) {
  http.reply(200, test::item({"db/" + test::version('1')},
                             fmt::format(R"("value":"{}",)", letters(25'600))));
  const auto reading = get();
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->value.bytes.size(), 25'600U);
}

TEST_F(VaultAnswerLimits, TimesOfAnySize) {
  for (const std::string_view time : {"-9223372036854775808", "9223372036854775807", "1e300",
                                      "18446744073709551615", "\"x\"", "null", "{}"}) {
    http.reply(200,
               fmt::format(R"({{"value":"v","id":"https://shop-kv.vault.azure.net/secrets/db/{}",
        "attributes":{{"enabled":{},"created":{},"updated":{},"nbf":{},"exp":{}}}}})",
                           test::version('1'), time, time, time, time, time));
    const auto reading = get();
    ASSERT_TRUE(reading) << time;
    validity(reading->attributes, clock.wall());
    KnownVersions().learn("db", "v", reading->attributes, clock.wall());
  }
}

TEST_F(VaultAnswerLimits, ItemsOfAnotherKindAreLeftOut) {
  http.reply(200, R"({"value":[7,null,{},{"id":7},{"id":"x"},
      {"id":"https://shop-kv.vault.azure.net/keys/k"},
      {"id":"https://evil.example/secrets/db"},
      {"id":"https://shop-kv.vault.azure.net/secrets/a_b"},
      {"id":"https://shop-kv.vault.azure.net/secrets/db"}],"nextLink":7})");
  const auto page = support::run(calls_->secrets(""));
  ASSERT_TRUE(page);
  ASSERT_EQ(page->items.size(), 1U);
  EXPECT_EQ(page->items.front().name.secret, "db");
  http.reply(200, R"({"value":{}})");
  EXPECT_EQ(support::run(calls_->secrets("")).error().code, "MalformedAnswer");
}

TEST(VaultErrorLimits, CodesAndTexts) {
  const std::pair<std::size_t, std::size_t> rows[] = {{64, 64}, {65, 0}, {1'000'000, 0}};
  for (const auto& [sent, kept] : rows) {
    const auto body = test::error_body(letters(sent), letters(sent, 'b'));
    const auto read = read_vault_error(body);
    EXPECT_EQ(read.code.size(), kept) << sent;
    EXPECT_EQ(read.inner.size(), kept) << sent;
    net::Response response;
    response.status = 400;
    response.body.append(body);
    EXPECT_LE(vault_error(response, "what").text.size(), 200U) << sent;
  }
}

TEST(VaultChallengeLimits, HeadersHaveABoundedSize) {
  const auto header = [](std::size_t filling) {
    return fmt::format(
        R"(Bearer a="{}", authorization="https://login.microsoftonline.com/t", resource="https://vault.azure.net")",
        letters(filling));
  };
  const std::string host = "shop-kv.vault.azure.net";
  const auto around = header(0).size();
  EXPECT_TRUE(read_challenge(header(4096 - around), host, public_cloud()));
  EXPECT_FALSE(read_challenge(header(4097 - around), host, public_cloud()));
  EXPECT_FALSE(read_challenge(header(1'000'000), host, public_cloud()));
}

TEST(EventNameLimits, NamesOfTheLongestSecretAndNoLongerOnes) {
  const std::pair<std::size_t, bool> rows[] = {{127, true}, {128, false}, {100'000, false}};
  for (const auto& [size, good] : rows) {
    const auto decoded = decode_event(fmt::format(
        R"({{"type":"Microsoft.KeyVault.SecretExpired","data":{{"VaultName":"kv1","ObjectName":"{}"}}}})",
        letters(size)));
    EXPECT_EQ(std::holds_alternative<Hint>(decoded), good) << size;
  }
}

}  // namespace
}  // namespace edsm::cloud::azure

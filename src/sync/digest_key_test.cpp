#include "sync/digest_key.hpp"

#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "support/fake_kube.hpp"
#include "support/manual_clock.hpp"
#include "support/run.hpp"
#include "support/sync_values.hpp"

namespace edsm::sync {
namespace {

using net::Method;
using Fault = support::FakeKube::Fault;

const std::string kPath = "/api/v1/namespaces/own/secrets/edsm-digest-key";

struct World {
  static base::Task<void> load_into(kube::Api& api, std::optional<base::Result<Digester>>& result) {
    result = co_await load_digest_key(api, "own");
  }
  base::Result<Digester> load() {
    boost::asio::io_context io(1);
    std::optional<base::Result<Digester>> result;
    support::run(io, load_into(api, result));
    return std::move(*result);
  }
  void put(const std::string& id, const std::string& key) {
    kube.put(kPath, {{"data", {{"id", base::base64(id)}, {"key", base::base64(key)}}}});
  }

  support::ManualClock clock{true};
  telemetry::Metrics metrics;
  support::FakeKube kube;
  support::OpenAuthority authority;
  kube::Api api{kube, kube, authority, clock, metrics, "https://kube", "edsm"};
};

TEST(DigestKey, IsMadeOnceAndThenRead) {
  World world;
  const auto data = support::shaped({{"a", "1"}});
  const auto first = world.load();
  ASSERT_TRUE(first);
  const auto second = world.load();
  ASSERT_TRUE(second);
  EXPECT_EQ(first->digest(data), second->digest(data));
  EXPECT_EQ(world.kube.count(Method::post, "/secrets"), 1U);
  World other;
  EXPECT_FALSE(other.load()->knows(first->digest(data))) << "a new key has a new id";
}

TEST(DigestKey, WhoIsSecondReadsWhatTheFirstOneMade) {
  World world;
  world.kube.before(Method::post, "/secrets", [&] { world.put("abcd", std::string(32, 'k')); });
  const auto digester = world.load();
  ASSERT_TRUE(digester);
  EXPECT_TRUE(digester->knows("abcd:"));
}

TEST(DigestKey, ABrokenOneIsRefusedNotReplaced) {
  const std::pair<std::string, std::string> rows[] = {
      {"", std::string(32, 'k')}, {"abcd", ""}, {"abcd", std::string(31, 'k')}};
  for (const auto& [id, key] : rows) {
    World world;
    world.put(id, key);
    const auto digester = world.load();
    ASSERT_FALSE(digester);
    EXPECT_EQ(digester.error().code, "BadDigestKey");
    EXPECT_EQ(digester.error().failure, base::Failure::invalid);
    EXPECT_NE(digester.error().text.find("own/edsm-digest-key"), std::string::npos);
    EXPECT_EQ(world.kube.count(Method::post, ""), 0U);
  }
}

TEST(DigestKey, ErrorsOfTheServerAreHandedOn) {
  World reading;
  reading.kube.fault(Method::get, "/secrets", Fault::refuse, 403, "Forbidden");
  EXPECT_EQ(reading.load().error().failure, base::Failure::refused);
  World making;
  making.kube.fault(Method::post, "/secrets", Fault::refuse, 403, "Forbidden");
  EXPECT_EQ(making.load().error().failure, base::Failure::refused);
  World broken;
  broken.kube.fault(Method::get, "/secrets", Fault::cut);
  EXPECT_EQ(broken.load().error().failure, base::Failure::transient);
}

TEST(DigestKey, OneThatComesAndGoesEndsInAnError) {
  World world;
  for (int i = 0; i < 3; ++i) {
    world.kube.fault(Method::post, "/secrets", Fault::refuse, 409, "AlreadyExists");
  }
  const auto digester = world.load();
  ASSERT_FALSE(digester);
  EXPECT_EQ(digester.error().failure, base::Failure::transient);
}

}  // namespace
}  // namespace edsm::sync

#include "sim/cluster/writer.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "sim/cluster/bench.hpp"

namespace edsm::sim {
namespace {

using test::Answer;
using test::Bench;

constexpr std::string_view kSecrets = "/api/v1/namespaces/shop/secrets";
constexpr std::string_view kDb = "/api/v1/namespaces/shop/secrets/db";

TEST(Writer, Preconditions) {
  Bench bench;
  const Answer old = bench.post(kSecrets, R"({"metadata":{"name":"db"},"data":{"a":"YQ=="}})");
  const Answer now = bench.patch(kDb, R"({"data":{"a":"Yg=="}})");
  const auto body = [](std::string_view uid, std::string_view version) {
    return fmt::format(
        R"({{"metadata":{{"name":"db","uid":"{}","resourceVersion":"{}"}},"data":{{"a":"Yw=="}}}})",
        uid, version);
  };
  const std::string uid(now.text("metadata.uid"));
  struct Case {
    std::string_view what;
    int patched;
    int put;
    std::string body;
  };
  const std::vector<Case> cases{{"old version", 409, 409, body(uid, old.version())},
                                {"other uid", 422, 409, body("other", now.version())},
                                {"both", 409, 409, body("other", old.version())}};
  for (const auto& one : cases) {
    EXPECT_EQ(bench.patch(kDb, one.body).status, one.patched) << one.what;
    EXPECT_EQ(bench.patch(kDb, one.body, test::kStrategic).status, one.patched) << one.what;
    EXPECT_EQ(bench.put(kDb, one.body).status, one.put) << one.what;
  }
  EXPECT_EQ(bench.get(kDb).version(), now.version());
  const auto options = [](std::string_view name, std::string_view value) {
    return fmt::format(R"({{"preconditions":{{"{}":"{}"}}}})", name, value);
  };
  EXPECT_EQ(bench.remove(kDb, options("uid", "other")).status, 409);
  EXPECT_EQ(bench.remove(kDb, options("resourceVersion", old.version())).status, 409);
  EXPECT_EQ(bench.remove(kDb, options("resourceVersion", now.version())).status, 200);
  EXPECT_EQ(bench.patch(kDb, body(uid, now.version())).status, 404);
}

TEST(Writer, RefusesWhatIsNoSecret) {
  struct Case {
    std::string_view what;
    std::string_view body;
    int status;
    std::string_view field;
  };
  const std::vector<Case> cases{
      {"key", R"({"metadata":{"name":"x"},"data":{"a b":""}})", 422, "data[a b]"},
      {"dots", R"({"metadata":{"name":"x"},"data":{"..":""}})", 422, "data[..]"},
      {"base64", R"({"metadata":{"name":"x"},"data":{"a":"!"}})", 400, ""},
      {"name", R"({"metadata":{"name":"X"}})", 422, "metadata.name"},
      {"no name", R"({"metadata":{}})", 422, "metadata.name"},
      {"namespace", R"({"metadata":{"name":"x","namespace":"y"}})", 400, ""},
      {"tls", R"({"metadata":{"name":"x"},"type":"kubernetes.io/tls"})", 422, "data[tls.crt]"},
      {"no JSON", "{", 400, ""}};
  Bench bench;
  for (const auto& one : cases) {
    const Answer answer = bench.post(kSecrets, one.body);
    EXPECT_EQ(answer.status, one.status) << one.what;
    const auto* const causes = base::array_at(answer.body, "details.causes");
    const std::string_view field =
        causes == nullptr ? std::string_view() : base::string_at(causes->front(), "field");
    EXPECT_EQ(field, one.field) << one.what;
  }
}

TEST(Writer, KnowsHowLargeASecretMayBe) {
  Bench bench;
  const auto body = [](std::size_t digits) {
    return R"({"metadata":{"name":"x"},"data":{"a":")" + std::string(digits, 'A') + R"("}})";
  };
  EXPECT_EQ(bench.post(kSecrets, body(1398104)).status, 422);
  EXPECT_EQ(bench.post(kSecrets, body(1398100)).status, 201);
}

TEST(Writer, TypesAndImmutableSecretsStay) {
  Bench bench;
  bench.post(kSecrets, R"({"metadata":{"name":"db"},"data":{"a":"YQ=="}})");
  EXPECT_EQ(bench.patch(kDb, R"({"type":"other"})").status, 422);
  EXPECT_EQ(bench.patch(kDb, R"({"immutable":true})").status, 200);
  EXPECT_EQ(bench.patch(kDb, R"({"data":{"a":"Yg=="}})").status, 422);
  EXPECT_EQ(bench.patch(kDb, R"({"immutable":false})").status, 422);
  EXPECT_EQ(bench.patch(kDb, R"({"metadata":{"labels":{"a":"b"}}})").status, 200);
}

TEST(Writer, FinalizersKeepWhatIsDeleted) {
  Bench bench;
  bench.post(kSecrets, R"({"metadata":{"name":"db","finalizers":["a/b"]}})");
  EXPECT_FALSE(bench.remove(kDb).text("metadata.deletionTimestamp").empty());
  const Answer again = bench.remove(kDb);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.version(), bench.get(kDb).version());
  EXPECT_EQ(bench.patch(kDb, R"({"metadata":{"finalizers":null}})").status, 200);
  EXPECT_EQ(bench.get(kDb).status, 404);
}

TEST(Writer, WritesThatChangeNothingHaveNoVersion) {
  Bench bench;
  const Answer made =
      bench.post(kSecrets, R"({"metadata":{"name":"db","labels":{"l":"1"}},"data":{"a":"YQ=="}})");
  for (const std::string_view patch :
       {"{}", R"({"data":{"a":"YQ=="}})", R"({"data":{"b":null}})", R"({"metadata":{"labels":{}}})",
        R"({"metadata":{"annotations":{}}})", R"({"metadata":{"managedFields":[]}})"}) {
    EXPECT_EQ(bench.patch(kDb, patch).body, made.body) << patch;
  }
  const auto before = bench.cluster.revision();
  EXPECT_EQ(
      bench.put(kDb, R"({"metadata":{"name":"db","labels":{"l":"1"}},"data":{"a":"YQ=="}})").status,
      200);
  EXPECT_EQ(bench.cluster.revision(), before);
}

TEST(Writer, EventsLiveForAnHour) {
  Bench bench;
  constexpr std::string_view kPath = "/apis/events.k8s.io/v1/namespaces/shop/events";
  const std::string one = std::string(kPath) + "/e";
  const Answer made = bench.post(
      kPath,
      R"({"metadata":{"name":"e"},"eventTime":"2026-11-23T18:00:00.000000Z","reportingController":"c",)"
      R"("reportingInstance":"i","action":"a","reason":"r","type":"Normal","note":"n",)"
      R"("regarding":{"kind":"K","namespace":"shop","name":"n"}})");
  EXPECT_EQ(made.status, 201);
  bench.timeline.advance(std::chrono::minutes(50));
  const Answer series =
      bench.patch(one, R"({"series":{"count":2,"lastObservedTime":"2026-11-23T18:00:00.000000Z"}})",
                  test::kStrategic);
  EXPECT_EQ(series.number("series.count"), 2);
  bench.timeline.advance(std::chrono::minutes(50));
  EXPECT_EQ(bench.get(one).status, 200);
  bench.timeline.advance(std::chrono::minutes(11));
  EXPECT_EQ(bench.get(one).status, 404);
}

}  // namespace
}  // namespace edsm::sim

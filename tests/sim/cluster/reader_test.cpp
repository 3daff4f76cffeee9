#include "sim/cluster/reader.hpp"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "sim/cluster/bench.hpp"

namespace edsm::sim {
namespace {

using std::chrono::seconds;
using test::Answer;
using test::Bench;

struct ListBench : Bench {
  ListBench() {
    for (const std::string_view name : {"a", "b", "c", "d"}) {
      for (const std::string_view ns : {"shop", "bank"}) {
        cluster.create(
            kube::kSecrets,
            Object{{"metadata", {{"name", name}, {"namespace", ns}, {"labels", {{"l", name}}}}}},
            "user");
      }
    }
  }
  static std::string names(const Answer& answer) {
    std::string text;
    const auto* const items = base::array_at(answer.body, "items");
    if (items == nullptr) return "no list";
    for (const Value& item : *items) text.append(base::string_at(item, "metadata.name"));
    return text;
  }
  Answer list(std::string_view query, std::string_view ns = "namespaces/shop/") {
    return get(fmt::format("/api/v1/{}secrets?{}", ns, query));
  }
};

TEST(Lists, Select) {
  ListBench bench;
  const std::vector<std::pair<std::string_view, std::string_view>> cases{
      {"", "abcd"},
      {"labelSelector=l%3Da", "a"},
      {"labelSelector=l%3D%3Da", "a"},
      {"labelSelector=l%21%3Da", "bcd"},
      {"labelSelector=l%20in%20%28a%2Cc%29", "ac"},
      {"labelSelector=l%20notin%20%28a%2Cc%29", "bd"},
      {"labelSelector=l", "abcd"},
      {"labelSelector=%21l", ""},
      {"labelSelector=m%3Da", ""},
      {"labelSelector=l%3Da%2Cl%3Db", ""},
      {"fieldSelector=metadata.name%3Db", "b"},
      {"fieldSelector=metadata.name%21%3Db", "acd"},
      {"fieldSelector=type%3DOpaque", "abcd"},
      {"fieldSelector=spec.x%3Db", "no list"}};
  for (const auto& [query, wanted] : cases)
    EXPECT_EQ(bench.names(bench.list(query)), wanted) << query;
  EXPECT_EQ(bench.names(bench.list("", "")), "abcdabcd");
}

TEST(Lists, PagesAreOneSnapshot) {
  ListBench bench;
  const Answer first = bench.list("limit=2");
  EXPECT_EQ(bench.names(first), "ab");
  EXPECT_EQ(first.number("metadata.remainingItemCount"), 2);
  bench.cluster.remove(kube::kSecrets, "shop", "c");
  bench.cluster.remove(kube::kSecrets, "shop", "a");
  bench.cluster.edit(
      kube::kSecrets, "shop", "d", [](Object& object) { object["data"] = Object{{"k", ""}}; }, "u");
  const Answer second =
      bench.list(fmt::format("limit=2&continue={}", first.text("metadata.continue")));
  EXPECT_EQ(bench.names(second), "cd");
  EXPECT_EQ(second.version(), first.version());
  EXPECT_EQ(second.text("metadata.continue"), "");
  EXPECT_EQ(bench.names(bench.list("")), "bd");
}

TEST(Lists, AForgottenPageCanBeGoneOnInconsistently) {
  ListBench bench;
  const Answer first = bench.list("limit=2");
  bench.cluster.remove(kube::kSecrets, "shop", "c");
  bench.cluster.compact();
  const Answer gone =
      bench.list(fmt::format("limit=2&continue={}", first.text("metadata.continue")));
  EXPECT_EQ(gone.status, 410);
  EXPECT_EQ(gone.text("reason"), "Expired");
  const Answer rest =
      bench.list(fmt::format("limit=2&continue={}", gone.text("metadata.continue")));
  EXPECT_EQ(bench.names(rest), "d");
}

TEST(Lists, Versions) {
  ListBench bench;
  const auto now = bench.cluster.revision();
  bench.cluster.remove(kube::kSecrets, "shop", "a");
  EXPECT_EQ(bench.names(bench.list(fmt::format("resourceVersion={}", now))), "bcd");
  EXPECT_EQ(
      bench.names(bench.list(fmt::format("resourceVersion={}&resourceVersionMatch=Exact", now))),
      "abcd");
  EXPECT_EQ(bench.names(bench.list(fmt::format("resourceVersion={}&limit=1", now))), "a");
  EXPECT_EQ(bench.list("resourceVersion=x").status, 400);
  EXPECT_EQ(bench.list("resourceVersionMatch=NotOlderThan").status, 422);
  EXPECT_EQ(bench.list("continue=nonsense").status, 400);
}

TEST(Lists, WaitForAVersionThatLiesAhead) {
  ListBench bench;
  const auto ahead = bench.cluster.revision() + 1;
  const std::string path = fmt::format(
      "/api/v1/secrets?resourceVersion={}&resourceVersionMatch=NotOlderThan&limit=1", ahead);
  const auto late = bench.open(net::Method::get, path);
  EXPECT_FALSE(late->answered);
  bench.timeline.advance(seconds(3));
  const Answer answer = bench.read(*late);
  EXPECT_EQ(answer.status, 504);
  EXPECT_EQ(answer.text("reason"), "Timeout");
  EXPECT_EQ(answer.headers.find("Retry-After"), "1");
  EXPECT_EQ(base::string_at(base::array_at(answer.body, "details.causes")->front(), "reason"),
            "ResourceVersionTooLarge");
  const auto reached = bench.open(net::Method::get, path);
  bench.timeline.advance(seconds(1));
  bench.cluster.remove(kube::kSecrets, "shop", "a");
  bench.timeline.advance(seconds(2));
  EXPECT_EQ(bench.read(*reached).status, 200);
}

}  // namespace
}  // namespace edsm::sim

#include "sim/cluster/watches.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "sim/cluster/bench.hpp"

namespace edsm::sim {
namespace {

using std::chrono::seconds;
using test::Bench;

struct WatchBench : Bench {
  void make(std::string_view name, std::string_view label = "") {
    Object object{{"metadata", {{"name", name}, {"namespace", "shop"}}}};
    if (!label.empty()) metadata_of(object)["labels"] = Object{{"l", label}};
    cluster.create(kube::kSecrets, object, "user");
  }
  void label(std::string_view name, std::string_view label) {
    cluster.edit(
        kube::kSecrets, "shop", name,
        [&](Object& object) { metadata_of(object)["labels"] = Object{{"l", label}}; }, "user");
  }
  std::shared_ptr<RecordedExchange> watch(std::string_view query) {
    return open(net::Method::get, fmt::format("/api/v1/secrets?watch=true&{}", query));
  }
};

TEST(Watches, TellWhatHappensAfterAVersion) {
  WatchBench bench;
  bench.make("a");
  const auto from = bench.cluster.revision();
  bench.make("b");
  const auto watch = bench.watch(fmt::format("resourceVersion={}", from));
  EXPECT_EQ(bench.brief(*watch), "ADDED b");
  bench.label("a", "x");
  bench.cluster.remove(kube::kSecrets, "shop", "b");
  const auto events = bench.events(*watch);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(base::string_at(events[0], "type"), "MODIFIED");
  EXPECT_EQ(base::string_at(events[0], "object.kind"), "Secret");
  EXPECT_EQ(base::string_at(events[1], "type"), "DELETED");
  EXPECT_EQ(base::string_at(events[1], "object.metadata.resourceVersion"),
            std::to_string(bench.cluster.revision()));
}

TEST(Watches, TellWhatComesIntoAndLeavesASelection) {
  WatchBench bench;
  bench.make("a");
  const auto watch =
      bench.watch(fmt::format("labelSelector=l%3Dx&resourceVersion={}", bench.cluster.revision()));
  bench.label("a", "x");
  EXPECT_EQ(bench.brief(*watch), "ADDED a");
  bench.label("a", "y");
  const auto events = bench.events(*watch);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(base::string_at(events[0], "type"), "DELETED");
  EXPECT_EQ(base::string_at(events[0], "object.metadata.labels.l"), "x");
  EXPECT_EQ(base::string_at(events[0], "object.metadata.resourceVersion"),
            std::to_string(bench.cluster.revision()));
  bench.cluster.remove(kube::kSecrets, "shop", "a");
  EXPECT_EQ(bench.brief(*watch), "");
}

TEST(Watches, MarkAMinuteAndTheEnd) {
  WatchBench bench;
  const auto from = bench.cluster.revision();
  const auto watch = bench.watch(fmt::format(
      "labelSelector=l&allowWatchBookmarks=true&timeoutSeconds=70&resourceVersion={}", from));
  bench.timeline.advance(seconds(30));
  bench.make("unselected");
  EXPECT_EQ(bench.brief(*watch), "");
  bench.timeline.advance(seconds(30));
  const auto events = bench.events(*watch);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(base::string_at(events[0], "type"), "BOOKMARK");
  EXPECT_EQ(base::string_at(events[0], "object.metadata.resourceVersion"),
            std::to_string(bench.cluster.revision()));
  bench.timeline.advance(seconds(9));
  EXPECT_EQ(bench.brief(*watch), "BOOKMARK, BOOKMARK");
  EXPECT_FALSE(watch->ended);
  bench.timeline.advance(seconds(1));
  EXPECT_TRUE(watch->ended);
  EXPECT_EQ(bench.cluster.open_watches(), 0U);
}

TEST(Watches, AreSilentWhereNothingHappens) {
  WatchBench bench;
  bench.make("a");
  bench.make("b");
  const auto ahead = bench.watch("allowWatchBookmarks=true&timeoutSeconds=70&resourceVersion=99");
  bench.timeline.advance(seconds(69));
  EXPECT_EQ(bench.brief(*ahead), "");
  bench.timeline.advance(seconds(1));
  EXPECT_TRUE(ahead->ended);
}

TEST(Watches, SayThatAVersionIsGone) {
  WatchBench bench;
  bench.make("a");
  const auto old = bench.cluster.revision();
  const auto open = bench.watch(fmt::format("resourceVersion={}", old));
  bench.make("b");
  bench.cluster.compact();
  const auto late = bench.watch(fmt::format("resourceVersion={}", old));
  EXPECT_EQ(late->reply().status, 200);
  const auto events = bench.events(*late);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(base::string_at(events[0], "type"), "ERROR");
  EXPECT_EQ(base::int_at(events[0], "object.code"), 410);
  EXPECT_EQ(base::string_at(events[0], "object.reason"), "Expired");
  EXPECT_TRUE(late->ended);
  bench.make("c");
  EXPECT_EQ(bench.brief(*open), "ADDED b, ADDED c");
  const auto current = bench.watch(fmt::format("resourceVersion={}", bench.cluster.revision()));
  EXPECT_EQ(bench.brief(*current), "");
}

TEST(Watches, WithoutAVersionBeginWithAll) {
  WatchBench bench;
  bench.make("a");
  bench.make("b");
  EXPECT_EQ(bench.brief(*bench.watch("resourceVersion=0")), "ADDED a, ADDED b");
  EXPECT_EQ(bench.brief(*bench.watch("allowWatchBookmarks=true")), "ADDED a, ADDED b, BOOKMARK");
  EXPECT_EQ(bench.watch("resourceVersion=x")->reply().status, 500);
}

TEST(Watches, EndWhenTheServerStops) {
  WatchBench bench;
  const auto watch = bench.watch("resourceVersion=1");
  const auto left = bench.watch("resourceVersion=1");
  left->left = true;
  EXPECT_EQ(bench.cluster.open_watches(), 1U);
  bench.cluster.close_watches();
  EXPECT_TRUE(watch->ended);
  bench.make("a");
  EXPECT_EQ(bench.brief(*watch), "");
}

}  // namespace
}  // namespace edsm::sim

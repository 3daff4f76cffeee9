#include "kube/reflector.hpp"

#include <functional>

#include <gtest/gtest.h>

#include "base/json.hpp"
#include "kube/test_support.hpp"

namespace edsm::kube {
namespace {

using test::Bench;
using test::status_json;

class Journal final : public Listener {
 public:
  void list_begins() override { text += "["; }
  void list_ends(std::string_view /*version*/) override { text += "]"; }
  void applied(const boost::json::value& object) override {
    add('+', object);
    if (when_told) when_told();
  }
  void removed(const boost::json::value& object) override { add('-', object); }

  std::string text;
  std::function<void()> when_told;

 private:
  void add(char sign, const boost::json::value& object) {
    text += sign;
    text += base::string_at(object, "metadata.name");
  }
};

std::string object(std::string_view name, int version) {
  return R"({"metadata":{"name":")" + std::string(name) + R"(","resourceVersion":")" +
         std::to_string(version) + R"("}})";
}
std::string page(int version, const std::vector<std::string>& items, std::string_view token = "") {
  std::string text = R"({"kind":"SecretList","metadata":{"resourceVersion":")" +
                     std::to_string(version) + R"(","continue":")" + std::string(token) +
                     R"("},"items":[)";
  for (const std::string& item : items) text += (text.ends_with('[') ? "" : ",") + item;
  return text + "]}";
}
std::string event(std::string_view type, std::string_view object) {
  return R"({"type":")" + std::string(type) + R"(","object":)" + std::string(object) + "}\n";
}

class ReflectorTest : public ::testing::Test {
 protected:
  /// Runs until the script says stop; what the listener was told.
  std::string journal() {
    Selection selection;
    selection.resource = kSecrets;
    selection.label_selector = "a=b";
    Reflector reflector(bench.api, bench.clock, bench.log, bench.metrics, selection, listener);
    EXPECT_TRUE(bench.stops(reflector.run()));
    return listener.text;
  }
  /// A watch that is not scripted is refused; the list after it ends the test.
  void then_stop() { bench.http.reply_with(&Bench::stop); }

  Bench bench;
  Journal listener;
};

TEST_F(ReflectorTest, ListsPagesThenWatches) {
  bench.http.reply_with(test::answer(200, page(5, {object("a", 1), object("b", 2)}, "t")))
      .reply_with(test::answer(200, page(5, {object("c", 3)})));
  bench.watches.stream(200, {event("ADDED", object("d", 6)) + event("MODIFIED", object("a", 7)),
                             event("BOOKMARK", object("", 9)), event("DELETED", object("b", 10))});
  then_stop();
  EXPECT_EQ(journal(), "[+a+b+c]+d+a-b");
  EXPECT_TRUE(bench.http.seen[0].url.ends_with("/api/v1/secrets?labelSelector=a%3Db&limit=500"));
  EXPECT_TRUE(bench.watches.seen[0].url.contains("resourceVersion=5&"));
  EXPECT_TRUE(bench.watches.seen[1].url.contains("resourceVersion=10&"));
  EXPECT_EQ(bench.lines.count("listed"), 1);
}

TEST_F(ReflectorTest, TheNextPageIsOnItsWayWhileThisOneIsRead) {
  std::vector<std::size_t> asked;  // when an object came
  listener.when_told = [&] { asked.push_back(bench.http.seen.size()); };
  bench.http.reply_with(test::answer(200, page(5, {object("a", 1)}, "t")))
      .reply_with(test::answer(200, page(5, {object("b", 2)}, "u")))
      .reply_with(test::answer(200, page(5, {object("c", 3)})));
  then_stop();
  EXPECT_EQ(journal(), "[+a+b+c]");
  EXPECT_EQ(asked, (std::vector<std::size_t>{2, 3, 3}));
}

TEST_F(ReflectorTest, AnAnswerAheadIsNotUsedIfThePageMakesNoSense) {
  bench.http.reply_with(test::answer(200, R"({"metadata":{"continue":"t"},"items":[]})"))
      .reply_with(test::answer(200, page(5, {object("wrong", 1)})))
      .reply_with(test::answer(200, page(7, {object("a", 6)})));
  then_stop();
  EXPECT_EQ(journal(), "[+a]");
}

TEST_F(ReflectorTest, LinesMayBeSpreadOverChunks) {
  const std::string stream = event("ADDED", object("a", 6)) + event("ADDED", object("b", 7));
  std::vector<std::string> bytes;
  for (const char c : stream) bytes.emplace_back(1, c);
  bench.http.reply_with(test::answer(200, page(5, {})));
  bench.watches.stream(200, bytes);
  then_stop();
  EXPECT_EQ(journal(), "[]+a+b");
}

TEST_F(ReflectorTest, ARelistReplaces) {
  bench.http.reply_with(test::answer(200, page(5, {object("a", 1)})))
      .reply_with(test::answer(200, page(20, {object("b", 2)})));
  bench.watches.stream(200, {event("ERROR", status_json(410, "Expired"))});
  then_stop();
  EXPECT_EQ(journal(), "[+a][+b]");
  EXPECT_TRUE(bench.metrics.text().contains(
      R"(edsm_watch_restarts_total{cause="expired",resource="secrets"} 1)"));
}

TEST_F(ReflectorTest, ExpiredAsStatus) {
  bench.http.reply_with(test::answer(200, page(5, {}))).reply_with(test::answer(200, page(6, {})));
  bench.watches.stream(410, {status_json(410, "Expired")});
  then_stop();
  EXPECT_EQ(journal(), "[][]");
}

TEST_F(ReflectorTest, ExpiredPageBeginsAnew) {
  bench.http.reply_with(test::answer(200, page(5, {object("a", 1)}, "t")))
      .reply_with(test::answer(410, status_json(410, "Expired")));
  bench.http.reply_with(test::answer(200, page(7, {object("b", 1)})));
  then_stop();
  EXPECT_EQ(journal(), "[+a[+b]");
  EXPECT_FALSE(bench.http.seen[2].url.contains("limit"));
}

TEST_F(ReflectorTest, TornStreamGoesOnWhereItWas) {
  bench.http.reply_with(test::answer(200, page(5, {}))).reply_with(test::answer(200, page(9, {})));
  bench.watches.stream(200, {event("ADDED", object("a", 6)), R"({"type":"ADDED","obj)"}, true);
  bench.watches.stream(200, {event("ADDED", object("b", 7))});
  then_stop();
  EXPECT_EQ(journal(), "[]+a+b") << "half a line is dropped";
  EXPECT_TRUE(bench.http.seen[1].url.contains("resourceVersionMatch=NotOlderThan"));
  EXPECT_TRUE(bench.watches.seen[1].url.contains("resourceVersion=6&"));
}

TEST_F(ReflectorTest, LaggingServerIsNotWatched) {
  const std::string too_large =
      status_json(504, "Timeout", "m", R"({"causes":[{"reason":"ResourceVersionTooLarge"}]})");
  bench.http.reply_with(test::answer(200, page(5, {object("a", 5)})))
      .reply_with(test::answer(504, too_large))
      .reply_with(test::answer(200, page(3, {})));
  bench.watches.stream(200, {}, true);
  then_stop();
  EXPECT_EQ(journal(), "[+a][]");
}

TEST_F(ReflectorTest, GarbageIsNeverDelivered) {
  const std::vector<std::string> lines = {"not json\n",
                                          R"({"type":"ADDED"})"
                                          "\n",
                                          event("NEWS", object("x", 9)),
                                          event("ADDED", R"({"metadata":{"name":"x"}})"),
                                          event("MODIFIED", object("x", 4)),
                                          "[]\n"};
  for (const std::string& line : lines) {
    Bench fresh;
    Journal heard;
    fresh.http.reply_with(test::answer(200, page(5, {}))).reply_with(&Bench::stop);
    fresh.watches.stream(200, {line + event("ADDED", object("y", 10))});
    Selection selection;
    selection.resource = kSecrets;
    Reflector reflector(fresh.api, fresh.clock, fresh.log, fresh.metrics, selection, heard);
    EXPECT_TRUE(fresh.stops(reflector.run()));
    EXPECT_EQ(heard.text, "[]") << line;
    EXPECT_EQ(fresh.lines.count("cannot list and watch"), 1) << line;
  }
}

TEST_F(ReflectorTest, AnAnswerThatIsNoListWipesNothing) {
  bench.http.reply_with(test::answer(200, "{}"))
      .reply_with(test::answer(200, R"({"kind":"Secret","metadata":{"resourceVersion":"4"}})"));
  bench.http.reply_with(test::answer(200, R"({"kind":"SecretList","metadata":{}})"))
      .reply_with(&Bench::stop);
  EXPECT_EQ(journal(), "");
}

TEST_F(ReflectorTest, NullItemsAreNone) {
  bench.http.reply_with(test::answer(
      200, R"({"kind":"SecretList","metadata":{"resourceVersion":"4"},"items":null})"));
  then_stop();
  EXPECT_EQ(journal(), "[]");
}

TEST_F(ReflectorTest, RefusedListIsSaidWithItsRemedyAndTriedAgain) {
  for (int i = 0; i < 3; ++i)
    bench.http.reply_with(test::answer(403, status_json(403, "Forbidden", "u cannot list")));
  bench.http.reply_with(test::answer(200, page(5, {})));
  then_stop();
  EXPECT_EQ(journal(), "[]");
  EXPECT_EQ(bench.lines.count("grant list and watch"), 2) << "the 1st and 2nd of three";
  EXPECT_EQ(bench.lines.count("works again"), 1);
  EXPECT_GE(bench.clock.slept(), std::chrono::seconds(30));
}

TEST_F(ReflectorTest, MissingDefinitionIsSaid) {
  bench.http.reply_with(test::answer(404, "404 page not found")).reply_with(&Bench::stop);
  Selection selection;
  selection.resource = kBindings;
  Reflector reflector(bench.api, bench.clock, bench.log, bench.metrics, selection, listener);
  EXPECT_TRUE(bench.stops(reflector.run()));
  EXPECT_EQ(bench.lines.count("is not installed"), 1);
  EXPECT_EQ(listener.text, "");
}

}  // namespace
}  // namespace edsm::kube

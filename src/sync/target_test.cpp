#include "sync/target.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/sync_values.hpp"

namespace edsm::sync {
namespace {

using support::digester;
using support::json;
using Keys = std::vector<base::ObjectKey>;

TEST(DecodeTarget, NothingIsAssumed) {
  for (const auto* const text :
       {"{}", R"({"metadata":null})", R"({"metadata":{"labels":[],"annotations":"x"}})",
        R"({"metadata":{"labels":{"eventdrivensecretsmanaged":true}}})",
        R"({"metadata":{"labels":{"eventdrivensecretsmanaged":"True"}}})",
        R"({"metadata":{"ownerReferences":[{"uid":"u"},{"uid":"u","controller":false}]}})",
        R"({"metadata":{"annotations":{"secrets.edsm.io/digest":5}}})"}) {
    const auto target = decode_target(json(text));
    EXPECT_FALSE(target.labelled) << text;
    EXPECT_EQ(target.owner_uid, "") << text;
    EXPECT_EQ(target.digest, "") << text;
    EXPECT_FALSE(target.deleting) << text;
  }
}

TEST(DecodeTarget, OnlyABindingOfItsNamespaceWroteIt) {
  struct Case {
    std::string_view written, name;
  };
  for (const auto& [written, name] : {Case{"ns/b", "b"}, Case{"other/b", ""}, Case{"nsx/b", ""},
                                      Case{"ns", ""}, Case{"ns/", ""}, Case{"b", ""}}) {
    const auto target = decode_target(json(fmt::format(
        R"({{"metadata":{{"namespace":"ns","name":"t","annotations":{{"secrets.edsm.io/binding":"{}"}}}}}})",
        written)));
    EXPECT_EQ(target.binding, name) << written;
  }
}

TEST(DecodeTarget, Everything) {
  const auto target = decode_target(json(R"({"metadata":{"namespace":"ns","name":"t","uid":"u",
    "resourceVersion":"7","deletionTimestamp":"x","labels":{"eventdrivensecretsmanaged":"true"},
    "annotations":{"secrets.edsm.io/version":"v","secrets.edsm.io/digest":"d","secrets.edsm.io/changed-at":"2026-11-23T18:00:00.000001Z",
      "secrets.edsm.io/source":"s","secrets.edsm.io/binding":"ns/b","secrets.edsm.io/keys":"[\"a\",1,\"b\"]"},
    "ownerReferences":[{"uid":"x"},{"uid":"o","kind":"K","name":"n","controller":true}]}})"));
  EXPECT_EQ(target.key.str(), "ns/t");
  EXPECT_EQ(target.uid, "u");
  EXPECT_EQ(target.resource_version, "7");
  EXPECT_TRUE(target.deleting);
  EXPECT_TRUE(target.labelled);
  EXPECT_EQ(target.version, "v");
  EXPECT_EQ(target.digest, "d");
  EXPECT_EQ(target.changed_at, "2026-11-23T18:00:00.000001Z");
  EXPECT_EQ(target.source, "s");
  EXPECT_EQ(target.binding, "b");
  EXPECT_EQ(target.keys, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(target.owner_uid, "o");
  EXPECT_EQ(target.owner_kind, "K");
  EXPECT_EQ(target.owner_name, "n");
}

TEST(DecodeTarget, ATimeThatIsNoneIsNotBelieved) {
  const auto target = decode_target(
      json(R"({"metadata":{"annotations":{"secrets.edsm.io/changed-at":"yesterday"}}})"));
  EXPECT_EQ(target.changed_at, "");
}

Inspection look(std::string_view text, bool merge = false) {
  return inspect(json(text), digester(), merge, "edsm");
}

TEST(Inspect, TheDigestIsThatOfTheShapedData) {
  const auto seen = look(R"({"type":"Opaque","data":{"b":"","a":"MQ=="}})");
  EXPECT_EQ(seen.actual_digest, digester().digest(support::shaped({{"a", "1"}, {"b", ""}})));
  EXPECT_EQ(seen.type, "Opaque");
  EXPECT_FALSE(seen.immutable);
  EXPECT_TRUE(look(R"({"immutable":true})").immutable);
}

TEST(Inspect, NoDataAndEmptyDataAreTheSame) {
  const auto nothing = digester().digest(support::shaped({}));
  for (const auto* const text : {R"({"type":"Opaque"})", R"({"type":"Opaque","data":null})",
                                 R"({"type":"Opaque","data":{}})"}) {
    EXPECT_EQ(look(text).actual_digest, nothing) << text;
  }
}

TEST(Inspect, MergeLooksAtItsOwnKeysOnly) {
  const auto* const text = R"({"type":"Opaque","data":{"a":"MQ==","theirs":"Mg=="},
    "metadata":{"annotations":{"secrets.edsm.io/keys":"[\"a\"]"}}})";
  EXPECT_EQ(look(text, true).actual_digest, digester().digest(support::shaped({{"a", "1"}})));
  EXPECT_NE(look(text, false).actual_digest, look(text, true).actual_digest);
}

TEST(Inspect, TheLastWriterIsTheLatestForeignManager) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {R"([])", ""},
      {R"([{"manager":"edsm","time":"2026-11-23T18:00:09Z"}])", ""},
      {R"([{"manager":"kubectl-edit","time":"2026-11-23T18:00:01Z"},{"manager":"edsm","time":"2026-11-23T18:00:09Z"}])",
       "kubectl-edit"},
      {R"([{"manager":"b","time":"2026-11-23T18:00:05Z"},{"manager":"a","time":"2026-11-23T18:00:01Z"}])",
       "b"},
  };
  for (const auto& [fields, writer] : rows) {
    const auto text = fmt::format(R"({{"metadata":{{"managedFields":{}}}}})", fields);
    EXPECT_EQ(look(text).last_writer, writer) << fields;
  }
}

TEST(Inspect, NothingOfTheDataIsKept) {
  const auto seen =
      look(R"({"data":{"a":"Y2FuYXJ5"},"metadata":{"labels":{"l":"1"},"annotations":{"n":"2"}}})");
  EXPECT_EQ(seen.labels.at("l"), "1");
  EXPECT_EQ(seen.annotations.at("n"), "2");
  EXPECT_EQ(seen.actual_digest.find("canary"), std::string::npos);
}

Target make(const std::string& name, const std::string& version, const std::string& uid = "u") {
  Target target;
  target.key = {"ns", name};
  target.uid = uid;
  target.resource_version = version;
  target.version = version;
  return target;
}

TEST(TargetStore, OldAndEqualStatesChangeNothing) {
  TargetStore store;
  const base::ObjectKey key{"ns", "t"};
  EXPECT_EQ(store.find(key), nullptr);
  EXPECT_TRUE(store.put(make("t", "10")));
  EXPECT_FALSE(store.put(make("t", "10"))) << "the echo of our own write";
  EXPECT_FALSE(store.put(make("t", "9"))) << "a watch that is behind";
  EXPECT_EQ(store.find(key)->version, "10");
  EXPECT_TRUE(store.put(make("t", "11")));
  EXPECT_TRUE(store.put(make("t", "2", "reborn")));
  EXPECT_EQ(store.find(key)->uid, "reborn");
}

TEST(TargetStore, EraseOnlyWhatIsMeant) {
  TargetStore store;
  const base::ObjectKey key{"ns", "t"};
  EXPECT_FALSE(store.erase(key, "u", "1"));
  store.put(make("t", "10"));
  EXPECT_FALSE(store.erase(key, "other", "11")) << "the one before";
  EXPECT_FALSE(store.erase(key, "u", "9")) << "it was written again since";
  EXPECT_TRUE(store.erase(key, "u", "11"));
  EXPECT_EQ(store.find(key), nullptr);
  EXPECT_EQ(store.size(), 0U);
}

TEST(TargetStore, TheAnswerToAWriteFromBeforeItsEndDoesNotBringATargetBack) {
  TargetStore store;
  const base::ObjectKey key{"ns", "t"};
  store.put(make("t", "10"));
  store.erase(key, "u", "12");
  EXPECT_FALSE(store.put(make("t", "11")));
  EXPECT_EQ(store.find(key), nullptr);
  EXPECT_TRUE(store.put(make("t", "13")));
}

TEST(TargetStore, NorDoesOneFromBeforeTheRelistThatDroppedIt) {
  TargetStore store;
  const base::ObjectKey key{"ns", "t"};
  store.put(make("t", "10"));
  store.list_begins();
  store.list_ends("20");
  EXPECT_FALSE(store.put(make("t", "19")));
  EXPECT_EQ(store.find(key), nullptr);
  EXPECT_TRUE(store.put(make("t", "21"))) << "made anew since";
}

TEST(TargetStore, ARelistDropsWhatDidNotComeButNotWhatWasWrittenMeanwhile) {
  TargetStore store;
  for (const auto* const name : {"gone", "also gone", "kept", "written"})
    store.put(make(name, "1"));
  store.list_begins();
  EXPECT_FALSE(store.put(make("kept", "1")));
  store.put(make("written", "2"));
  EXPECT_FALSE(store.put(make("written", "1"))) << "the list is older than the write";
  store.put(make("new", "1"));
  EXPECT_EQ(store.list_ends("9"), (Keys{{"ns", "also gone"}, {"ns", "gone"}}));
  EXPECT_EQ(store.size(), 3U);
  EXPECT_EQ(store.find({"ns", "written"})->resource_version, "2");
}

}  // namespace
}  // namespace edsm::sync

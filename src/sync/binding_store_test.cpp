#include "sync/binding_store.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/time.hpp"
#include "support/fake_cloud.hpp"
#include "support/sync_values.hpp"

namespace edsm::sync {
namespace {

using Keys = std::vector<base::ObjectKey>;

const base::WallTime kMonday = *base::parse_rfc3339("2026-11-23T00:00:00Z");

Binding make(const std::string& name, const std::string& path, const std::string& target,
             std::int64_t generation = 1, const std::string& uid = "u") {
  Binding binding;
  binding.key = {"ns", name};
  binding.uid = uid + name;
  binding.generation = generation;
  binding.created = kMonday;
  binding.provider = "aws";
  binding.query = cloud::SecretQuery{path, {}};
  binding.target.name = target;
  return binding;
}

base::ObjectKey key(const std::string& name) {
  return {"ns", name};
}

class BindingStoreTest : public testing::Test {
 protected:
  support::FakeProvider provider;
  Providers providers{{"aws", &provider}};
  BindingStore store{providers};
};

TEST_F(BindingStoreTest, AnUnknownProviderIsAnErrorThatNamesTheKnownOnes) {
  auto binding = make("b", "p", "t");
  binding.provider = "azure";
  store.put(binding);
  const auto& state = *store.find(key("b"));
  ASSERT_TRUE(state.spec_error);
  EXPECT_EQ(state.spec_error->code, "UnknownProvider");
  EXPECT_NE(state.spec_error->text.find("azure"), std::string::npos);
  EXPECT_NE(state.spec_error->text.find("aws"), std::string::npos);
  EXPECT_EQ(store.of_target(key("t")), Keys{key("b")}) << "it still claims its target";
}

TEST_F(BindingStoreTest, ASpecThatDoesNotResolveIsNotIndexedAndRecovers) {
  store.put(make("b", "", "t"));
  EXPECT_EQ(store.find(key("b"))->spec_error->code, "MissingPath");
  EXPECT_EQ(store.of_source(""), Keys{});
  store.put(make("b", "p", "t", 2));
  EXPECT_FALSE(store.find(key("b"))->spec_error);
  EXPECT_EQ(store.of_source("aws/r/p"), Keys{key("b")});
  store.put(make("b", "", "t", 3));
  EXPECT_EQ(store.of_source("aws/r/p"), Keys{});
  EXPECT_EQ(store.matching({"aws/r/p"}), Keys{});
}

TEST_F(BindingStoreTest, WhatIsRelevant) {
  auto binding = make("b", "p", "t");
  auto change = store.put(binding);
  EXPECT_TRUE(change.fresh && change.relevant);
  change = store.put(binding);
  EXPECT_FALSE(change.fresh || change.relevant);
  binding.status.synced_version = "v1";
  EXPECT_FALSE(store.put(binding).relevant) << "our own status";
  EXPECT_EQ(store.find(key("b"))->binding.status.synced_version, "v1");
  binding.sync_request = "now";
  EXPECT_TRUE(store.put(binding).relevant);
  binding.generation = 2;
  EXPECT_TRUE(store.put(binding).relevant);
  binding.deleting = true;
  change = store.put(binding);
  EXPECT_TRUE(change.relevant);
  EXPECT_FALSE(change.fresh);
}

TEST_F(BindingStoreTest, WhatIsKnownInMemoryOutlivesAChangeButNotARebirth) {
  auto binding = make("b", "p", "t");
  BindingStatus status;
  status.applied_hash = "from status";
  binding.words = status;
  store.put(binding);
  auto& state = *store.find(key("b"));
  EXPECT_EQ(state.applied.hash, "from status");
  EXPECT_EQ(*state.binding.words, BindingStatus()) << "a kilobyte that nobody needs any more";
  state.applied.hash = "from memory";
  state.wishes.fetch = true;
  store.put(make("b", "p", "t", 2));
  EXPECT_EQ(store.find(key("b"))->applied.hash, "from memory");
  EXPECT_TRUE(store.find(key("b"))->wishes.fetch);
  const auto change = store.put(make("b", "q", "t2", 1, "reborn"));
  EXPECT_TRUE(change.fresh && change.relevant);
  EXPECT_EQ(store.find(key("b"))->applied.hash, "");
  EXPECT_FALSE(store.find(key("b"))->wishes.fetch);
  EXPECT_EQ(store.of_target(key("t")), Keys{});
  EXPECT_EQ(store.of_source("aws/r/p"), Keys{});
  EXPECT_EQ(store.of_source("aws/r/q"), Keys{key("b")});
}

TEST_F(BindingStoreTest, WhatAnotherLeaderRecordsIsKnownUntilItIsOurTurn) {
  auto binding = make("b", "p", "t");
  const auto recorded = [&](const std::string& hash) {
    BindingStatus status;
    status.applied_hash = hash;
    binding.status = status;
    binding.words = status;
    store.put(binding);
    return store.find(key("b"))->applied.hash;
  };
  store.follow();
  EXPECT_EQ(recorded("one"), "one");
  EXPECT_EQ(recorded("two"), "two") << "nothing else of it is different";
  store.lead();
  EXPECT_EQ(recorded("three"), "two") << "a status of ours that comes back";
}

TEST_F(BindingStoreTest, TheOlderBindingOfATargetWins) {
  auto young = make("a", "p", "t");
  young.created = kMonday + std::chrono::seconds(1);
  const auto old = make("b", "q", "t");
  auto older_by_uid = make("c", "q", "t");
  older_by_uid.uid = "a-smaller-uid";
  auto elsewhere = make("d", "q", "t");
  elsewhere.key.ns = "other";
  elsewhere.created = kMonday - std::chrono::seconds(1);
  EXPECT_EQ(store.rival_of(young), std::nullopt) << "not even in the store";
  for (const auto& each : {young, old, elsewhere}) store.put(each);
  EXPECT_EQ(store.rival_of(young), key("b"));
  EXPECT_EQ(store.rival_of(old), std::nullopt);
  store.put(older_by_uid);
  EXPECT_EQ(store.rival_of(young), key("c")) << "the oldest of all";
  EXPECT_EQ(store.rival_of(old), key("c"));
  older_by_uid.deleting = true;
  store.put(older_by_uid);
  EXPECT_EQ(store.rival_of(young), key("b"));
  EXPECT_EQ(store.erase(key("b")), (Keys{key("a"), key("c")})) << "who may take it over";
  EXPECT_EQ(store.rival_of(young), std::nullopt);
  EXPECT_EQ(store.erase(key("b")), Keys{});
}

TEST_F(BindingStoreTest, ARelistNamesWhatDidNotCome) {
  for (const auto* const name : {"a", "b", "c"}) store.put(make(name, "p", name));
  store.list_begins();
  store.put(make("b", "p", "b"));
  store.put(make("new", "p", "t"));
  store.erase(key("c"));
  const auto gone = store.list_ends();
  EXPECT_EQ(std::ranges::count(gone, key("a")), 1);
  EXPECT_EQ(std::ranges::count(gone, key("b")), 0);
  EXPECT_EQ(std::ranges::count(gone, key("new")), 0);
  EXPECT_EQ(store.list_ends(), Keys{});
  store.list_begins();
  store.put(make("a", "p", "a"));
  store.list_begins();
  EXPECT_EQ(std::ranges::count(store.list_ends(), key("a")), 1)
      << "a list that starts over counts anew";
}

TEST_F(BindingStoreTest, TheIndexesAgreeWithTheBindings) {
  std::mt19937 random(11);  // NOLINT: the same numbers in every run
  const auto below = [&](unsigned limit) { return static_cast<unsigned>(random() % limit); };
  const auto letter = [&](unsigned limit) {
    return std::string(1, static_cast<char>('a' + below(limit)));
  };
  std::map<base::ObjectKey, Binding> model;
  const auto find = [&](auto matches) {
    Keys found;
    for (const auto& [each, binding] : model) {
      if (matches(binding)) found.push_back(each);
    }
    return found;
  };
  for (int step = 1; step < 3000; ++step) {
    const auto name = letter(6);
    if (below(4) == 0) {
      store.erase(key(name));
      model.erase(key(name));
    } else {
      const auto path = below(5) == 0 ? std::string() : letter(3);
      const auto binding = make(name, path, letter(3), step, below(6) == 0 ? "other" : "u");
      store.put(binding);
      model[key(name)] = binding;
    }
    ASSERT_EQ(store.all().size(), model.size());
    for (const auto* const each : {"a", "b", "c"}) {
      const std::string text(each);
      const auto of_path =
          find([&](const Binding& binding) { return binding.query->path == text; });
      ASSERT_EQ(store.of_source("aws/r/" + text), of_path) << step;
      ASSERT_EQ(store.matching({"aws/r/" + text, "nobody", "aws/r/" + text}), of_path) << step;
      ASSERT_EQ(store.of_target(key(text)),
                find([&](const Binding& b) { return b.target.name == text; }))
          << step;
    }
  }
}

TEST(DecodeBinding, DefaultsAreThoseOfTheCrd) {
  const auto binding = decode_binding(support::json(
      R"({"metadata":{"namespace":"ns","name":"b","uid":"u"},"spec":{"cloudProvider":"aws","secretPath":"p","targetSecretName":"t"}})"));
  EXPECT_EQ(binding.key.str(), "ns/b");
  EXPECT_EQ(binding.target_key().str(), "ns/t");
  EXPECT_EQ(binding.shape.format, ValueFormat::automatic);
  EXPECT_EQ(binding.shape.raw_key, "value");
  EXPECT_EQ(binding.shape.type, "Opaque");
  EXPECT_TRUE(binding.shape.data->empty());
  EXPECT_EQ(binding.target.creation, CreationPolicy::owner);
  EXPECT_EQ(binding.target.deletion, DeletionPolicy::retain);
  EXPECT_FALSE(binding.deleting);
  EXPECT_EQ(*binding.words, BindingStatus());
}

TEST(DecodeBinding, EverythingThatCanBeSaid) {
  const auto object = support::json(R"({
    "metadata":{"namespace":"ns","name":"b","uid":"u","generation":7,"creationTimestamp":"2026-11-23T00:00:00Z",
      "deletionTimestamp":"2026-11-23T00:00:00Z","annotations":{"edsm.io/last-updated":"now"}},
    "spec":{"cloudProvider":"aws","secretPath":"p","targetSecretName":"t","cloudProviderOptions":{"region":"r1"},
      "format":"Text","rawKey":"raw","data":[{"secretKey":"k","property":"a.b"},{"secretKey":"l"}],
      "target":{"type":"kubernetes.io/tls","labels":{"l":"1"},"annotations":{"n":"2"},"creationPolicy":"Merge",
        "deletionPolicy":"Delete"}},
    "status":{"observedGeneration":6,"lastAppliedSecretHash":"h","syncedVersion":"v","targetResourceVersion":"9",
      "handledSyncRequest":"before","lastSyncedTime":"t","reason":"r","message":"m",
      "conditions":[{"type":"Synced","status":"True","reason":"r","message":"m","lastTransitionTime":"t","observedGeneration":6}]}})");
  const auto binding = decode_binding(object);
  EXPECT_EQ(binding.generation, 7);
  EXPECT_EQ(binding.created, kMonday);
  EXPECT_TRUE(binding.deleting);
  EXPECT_EQ(binding.sync_request, "now");
  EXPECT_EQ(binding.query->options.at("region"), "r1");
  EXPECT_EQ(binding.shape.format, ValueFormat::text);
  EXPECT_EQ(binding.shape.raw_key, "raw");
  EXPECT_EQ(binding.shape.type, "kubernetes.io/tls");
  ASSERT_EQ(binding.shape.data->size(), 2U);
  EXPECT_EQ(binding.shape.data->at(0).property, "a.b");
  EXPECT_EQ(binding.shape.data->at(1).property, "");
  EXPECT_EQ(binding.target.labels->at("l"), "1");
  EXPECT_EQ(binding.target.annotations->at("n"), "2");
  EXPECT_EQ(binding.target.creation, CreationPolicy::merge);
  EXPECT_EQ(binding.target.deletion, DeletionPolicy::remove);
  EXPECT_EQ(applied_from(binding.words).generation, 6);
  const auto status = decode_status(object);
  EXPECT_EQ(status.conditions, (std::vector{Condition{"Synced", "True", "r", "m", "t", 6}}));
  EXPECT_TRUE(binding.status.says(status));
  EXPECT_EQ(binding.status.truths.at(1), SeenStatus::Truth::yes);
  EXPECT_EQ(binding.status.since.at(1), "t");
}

}  // namespace
}  // namespace edsm::sync

#include "sync/workload.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/time.hpp"
#include "support/sync_values.hpp"

namespace edsm::sync {
namespace {

using support::json;
using Names = std::vector<std::string>;

std::string with_annotations(std::string_view annotations) {
  return fmt::format(
      R"({{"metadata":{{"namespace":"ns","name":"w","uid":"u","resourceVersion":"5","creationTimestamp":"2026-11-23T18:00:00Z","annotations":{}}}}})",
      annotations);
}

TEST(ParseSecretNames, BadForms) {
  for (const auto* const bad :
       {"", " ", "a", "a,b", "\"a\"", "{}", R"({"a":1})", "[a]", "['a']", R"(["a",])", "[1]",
        R"(["a",null])", R"(["a",["b"]])", R"([""])", R"(["a")", "null", R"(["a"] x)"}) {
    EXPECT_FALSE(parse_secret_names(bad)) << bad;
  }
}

TEST(ParseSecretNames, GoodForms) {
  const std::pair<std::string_view, Names> rows[] = {
      {"[]", {}},
      {R"(["a"])", {"a"}},
      {" [ \"a\" ,\n\"b\" ] ", {"a", "b"}},
      {R"(["b","a","b"])", {"b", "a"}},
      {R"(["\u0061"])", {"a"}},
  };
  for (const auto& [text, names] : rows) EXPECT_EQ(parse_secret_names(text), names) << text;
}

TEST(DecodeWorkload, WithoutOneOfTheAnnotationsItIsNoneOfOurs) {
  for (const auto* const annotations :
       {"null", "{}", R"({"other":"[\"a\"]"})", R"({"EventSecrets":"[]"})"}) {
    EXPECT_FALSE(decode_workload(json(with_annotations(annotations)), kube::kDeployments))
        << annotations;
  }
  EXPECT_FALSE(decode_workload(json("{}"), kube::kDeployments));
}

TEST(DecodeWorkload, EverySpellingOfTheAnnotation) {
  for (const auto* const name :
       {"eventdrivensecretsmanaged", "eventsecrets", "eventdrivensecrets"}) {
    const auto object = json(with_annotations(fmt::format(R"({{"{}":"[\"a\",\"b\"]"}})", name)));
    const auto workload = decode_workload(object, kube::kStatefulSets);
    ASSERT_TRUE(workload) << name;
    EXPECT_EQ(workload->id(), "StatefulSet/ns/w");
    EXPECT_EQ(workload->secrets, (Names{"a", "b"})) << name;
    EXPECT_EQ(workload->uid, "u");
    EXPECT_EQ(workload->resource_version, "5");
    EXPECT_EQ(base::rfc3339(workload->created), "2026-11-23T18:00:00Z");
    EXPECT_EQ(workload->annotation_error, "");
  }
}

TEST(DecodeWorkload, TheFirstSpellingCounts) {
  const auto object = json(with_annotations(
      R"({"eventdrivensecrets":"[\"c\"]","eventsecrets":"[\"b\"]","eventdrivensecretsmanaged":"[\"a\"]"})"));
  EXPECT_EQ(decode_workload(object, kube::kDeployments)->secrets, Names{"a"});
}

TEST(DecodeWorkload, AnUnreadableAnnotationIsAnErrorThatKeepsTheRest) {
  for (const auto* const bad : {R"("true")", R"("my-secret")", R"("")", "5", "null"}) {
    const auto object = json(with_annotations(fmt::format(
        R"({{"eventsecrets":{},"secrets.edsm.io/rolled-out":"{{\"a\":{{\"digest\":\"d\"}}}}"}})",
        bad)));
    const auto workload = decode_workload(object, kube::kDeployments);
    ASSERT_TRUE(workload) << bad;
    EXPECT_TRUE(workload->secrets.empty()) << bad;
    EXPECT_NE(workload->annotation_error.find("JSON array"), std::string::npos) << bad;
    EXPECT_EQ(workload->records.size(), 1U) << bad;
  }
}

TEST(DecodeWorkload, RecordsSurviveARoundTripAndNonsenseIsNone) {
  const std::map<std::string, RolloutRecord> records = {{"a", {"k:1", "t"}}, {"b\"", {"k:2", ""}}};
  const auto text = write_records(records);
  EXPECT_EQ(text, R"({"a":{"digest":"k:1","changedAt":"t"},"b\"":{"digest":"k:2"}})");
  boost::json::object annotations;
  annotations["eventsecrets"] = "[]";
  annotations["secrets.edsm.io/rolled-out"] = text;
  EXPECT_EQ(decode_workload(json(with_annotations(boost::json::serialize(annotations))),
                            kube::kDeployments)
                ->records,
            records);
  for (const auto* const bad : {"", "x", "[]", "{", "7"}) {
    annotations["secrets.edsm.io/rolled-out"] = bad;
    const auto object = json(with_annotations(boost::json::serialize(annotations)));
    EXPECT_TRUE(decode_workload(object, kube::kDeployments)->records.empty()) << bad;
  }
}

Workload make(const std::string& name, Names secrets, const std::string& version,
              const std::string& uid = "u", kube::Resource resource = kube::kDeployments) {
  Workload workload;
  workload.resource = resource;
  workload.key = {"ns", name};
  workload.uid = uid;
  workload.resource_version = version;
  workload.secrets = std::move(secrets);
  return workload;
}

TEST(WorkloadStore, OldAndEqualStatesChangeNothing) {
  WorkloadStore store;
  EXPECT_TRUE(store.put(make("w", {"a"}, "10")));
  EXPECT_FALSE(store.put(make("w", {"b"}, "10")));
  EXPECT_FALSE(store.put(make("w", {"b"}, "9")));
  EXPECT_EQ(store.users_of({"ns", "a"}), Names{"Deployment/ns/w"});
  EXPECT_EQ(store.users_of({"ns", "b"}), Names{});
  EXPECT_TRUE(store.put(make("w", {"b"}, "11")));
  EXPECT_EQ(store.users_of({"ns", "a"}), Names{});
  EXPECT_TRUE(store.put(make("w", {"c"}, "2", "reborn")))
      << "another object: versions do not compare";
  EXPECT_EQ(store.users_of({"ns", "c"}), Names{"Deployment/ns/w"});
}

TEST(WorkloadStore, EraseUnlinks) {
  WorkloadStore store;
  EXPECT_FALSE(store.erase("Deployment/ns/w"));
  store.put(make("w", {"a"}, "1"));
  store.put(make("v", {"a"}, "1"));
  EXPECT_EQ(store.users_of({"ns", "a"}), (Names{"Deployment/ns/v", "Deployment/ns/w"}))
      << "in order";
  EXPECT_TRUE(store.erase("Deployment/ns/w"));
  EXPECT_EQ(store.users_of({"ns", "a"}), Names{"Deployment/ns/v"});
  EXPECT_EQ(store.users_of({"other", "a"}), Names{});
  EXPECT_EQ(store.find("Deployment/ns/w"), nullptr);
}

TEST(WorkloadStore, ARelistNamesTheGoneOnesOfItsKindOnly) {
  WorkloadStore store;
  store.put(make("gone", {"a"}, "1"));
  store.put(make("kept", {"a"}, "1"));
  store.put(make("set", {"a"}, "1", "u", kube::kDaemonSets));
  store.list_begins("Deployment");
  EXPECT_FALSE(store.put(make("kept", {"a"}, "1"))) << "unchanged, but seen";
  store.put(make("new", {"a"}, "1"));
  EXPECT_EQ(store.list_ends("Deployment"), Names{"Deployment/ns/gone"});
  EXPECT_EQ(store.size(), 4U) << "whoever asked erases it";
  EXPECT_EQ(store.list_ends("DaemonSet"), Names{});
}

TEST(WorkloadStore, TheIndexAgreesWithTheWorkloads) {
  std::mt19937 random(7);  // NOLINT: the same numbers in every run
  const auto below = [&](unsigned limit) { return static_cast<unsigned>(random() % limit); };
  const Names all = {"a", "b", "c", "d"};
  WorkloadStore store;
  std::map<std::string, Names> model;
  for (int step = 1; step < 2000; ++step) {
    const std::string name(1, static_cast<char>('p' + below(5)));
    const std::string id = "Deployment/ns/" + name;
    if (below(4) == 0) {
      EXPECT_EQ(store.erase(id), model.erase(id) == 1);
    } else {
      Names secrets;
      for (const auto& secret : all) {
        if (below(2) == 0) secrets.push_back(secret);
      }
      store.put(make(name, secrets, std::to_string(step)));
      model[id] = secrets;
    }
    ASSERT_EQ(store.size(), model.size());
    for (const auto& secret : all) {
      Names users;
      for (const auto& [user, secrets] : model) {
        if (std::ranges::find(secrets, secret) != secrets.end()) users.push_back(user);
      }
      ASSERT_EQ(store.users_of({"ns", secret}), users) << step;
    }
  }
}

}  // namespace
}  // namespace edsm::sync

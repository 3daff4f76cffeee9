#include "sim/cluster/cluster.hpp"

#include <stdexcept>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "sim/cluster/bench.hpp"

namespace edsm::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using test::Answer;
using test::Bench;

constexpr std::string_view kSecrets = "/api/v1/namespaces/shop/secrets";
constexpr std::string_view kDb = "/api/v1/namespaces/shop/secrets/db";
constexpr std::string_view kNewDb =
    R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"db"},"data":{"a":"YQ=="}})";

TEST(Cluster, CreatesAndGets) {
  Bench bench;
  const Answer made = bench.post(kSecrets, kNewDb);
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.text("kind"), "Secret");
  EXPECT_EQ(made.text("apiVersion"), "v1");
  EXPECT_EQ(made.text("type"), "Opaque");
  EXPECT_EQ(made.text("metadata.namespace"), "shop");
  EXPECT_EQ(made.text("metadata.creationTimestamp"), "2026-11-23T01:00:00Z");
  EXPECT_EQ(made.text("metadata.uid").size(), 36U);
  EXPECT_FALSE(made.version().empty());
  const Answer got = bench.get(kDb);
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.body, made.body);
  EXPECT_EQ(bench.post(kSecrets, kNewDb).text("reason"), "AlreadyExists");
}

TEST(Cluster, AnswersWhatIsNotThere) {
  Bench bench;
  const Answer answer = bench.get(kDb);
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.text("message"), R"(secrets "db" not found)");
  EXPECT_EQ(answer.text("details.kind"), "secrets");
  EXPECT_EQ(bench.get("/apis/nowhere/v1/things").status, 404);
  EXPECT_TRUE(bench.get("/apis/nowhere/v1/things").body.is_null());
  EXPECT_EQ(bench.patch(kDb, "{}").status, 404);
  EXPECT_EQ(bench.remove(kDb).status, 404);
  EXPECT_EQ(bench.put(kDb, kNewDb).status, 404);
}

TEST(Cluster, ShowsMetadataOnly) {
  Bench bench;
  bench.post(kSecrets, kNewDb);
  bench.accept = test::kAsObject;
  const Answer one = bench.get(kDb);
  EXPECT_EQ(one.text("kind"), "PartialObjectMetadata");
  EXPECT_EQ(one.body.as_object().size(), 3U);
  bench.accept = test::kAsList;
  const Answer list = bench.get("/api/v1/secrets");
  EXPECT_EQ(list.text("kind"), "PartialObjectMetadataList");
  EXPECT_EQ(base::string_at(base::array_at(list.body, "items")->front(), "kind"),
            "PartialObjectMetadata");
}

TEST(Cluster, WantsAGoodToken) {
  Bench bench;
  bench.cluster.add_token("short", "edsm", bench.timeline.now() + seconds(10));
  const auto status = [&](std::string_view token) {
    bench.token = token;
    return bench.get(kSecrets).status;
  };
  EXPECT_EQ(status("unknown"), 401);
  EXPECT_EQ(status("short"), 200);
  bench.timeline.advance(seconds(10));
  EXPECT_EQ(status("short"), 401);
  EXPECT_EQ(status("good"), 200);
  bench.cluster.revoke_token("good");
  EXPECT_EQ(status("good"), 401);
}

TEST(Cluster, AGateAnswersInItsPlace) {
  Bench bench;
  bench.cluster.gate([](const Access& access) -> std::optional<Reply> {
    if (access.verb == "create" && access.ns == "shop") return forbidden(access);
    if (access.verb == "list") return too_many_requests(3);
    return std::nullopt;
  });
  const Answer refused = bench.post(kSecrets, kNewDb);
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.text("message"),
            R"(secrets is forbidden: User "edsm" cannot create resource "secrets" in API group "" )"
            R"(in the namespace "shop")");
  const Answer later = bench.get(kSecrets);
  EXPECT_EQ(later.status, 429);
  EXPECT_EQ(later.headers.find("Retry-After"), "3");
  EXPECT_EQ(bench.cluster.audit().back().status, 403);
  EXPECT_EQ(bench.cluster.find(kube::kSecrets, "shop", "db"), nullptr);
}

TEST(Cluster, LeasesNeedTheirVersion) {
  Bench bench;
  constexpr std::string_view kPath = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases";
  const auto body = [](std::string_view holder, std::string_view version) {
    return fmt::format(
        R"({{"metadata":{{"name":"l","resourceVersion":"{}"}},"spec":{{"holderIdentity":"{}","leaseDurationSeconds":15}}}})",
        version, holder);
  };
  const Answer made =
      bench.post(kPath, R"({"metadata":{"name":"l"},"spec":{"holderIdentity":"a"}})");
  EXPECT_EQ(made.status, 201);
  const std::string one = std::string(kPath) + "/l";
  EXPECT_EQ(bench.put(one, body("b", "")).status, 422);
  const Answer taken = bench.put(one, body("b", made.version()));
  EXPECT_EQ(taken.status, 200);
  const Answer late = bench.put(one, body("c", made.version()));
  EXPECT_EQ(late.status, 409);
  EXPECT_EQ(late.text("reason"), "Conflict");
  EXPECT_EQ(bench.get(one).text("spec.holderIdentity"), "b");
}

TEST(Cluster, KeepsStatusApart) {
  Bench bench;
  constexpr std::string_view kPath =
      "/apis/secrets.edsm.io/v1alpha1/namespaces/shop/eventdrivensecrets";
  const Answer made = bench.post(
      kPath,
      R"({"metadata":{"name":"b"},"spec":{"cloudProvider":"aws","secretPath":"p","targetSecretName":"t"},"status":{"reason":"x"}})");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.number("status.observedGeneration"), -1);
  EXPECT_EQ(made.text("status.reason"), "");
  EXPECT_EQ(made.text("spec.target.creationPolicy"), "Owner");
  EXPECT_EQ(made.number("metadata.generation"), 1);
  const std::string one = std::string(kPath) + "/b";
  const Answer reported =
      bench.patch(one + "/status", R"({"spec":{"secretPath":"q"},"status":{"reason":"Fine"}})");
  EXPECT_EQ(reported.text("status.reason"), "Fine");
  EXPECT_EQ(reported.text("spec.secretPath"), "p");
  EXPECT_EQ(reported.number("metadata.generation"), 1);
  const Answer changed =
      bench.patch(one, R"({"spec":{"secretPath":"q"},"status":{"reason":"Other"}})");
  EXPECT_EQ(changed.text("status.reason"), "Fine");
  EXPECT_EQ(changed.number("metadata.generation"), 2);
  const Answer same = bench.patch(one, R"({"spec":{"secretPath":"q"}})");
  EXPECT_EQ(same.version(), changed.version());
  EXPECT_EQ(bench.patch(one, "{}", test::kStrategic).status, 415);
  const std::string foreign = R"({"metadata":{"uid":"x"},"status":{"reason":"No"}})";
  // Of a custom resource's status patch nothing but the status and the version is looked at.
  EXPECT_EQ(bench.patch(one + "/status", foreign).text("status.reason"), "No");
  EXPECT_EQ(bench.patch(one, foreign).status, 422);
}

TEST(Cluster, CollectsWhatLostItsOwner) {
  Bench bench;
  const auto& owner = bench.cluster.create(
      kube::kBindings,
      Object{{"metadata", {{"name", "b"}, {"namespace", "shop"}}},
             {"spec", {{"cloudProvider", "aws"}, {"secretPath", "p"}, {"targetSecretName", "t"}}}},
      "user");
  bench.post(
      kSecrets,
      fmt::format(
          R"({{"metadata":{{"name":"db","ownerReferences":[{{"apiVersion":"secrets.edsm.io/v1alpha1","kind":"EventDrivenSecret","name":"b","uid":"{}","controller":true}}]}}}})",
          owner.uid()));
  bench.timeline.advance(minutes(1));
  EXPECT_EQ(bench.get(kDb).status, 200);
  EXPECT_TRUE(bench.cluster.remove(kube::kBindings, "shop", "b"));
  EXPECT_EQ(bench.get(kDb).status, 200);
  bench.timeline.advance(minutes(1));
  EXPECT_EQ(bench.get(kDb).status, 404);
  EXPECT_EQ(bench.cluster.audit().back().access.user,
            "system:serviceaccount:kube-system:generic-garbage-collector");
}

TEST(Cluster, AuditsWritesAndRollouts) {
  Bench bench;
  bench.cluster.create(kube::kDeployments,
                       Object{{"metadata", {{"name", "web"}, {"namespace", "shop"}}},
                              {"spec", {{"template", {{"spec", Object()}}}}}},
                       "user");
  constexpr std::string_view kWeb = "/apis/apps/v1/namespaces/shop/deployments/web";
  bench.patch(kWeb, R"({"metadata":{"annotations":{"a":"b"}}})");
  bench.patch(kWeb, R"({"metadata":{"annotations":{"a":"b"}}})");
  const Answer rolled =
      bench.patch(kWeb, R"({"spec":{"template":{"metadata":{"annotations":{"c":"d"}}}}})");
  EXPECT_EQ(rolled.number("metadata.generation"), 3);  // its annotations count too
  const auto& audit = bench.cluster.audit();
  ASSERT_EQ(audit.size(), 4U);
  EXPECT_TRUE(audit[1].changed);
  EXPECT_FALSE(audit[2].changed);
  EXPECT_EQ(audit[2].status, 200);
  const auto rollouts = bench.cluster.rollouts(kube::kDeployments, "shop", "web");
  ASSERT_EQ(rollouts.size(), 2U);
  EXPECT_EQ(rollouts[1]->access.user, "edsm");
  EXPECT_EQ(rollouts[1]->manager, "client");
  EXPECT_EQ(std::to_string(rollouts[1]->revision), rolled.version());
  bench.get(kWeb);
  EXPECT_EQ(bench.cluster.reads().at("get deployments"), 1U);
}

TEST(Cluster, ActorsAreHeldToTheRules) {
  Bench bench;
  const Object bad{{"metadata", {{"name", "db"}, {"namespace", "shop"}}},
                   {"data", {{"a b", "YQ=="}}}};
  EXPECT_THROW(bench.cluster.create(kube::kSecrets, bad, "user"), std::invalid_argument);
  bench.post(kSecrets, kNewDb);
  const auto edited = bench.cluster.edit(
      kube::kSecrets, "shop", "db", [](Object& secret) { secret["data"] = Object{{"b", "Yg=="}}; },
      "kubectl-edit");
  EXPECT_TRUE(edited);
  EXPECT_FALSE(bench.cluster.edit(kube::kSecrets, "shop", "no", [](Object&) {}, "user"));
  const Answer got = bench.get(kDb);
  EXPECT_EQ(got.text("data.b"), "Yg==");
  const auto* const managers = base::array_at(got.body, "metadata.managedFields");
  ASSERT_EQ(managers->size(), 2U);  // the first one still has the type
  EXPECT_EQ(base::string_at(managers->at(1), "manager"), "kubectl-edit");
}

}  // namespace
}  // namespace edsm::sim

#include "kube/api.hpp"

#include <gtest/gtest.h>

#include "base/json.hpp"
#include "kube/test_support.hpp"

namespace edsm::kube {
namespace {

using base::Failure;
using net::Method;
using test::Bench;
using test::status_json;

TEST(ResourcePath, IsEncoded) {
  EXPECT_EQ(kSecrets.path("shop", "db"), "/api/v1/namespaces/shop/secrets/db");
  EXPECT_EQ(kSecrets.path("", ""), "/api/v1/secrets");
  EXPECT_EQ(kDeployments.path("shop"), "/apis/apps/v1/namespaces/shop/deployments");
  EXPECT_EQ(kSecrets.path("a/../b", "x?y"), "/api/v1/namespaces/a%2F..%2Fb/secrets/x%3Fy");
  EXPECT_EQ(kSecrets.api_version(), "v1");
  EXPECT_EQ(kDeployments.api_version(), "apps/v1");
}

TEST(Api, MetadataGet) {
  Bench bench;
  bench.http.reply_with(test::answer(200, R"({"kind":"PartialObjectMetadata"})"));
  const auto answer = bench.run(bench.api.get(kSecrets, "shop", "db", View::metadata));
  ASSERT_TRUE(answer);
  const auto& seen = bench.http.seen.at(0);
  EXPECT_EQ(seen.method, Method::get);
  EXPECT_EQ(seen.url, "https://k:6443/base/api/v1/namespaces/shop/secrets/db");
  EXPECT_EQ(seen.headers.find("Accept"),
            "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json");
  EXPECT_EQ(seen.headers.find("Authorization"), "Bearer 1");
  EXPECT_FALSE(seen.headers.find("Content-Type"));
}

TEST(Api, WritesNameTheFieldManager) {
  Bench bench;
  for (int i = 0; i < 3; ++i) bench.http.reply_with(test::answer(200, "{}"));
  ASSERT_TRUE(bench.run(bench.api.create(kSecrets, "n", base::SecretBytes("{1}"))));
  ASSERT_TRUE(bench.run(bench.api.replace(kLeases, "n", "l", base::SecretBytes("{2}"))));
  PatchOptions apply;
  apply.type = PatchType::apply;
  apply.force = true;
  apply.subresource = "status";
  apply.view = View::metadata;
  ASSERT_TRUE(bench.run(bench.api.patch(kBindings, "n", "b", base::SecretBytes("{3}"), apply)));
  const auto& seen = bench.http.seen;
  EXPECT_EQ(seen[0].method, Method::post);
  EXPECT_EQ(seen[0].url, "https://k:6443/base/api/v1/namespaces/n/secrets?fieldManager=edsm");
  EXPECT_EQ(seen[0].body, "{1}");
  EXPECT_EQ(seen[0].headers.find("content-type"), "application/json");
  EXPECT_EQ(seen[1].method, Method::put);
  EXPECT_TRUE(seen[1].url.ends_with("/leases/l?fieldManager=edsm"));
  EXPECT_EQ(seen[2].method, Method::patch);
  EXPECT_TRUE(seen[2].url.ends_with("/eventdrivensecrets/b/status?fieldManager=edsm&force=true"));
  EXPECT_EQ(seen[2].headers.find("content-type"), "application/apply-patch+yaml");
  EXPECT_TRUE(seen[2].headers.find("accept")->contains("PartialObjectMetadata"));
}

TEST(Api, WhatCarriesSecretDataIsConfidential) {
  for (const auto& [resource, confidential] : {std::pair(kSecrets, true), {kDeployments, false}}) {
    Bench bench;
    for (int i = 0; i < 3; ++i) bench.http.reply_with(test::answer(200, "{}"));
    ASSERT_TRUE(bench.run(bench.api.get(resource, "n", "x")));
    ASSERT_TRUE(bench.run(bench.api.create(resource, "n", base::SecretBytes("{}"))));
    PatchOptions options;
    ASSERT_TRUE(bench.run(bench.api.patch(resource, "n", "x", base::SecretBytes("{}"), options)));
    for (const auto& seen : bench.http.seen) EXPECT_EQ(seen.confidential, confidential) << seen.url;
  }
}

TEST(Api, ContentTypePerPatchType) {
  const std::vector<std::pair<PatchType, std::string>> types = {
      {PatchType::json, "application/json-patch+json"},
      {PatchType::merge, "application/merge-patch+json"},
      {PatchType::strategic, "application/strategic-merge-patch+json"},
      {PatchType::apply, "application/apply-patch+yaml"}};
  for (const auto& [type, expected] : types) {
    Bench bench;
    bench.http.reply_with(test::answer(200, "{}"));
    PatchOptions options;
    options.type = type;
    options.force = type != PatchType::apply;  // of no meaning there
    ASSERT_TRUE(bench.run(bench.api.patch(kSecrets, "n", "s", base::SecretBytes("[]"), options)));
    EXPECT_EQ(bench.http.seen[0].headers.find("content-type"), expected);
    EXPECT_FALSE(bench.http.seen[0].url.contains("force"));
  }
}

TEST(Api, RemoveCarriesItsPreconditions) {
  Bench bench;
  bench.http.reply_with(test::answer(200, R"({"kind":"Status","status":"Success"})"))
      .reply_with(test::answer(202, ""));
  const Preconditions both{"u1", "7"};
  ASSERT_TRUE(bench.run(bench.api.remove(kSecrets, "n", "s", both)));
  EXPECT_EQ(bench.http.seen[0].method, Method::del);
  EXPECT_EQ(
      bench.http.seen[0].body,
      R"({"kind":"DeleteOptions","apiVersion":"v1","preconditions":{"uid":"u1","resourceVersion":"7"}})");
  const Preconditions uid{"u1", ""};
  EXPECT_TRUE(bench.run(bench.api.remove(kSecrets, "n", "s", uid)));
}

TEST(Api, AnEmptyNameNeverMeansAll) {
  Bench bench;
  const auto removed = bench.run(bench.api.remove(kSecrets, "n", "", {}));
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().code, "EmptyName");
  const auto read = bench.run(bench.api.get(kSecrets, "n", ""));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().failure, Failure::invalid);
  EXPECT_TRUE(bench.http.seen.empty());
}

TEST(Api, UnauthorizedIsTriedOnceMoreWithNewCredentials) {
  Bench bench;
  bench.http.reply_with(test::answer(401, status_json(401, "Unauthorized")))
      .reply_with(test::answer(200, "{}"));
  const auto before = bench.clock.now();
  ASSERT_TRUE(bench.run(bench.api.create(kSecrets, "n", base::SecretBytes("body"))));
  ASSERT_EQ(bench.http.seen.size(), 2U);
  EXPECT_EQ(bench.http.seen[1].headers.find("authorization"), "Bearer 2");
  EXPECT_EQ(bench.http.seen[1].body, "body");
  EXPECT_EQ(bench.authority.rejected_at, before);
}

TEST(Api, UnauthorizedTwiceIsAnError) {
  Bench bench;
  bench.http.reply_with(test::answer(401))
      .reply_with(test::answer(401))
      .reply_with(test::answer(200, "{}"));
  const auto answer = bench.run(bench.api.get(kSecrets, "n", "s"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().failure, Failure::credentials);
  EXPECT_EQ(bench.http.seen.size(), 2U);
}

TEST(Api, NothingIsSentWithoutCredentials) {
  Bench bench;
  bench.authority.failure = base::Error{Failure::credentials, "NoToken", "no token", std::nullopt};
  const auto answer = bench.run(bench.api.get(kSecrets, "n", "s"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().text, "get secrets n/s: no token");
  EXPECT_TRUE(bench.http.seen.empty());
}

TEST(Api, OtherFailuresAreNotRetriedHere) {
  for (const int status : {409, 429, 500, 503}) {
    Bench bench;
    bench.http.reply_with(test::answer(status, "", {{"Retry-After", "2"}}))
        .reply_with(test::answer(200, "{}"));
    const auto answer = bench.run(bench.api.get(kSecrets, "n", "s"));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().retry_after, std::chrono::seconds(2));
    EXPECT_EQ(bench.http.seen.size(), 1U) << status;
  }
}

TEST(Api, TransportErrorsNameTheRequest) {
  Bench bench;
  bench.http.reply_error(Failure::transient, "ConnectionFailed");
  const auto answer = bench.run(bench.api.get(kSecrets, "n", "s"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "ConnectionFailed");
  EXPECT_TRUE(answer.error().text.starts_with("get secrets n/s: "));
  EXPECT_TRUE(bench.metrics.text().contains(R"(code="ConnectionFailed",operation="get secrets")"))
      << bench.metrics.text();
}

TEST(Api, AnAnswerThatIsNotJsonIsTransientAndNotQuoted) {
  Bench bench;
  bench.http.reply_with(test::answer(200, "<html>hunter2"));
  const auto answer = bench.run(bench.api.get(kSecrets, "n", "s"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().failure, Failure::transient);
  EXPECT_EQ(answer.error().code, "MalformedAnswer");
  EXPECT_FALSE(answer.error().text.contains("hunter2"));
}

TEST(Api, TimeoutOfACopy) {
  Bench bench;
  bench.http.reply_with(test::answer(200, "{}")).reply_with(test::answer(200, "{}"));
  Api quick = bench.api.with_timeout(std::chrono::seconds(5));
  ASSERT_TRUE(bench.run(quick.get(kLeases, "n", "l")));
  ASSERT_TRUE(bench.run(bench.api.get(kLeases, "n", "l")));
  EXPECT_EQ(bench.http.seen[0].timeout, std::chrono::seconds(5));
  EXPECT_GT(bench.http.seen[1].timeout, std::chrono::seconds(34));  // the server's own limit
}

TEST(Api, ListAsksForMetadata) {
  Bench bench;
  bench.http.reply_with(test::answer(200, R"({"items":[]})"));
  ASSERT_TRUE(bench.run(bench.api.list(kDeployments, "", "limit=5", View::metadata)));
  EXPECT_EQ(bench.http.seen[0].url, "https://k:6443/base/apis/apps/v1/deployments?limit=5");
  EXPECT_TRUE(bench.http.seen[0].headers.find("accept")->contains("as=PartialObjectMetadataList;"));
}

TEST(Api, WatchUsesItsOwnConnections) {
  Bench bench;
  bench.watches.stream(200, {"x"});
  const auto stream = bench.run(
      bench.api.watch(kSecrets, "n", "watch=true", View::metadata, std::chrono::seconds(305)));
  ASSERT_TRUE(stream);
  EXPECT_TRUE(bench.http.seen.empty());
  EXPECT_EQ(bench.watches.seen[0].timeout, std::chrono::seconds(305));
  EXPECT_TRUE(bench.watches.seen[0].headers.find("accept")->contains("as=PartialObjectMetadata;"));
}

TEST(Api, RefusedWatchIsClassified) {
  Bench bench;
  const std::string body = status_json(410, "Expired", "too old");
  bench.watches.stream(410, {body.substr(0, 20), body.substr(20)});
  const auto stream =
      bench.run(bench.api.watch(kSecrets, "n", "watch=true", View::full, std::chrono::seconds(1)));
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().failure, Failure::expired);
  EXPECT_TRUE(stream.error().text.contains("too old"));
}

TEST(Api, UnauthorizedWatchIsOpenedAgain) {
  Bench bench;
  bench.watches.stream(401, {}).stream(200, {});
  ASSERT_TRUE(
      bench.run(bench.api.watch(kSecrets, "n", "watch=true", View::full, std::chrono::seconds(1))));
  EXPECT_EQ(bench.watches.seen[1].headers.find("authorization"), "Bearer 2");
}

}  // namespace
}  // namespace edsm::kube

#include "kube/token_access.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include "kube/test_support.hpp"

namespace edsm::kube {
namespace {

using namespace std::chrono_literals;

boost::json::value json(std::string_view text) {
  return boost::json::parse({text.data(), text.size()});
}

const std::string kKnown =
    R"({"status":{"authenticated":true,"user":{"username":"system:serviceaccount:m:p","uid":"u","groups":["g1","g2"],"extra":{"pod":["p-1","x"]}}}})";

class TokenAccessTest : public testing::Test {
 protected:
  void reply(int status, std::string body) {
    bench.http.reply_with(test::answer(status, std::move(body)));
  }
  base::Result<Verdict> judge(std::string_view token) {
    return bench.run(access.judge(base::SecretBytes(token)));
  }

  test::Bench bench;
  TokenAccess access{bench.api, bench.clock, "/metrics"};
};

TEST_F(TokenAccessTest, Table) {
  struct Row {
    std::string review, access;  ///< empty: not asked
    Verdict verdict;
  };
  const Row rows[] = {
      {kKnown, R"({"status":{"allowed":true}})", Verdict::allowed},
      {kKnown, R"({"status":{"allowed":false}})", Verdict::forbidden},
      {kKnown, R"({"status":{"allowed":true,"denied":true}})", Verdict::forbidden},
      {kKnown, R"({})", Verdict::forbidden},
      {R"({"status":{"authenticated":false,"user":{"username":"a"}}})", "", Verdict::unknown},
      {R"({"status":{"error":"expired"}})", "", Verdict::unknown},
      {R"({"status":{"authenticated":true,"user":{}}})", "", Verdict::unknown},
      {R"({"status":{"authenticated":true}})", "", Verdict::unknown},
      {R"({})", "", Verdict::unknown},
  };
  int number = 0;
  for (const auto& row : rows) {
    reply(201, row.review);
    if (!row.access.empty()) reply(201, row.access);
    const auto verdict = judge("token " + std::to_string(++number));
    ASSERT_TRUE(verdict) << row.review;
    EXPECT_EQ(*verdict, row.verdict) << row.review << row.access;
  }
}

TEST_F(TokenAccessTest, AsksWhoItIsAndWhetherTheyMay) {
  reply(201, kKnown);
  reply(201, R"({"status":{"allowed":true}})");
  ASSERT_TRUE(judge("the-token"));
  const auto& seen = bench.http.seen;
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_TRUE(seen[0].url.contains("/apis/authentication.k8s.io/v1/tokenreviews")) << seen[0].url;
  EXPECT_EQ(json(seen[0].body).at("spec"), json(R"({"token":"the-token"})"));
  EXPECT_TRUE(seen[0].confidential);
  EXPECT_TRUE(seen[1].url.contains("/apis/authorization.k8s.io/v1/subjectaccessreviews"));
  EXPECT_EQ(json(seen[1].body).at("spec"), json(R"({"user":"system:serviceaccount:m:p","uid":"u",
      "groups":["g1","g2"],"extra":{"pod":["p-1","x"]},
      "nonResourceAttributes":{"path":"/metrics","verb":"get"}})"));
  EXPECT_FALSE(seen[1].body.contains("the-token"));
}

TEST_F(TokenAccessTest, AnAnswerIsRememberedForItsTime) {
  reply(201, kKnown);
  reply(201, R"({"status":{"allowed":true}})");
  ASSERT_EQ(*judge("t"), Verdict::allowed);
  bench.clock.advance(59s);
  ASSERT_EQ(*judge("t"), Verdict::allowed);
  EXPECT_EQ(bench.http.seen.size(), 2U);
  bench.clock.advance(1s);
  reply(201, R"({"status":{"authenticated":false}})");
  EXPECT_EQ(*judge("t"), Verdict::unknown) << "it has expired meanwhile";
}

TEST_F(TokenAccessTest, AFailureIsNotRememberedAndDoesNotQuoteTheToken) {
  const std::string echo = R"(request with \"the-token\" refused)";
  reply(403, test::status_json(403, "Forbidden", "tokenreviews is forbidden"));
  const auto refused = judge("the-token");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().failure, base::Failure::refused);
  reply(400, test::status_json(400, "BadRequest", echo));
  const auto bad = judge("the-token");
  ASSERT_FALSE(bad);
  EXPECT_EQ(base::describe(bad.error()).find("the-token"), std::string::npos);
  reply(201, kKnown);
  reply(500, test::status_json(500, "InternalError"));
  EXPECT_FALSE(judge("the-token")) << "known, but nobody said that it may";
  reply(201, kKnown);
  reply(201, R"({"status":{"allowed":true}})");
  EXPECT_EQ(*judge("the-token"), Verdict::allowed);
}

/// Answers every review when it is told to.
class SlowHttp final : public net::Http {
 public:
  base::Task<base::Result<net::Response>> send(net::Request) override {
    ++asked;
    co_await gate.wait();
    net::Response response;
    response.status = 201;
    response.body.append("{}");
    co_return response;
  }
  base::Task<base::Result<std::unique_ptr<net::Stream>>> open(net::Request) override {
    co_return base::fail(base::Failure::invalid, "Unscripted", "no watches here");
  }
  base::Gate gate;
  int asked = 0;
};

TEST(TokenAccess, SoManyReviewsAtOnceAndNoMore) {
  test::Bench bench(false);
  SlowHttp http;
  TokenAccess access(Api(http, http, bench.authority, bench.clock, bench.metrics, "https://k", "e"),
                     bench.clock, "/metrics");
  int unknown = 0;
  int busy = 0;
  for (int i = 0; i < 20; ++i) {
    boost::asio::co_spawn(bench.context, access.judge(base::SecretBytes(std::to_string(i))),
                          [&](const std::exception_ptr&, const base::Result<Verdict>& verdict) {
                            if (verdict) ++unknown;
                            if (!verdict && verdict.error().code == "TooManyReviews") ++busy;
                          });
  }
  bool idle = false;
  boost::asio::co_spawn(bench.context, access.idle(),
                        [&](const std::exception_ptr&) { idle = true; });
  bench.context.poll();
  EXPECT_EQ(http.asked, 8);
  EXPECT_EQ(busy, 12);
  EXPECT_FALSE(idle);
  http.gate.open();
  bench.context.poll();
  EXPECT_EQ(unknown, 8);
  EXPECT_TRUE(idle);
}

}  // namespace
}  // namespace edsm::kube

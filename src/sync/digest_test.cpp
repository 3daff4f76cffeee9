#include "sync/digest.hpp"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "support/sync_values.hpp"

namespace edsm::sync {
namespace {

using namespace std::string_literals;
using support::digester;
using support::shaped;

TEST(Digest, DifferentDataNeverShareADigest) {
  // Each pair of these would be equal if keys, values and type were just written one after the
  // other.
  std::vector<ShapedData> all;
  all.push_back(shaped({}));
  all.push_back(shaped({}, ""));
  all.push_back(shaped({}, "Opaquea"));
  all.push_back(shaped({{"a", "bc"}}));
  all.push_back(shaped({{"ab", "c"}}));
  all.push_back(shaped({{"abc", ""}}));
  all.push_back(shaped({{"", "abc"}}));
  all.push_back(shaped({{"a", ""}, {"bc", ""}}));
  all.push_back(shaped({{"a", "b"}, {"c", ""}}));
  all.push_back(shaped({{"a", "bc"}}, "kubernetes.io/tls"));
  all.push_back(shaped({{"a", "bc\0"s}}));
  all.push_back(shaped({{"a", "\0bc"s}}));
  all.push_back(shaped({{"a", "BC"}}));
  all.push_back(shaped({{"a", "\1\0\0\0\0\0\0\0bc"s}}));
  const auto with = digester();
  std::set<std::string> digests;
  for (const auto& data : all) digests.insert(with.digest(data));
  EXPECT_EQ(digests.size(), all.size());
}

TEST(Digest, SameDataSameDigest) {
  const auto one = digester("k1").digest(shaped({{"a", "1"}, {"b", "2"}}));
  const auto two = digester("k1").digest(shaped({{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(one, two);
  EXPECT_EQ(one.substr(0, 3), "k1:");
  EXPECT_EQ(one.size(), 3U + 64U);
}

TEST(Digest, DependsOnTheKeyAndNeverShowsTheValue) {
  const auto data = shaped({{"a", "canary"}});
  const Digester one("same", base::SecretBytes(std::string(32, '1')));
  const Digester two("same", base::SecretBytes(std::string(32, '2')));
  EXPECT_NE(one.digest(data), two.digest(data));
  EXPECT_EQ(one.digest(data).find("canary"), std::string::npos);
  EXPECT_NE(one.combine("x"), two.combine("x"));
}

TEST(Digest, KnowsOnlyDigestsOfItsKey) {
  const auto with = digester("ab12");
  for (const auto* const known : {"ab12:", "ab12:00", "ab12:anything"})
    EXPECT_TRUE(with.knows(known)) << known;
  for (const auto* const unknown :
       {"", ":", "ab12", "ab1:00", "ab123:00", "AB12:00", " ab12:00", "00"}) {
    EXPECT_FALSE(with.knows(unknown)) << unknown;
  }
  EXPECT_TRUE(with.knows(with.digest(shaped({}))));
  EXPECT_FALSE(with.knows(digester("ab13").digest(shaped({}))));
}

TEST(Digest, CombineIsShortAndStable) {
  const auto with = digester();
  EXPECT_EQ(with.combine("x").size(), 20U);
  EXPECT_EQ(with.combine("x"), digester().combine("x"));
  EXPECT_NE(with.combine("x"), with.combine("y"));
}

}  // namespace
}  // namespace edsm::sync

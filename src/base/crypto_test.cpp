#include "base/crypto.hpp"

#include <gtest/gtest.h>

namespace edsm::base {
namespace {

// FIPS 180-4 examples and the NIST CAVP empty message.
TEST(Sha256Test, PublishedVectors) {
  EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hex(sha256(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

// RFC 4231, test cases 1-4, 6 and 7.
TEST(HmacSha256Test, Rfc4231) {
  std::string counting;
  for (char c = 1; c <= 25; ++c) counting.push_back(c);
  struct Case {
    std::string key, bytes;
    std::string_view expected;
  };
  const Case cases[] = {
      {std::string(20, '\x0b'), "Hi There",
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"Jefe", "what do ya want for nothing?",
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {std::string(20, '\xaa'), std::string(50, '\xdd'),
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
      {counting, std::string(50, '\xcd'),
       "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
      {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
      {std::string(131, '\xaa'),
       "This is a test using a larger than block-size key and a larger than block-size data. The "
       "key "
       "needs to be hashed before being used by the HMAC algorithm.",
       "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
  };
  for (const Case& c : cases) EXPECT_EQ(hex(hmac_sha256(c.key, c.bytes)), c.expected);
}

TEST(HmacSha256Test, AnEmptyKeyIsNotThePreviousOne) {
  hmac_sha256("another key", "x");
  EXPECT_EQ(hex(hmac_sha256("", "")),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
  EXPECT_EQ(hex(hmac_sha256({}, {})),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

// RFC 1321, appendix A.5.
TEST(Md5Test, PublishedVectors) {
  const auto empty = md5_hex("");
  if (!empty) GTEST_SKIP() << "OpenSSL runs in FIPS mode";
  EXPECT_EQ(*empty, "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(md5_hex("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
}

// RFC 4648, section 10.
TEST(Base64Test, PublishedVectorsBothWays) {
  const std::pair<std::string_view, std::string_view> cases[] = {{"", ""},
                                                                 {"f", "Zg=="},
                                                                 {"fo", "Zm8="},
                                                                 {"foo", "Zm9v"},
                                                                 {"foob", "Zm9vYg=="},
                                                                 {"fooba", "Zm9vYmE="},
                                                                 {"foobar", "Zm9vYmFy"},
                                                                 {"\xfb\xff\xbf", "+/+/"}};
  for (const auto& [bytes, text] : cases) {
    EXPECT_EQ(base64(bytes), text);
    const auto decoded = base64_decode(text);
    ASSERT_TRUE(decoded) << text;
    EXPECT_EQ(decoded->view(), bytes);
  }
}

TEST(Base64Test, OnlyTheCanonicalFormIsRead) {
  const std::string_view texts[] = {"Z",
                                    "Zg",
                                    "Zg=",
                                    "Zm9",
                                    "Zm9vY",
                                    "====",
                                    "=g==",
                                    "Z===",
                                    "Zg==Zg==",
                                    "Zm8=Zm9v",
                                    "Zh==",
                                    "Zm9=",
                                    "Zm 8",
                                    "Zm8\n",
                                    "Zm9v\r\n",
                                    "\nZm9",
                                    "-_-_",
                                    "Zm9v.g==",
                                    "Zm\x80"
                                    "v",
                                    "Zg=a",
                                    "Z=g=",
                                    std::string_view("Zm9\0", 4)};
  for (const auto text : texts) EXPECT_FALSE(base64_decode(text)) << text;
}

TEST(Base64Test, AppendsBehindWhatIsThere) {
  SecretBytes out(std::string_view("x:"));
  base64_append("foobar", out);
  base64_append("", out);
  base64_append("f", out);
  EXPECT_EQ(out.view(), "x:Zm9vYmFyZg==");
}

TEST(Base64Test, EveryByteAndLengthComesBack) {
  std::string bytes;
  for (int i = 0; i < 600; ++i) {
    const auto decoded = base64_decode(base64(bytes));
    ASSERT_TRUE(decoded) << i;
    ASSERT_EQ(decoded->view(), bytes) << i;
    bytes.push_back(static_cast<char>(i * 31 % 256));
  }
}

TEST(RandomBytesTest, HaveTheSizeAndDiffer) {
  EXPECT_EQ(random_bytes(0).size(), 0U);
  const auto one = random_bytes(32);
  EXPECT_EQ(one.size(), 32U);
  EXPECT_FALSE(one.constant_time_equal(random_bytes(32)));
}

}  // namespace
}  // namespace edsm::base

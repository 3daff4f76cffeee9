#include "cloud/aws/sigv4.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "base/crypto.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "cloud/aws/text.hpp"

namespace edsm::cloud::aws {
namespace {

using net::Method;

Credentials example_keys(std::string_view token = {}) {
  Credentials keys;
  keys.access_key_id = "AKIDEXAMPLE";
  keys.secret_access_key.append("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
  keys.session_token.append(token);
  return keys;
}

std::string find(const std::vector<net::Header>& headers, std::string_view name) {
  for (const auto& header : headers) {
    if (header.name == name) return header.value;
  }
  return "(none)";
}

struct Case {
  std::string_view name;
  Method method;
  std::string_view url;
  net::Headers headers;
  std::string_view body;
  std::string_view token;
  std::string_view region;
  std::string_view service;
  std::string_view signed_headers;
  std::string_view signature;
};

/// Requests of ours; names and signatures are what botocore 1.43.106 (SigV4Auth) makes of them.
const std::vector<Case>& cases() {
  static const std::vector<Case> table = {
      {"json call",
       Method::post,
       "https://secretsmanager.eu-west-1.amazonaws.com/",
       {{"Content-Type", "application/x-amz-json-1.1"},
        {"X-Amz-Target", "secretsmanager.GetSecretValue"}},
       R"({"SecretId":"prod/db"})",
       "",
       "eu-west-1",
       "secretsmanager",
       "content-type;host;x-amz-date;x-amz-target",
       "323cc1a58beb7ae12b1569655934f941d0113d4e3d02042e25fdda0032455ea4"},
      {"with a session token",
       Method::post,
       "https://sqs.us-east-1.amazonaws.com/",
       {{"Content-Type", "application/x-amz-json-1.0"},
        {"X-Amz-Target", "AmazonSQS.ReceiveMessage"}},
       R"({})",
       "IQoJb3JpZ2luX2VjE+/=",
       "us-east-1",
       "sqs",
       "content-type;host;x-amz-date;x-amz-security-token;x-amz-target",
       "57f2531a6d1605adf3f16b305372a116b99b70a8e7226437a7bb60f3a5131f19"},
      {"form",
       Method::post,
       "https://sts.cn-north-1.amazonaws.com.cn/",
       {{"Content-Type", "application/x-www-form-urlencoded"}},
       R"(Action=AssumeRole&Version=2011-06-15)",
       "",
       "cn-north-1",
       "sts",
       "content-type;host;x-amz-date",
       "2426210070c9eca8864c0b137c2dbd82b73ce87c397dc62a148c9ed31bf74a24"},
      {"no body",
       Method::get,
       "https://service.eu-west-1.amazonaws.com/",
       {},
       R"()",
       "",
       "eu-west-1",
       "service",
       "host;x-amz-date",
       "e049a95a8b09218d49f4d5e78206964a028f1fa9b168377b405b9ee2d77a3e4d"},
      {"port in the host",
       Method::post,
       "http://127.0.0.1:4566/",
       {{"X-Amz-Target", "a.B"}},
       R"({})",
       "",
       "eu-west-1",
       "sqs",
       "host;x-amz-date;x-amz-target",
       "c36198a6814a4e91ac95de5edb0e9b21b6747c365fe98901663bae1784b86eb9"},
      {"default port is left out",
       Method::post,
       "https://localhost:443/",
       {},
       R"({})",
       "",
       "eu-west-1",
       "sqs",
       "host;x-amz-date",
       "7314e17220d86f03424fd5d772656886b2a74fa8302f069537b668f76bce137c"},
      {"IPv6 host",
       Method::post,
       "http://[::1]:4566/",
       {},
       R"({})",
       "",
       "eu-west-1",
       "sqs",
       "host;x-amz-date",
       "63814719e56c8e5598126188244d9cbcae7a268b12e1556b3fd0d4ac3a67a54c"},
      {"path prefix",
       Method::post,
       "https://proxy.example/aws/sqs/",
       {},
       R"({})",
       "",
       "eu-west-1",
       "sqs",
       "host;x-amz-date",
       "fd837bfcdf608108b8773c23f3426b0d74be4b46164da303fba471f8262075e3"},
      {"path is normalised",
       Method::get,
       "https://a.example//one/./two/../three//",
       {},
       R"()",
       "",
       "eu-west-1",
       "service",
       "host;x-amz-date",
       "63d2db7c73b3807ce8849e0d3917c4c1ac6657e7e14d9e01f9bf166549681484"},
      {"path ends in dots",
       Method::get,
       "https://a.example/one/two/..",
       {},
       R"()",
       "",
       "eu-west-1",
       "service",
       "host;x-amz-date",
       "912fdf53767a14add96cc9e506c7f3820f12a4e29ad20e4fa0312b703aa7d0fc"},
      {"path is encoded twice",
       Method::get,
       "https://a.example/a%20b/%C3%BC~_-.",
       {},
       R"()",
       "",
       "eu-west-1",
       "service",
       "host;x-amz-date",
       "db0177d01003c458a1cc29f84beac9474033593a75f171b0aac30a20ca8e8d59"},
      {"names with a common prefix",
       Method::post,
       "https://a.example/",
       {{"X-Amz-Foo-Bar", "1"}, {"X-Amz-Foo", "2"}},
       R"({})",
       "",
       "eu-west-1",
       "service",
       "host;x-amz-date;x-amz-foo;x-amz-foo-bar",
       "082203b4bb25a45114fc1c8e149f22b775d5ebd8bd9e1800af26099d75b0d417"},
      {"values are trimmed and collapsed",
       Method::post,
       "https://a.example/",
       {{"My-Header", "  a   b\t c  "}},
       R"({})",
       "",
       "eu-west-1",
       "service",
       "host;my-header;x-amz-date",
       "e06c451230b53ed04ff6266e33cb2609cad882fc504793962151e9326863febc"},
      {"an empty value",
       Method::post,
       "https://a.example/",
       {{"My-Header", ""}},
       R"({})",
       "",
       "eu-west-1",
       "service",
       "host;my-header;x-amz-date",
       "15c76fcb10b5c2bea7d83e9d5fc26aa5aaa8bf061a1be79cf2740d306f2f8fa8"},
      {"query is sorted",
       Method::get,
       "https://a.example/?b=2&a=1&B=3&a=0",
       {},
       R"()",
       "",
       "eu-west-1",
       "service",
       "host;x-amz-date",
       "060f00ae847ff7c44f66ea87b715f940093822f0a5292d0c00877f56044ad6bc"},
      {"query with an empty value",
       Method::get,
       "https://a.example/?flag=&x=a%2Fb%20c",
       {},
       R"()",
       "",
       "eu-west-1",
       "service",
       "host;x-amz-date",
       "c70abe9ed52d41589cb58cad25ddf3f5d1bfb924f62278de2df6fd90024188a6"},
      {"not signed: what proxies change",
       Method::get,
       "https://a.example/",
       {{"User-Agent", "edsm/1"}, {"Connection", "keep-alive"}, {"Transfer-Encoding", "chunked"}},
       R"()",
       "",
       "eu-west-1",
       "service",
       "host;x-amz-date",
       "36ff3edee7038fd369210a77f9cbfc879254dad338a21daf0f8dd7899b3b8818"},
      {"body that is not ASCII",
       Method::post,
       "https://a.example/",
       {},
       R"({"a":"ü中"})",
       "",
       "eu-west-1",
       "service",
       "host;x-amz-date",
       "12b2fa7316e59cf1006be6443dbdc64077b072fec7e14a682d27ec9557b5023e"},
  };
  return table;
}

TEST(Signer, SignsWhatAnotherImplementationSigns) {
  const auto now = base::parse_rfc3339("2026-11-23T18:45:01Z").value();
  for (const Case& each : cases()) {
    SCOPED_TRACE(each.name);
    const auto url = net::Url::parse(each.url).value();
    Signer signer({std::string(each.region), std::string(each.service)});
    const auto added =
        signer.sign({each.method, url, each.headers, each.body}, example_keys(each.token), now);
    EXPECT_EQ(find(added, "Authorization"),
              "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261123/" + std::string(each.region) + "/" +
                  std::string(each.service) + "/aws4_request, SignedHeaders=" +
                  std::string(each.signed_headers) + ", Signature=" + std::string(each.signature));
    EXPECT_EQ(find(added, "X-Amz-Date"), "20261123T184501Z");
    EXPECT_EQ(find(added, "X-Amz-Security-Token"), each.token.empty() ? "(none)" : each.token);
  }
}

TEST(Signer, KeyOfTheDayFollowsDayAndSecret) {
  const auto url = net::Url::parse("https://a.example/").value();
  const net::Headers none;
  const auto today = base::parse_rfc3339("2026-11-23T23:59:59Z").value();
  const auto tomorrow = today + std::chrono::seconds(1);
  Credentials rotated = example_keys();
  rotated.secret_access_key = base::SecretBytes("another");
  Signer one({"eu-west-1", "sqs"});
  const auto sign = [&](Signer& signer, const Credentials& keys, base::WallTime now) {
    return find(signer.sign({Method::get, url, none, ""}, keys, now), "Authorization");
  };
  const auto fresh = [&](const Credentials& keys, base::WallTime now) {
    Signer signer({"eu-west-1", "sqs"});
    return sign(signer, keys, now);
  };
  // The same signer through every change gives what a new one would.
  EXPECT_EQ(sign(one, example_keys(), today), fresh(example_keys(), today));
  EXPECT_EQ(sign(one, example_keys(), today), fresh(example_keys(), today));
  EXPECT_EQ(sign(one, rotated, today), fresh(rotated, today));
  EXPECT_EQ(sign(one, rotated, tomorrow), fresh(rotated, tomorrow));
  EXPECT_NE(fresh(example_keys(), today), fresh(rotated, today));
}

TEST(Signer, JoinsRepeatedHeaders) {
  const auto url = net::Url::parse("https://a.example/").value();
  const net::Headers headers = {{"My-Header", "b"}, {"my-header", "a"}, {"Host", "a.example"}};
  std::string names;
  const auto canonical = canonical_request({Method::get, url, headers, ""}, names);
  EXPECT_EQ(names, "host;my-header");
  EXPECT_NE(canonical.find("\nmy-header:b,a\n"), std::string::npos) << canonical;
}

// AWS's published suite; tests/vectors/sigv4/README.md tells where it comes from.
class PublishedSuite : public testing::Test {
 protected:
  static std::string read(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  /// The value of a header in a canonical request; empty if it is not there.
  static std::string header_in(const std::string& canonical, const std::string& name) {
    const auto at = canonical.find("\n" + name + ":");
    if (at == std::string::npos) return {};
    const auto start = at + name.size() + 2;
    return canonical.substr(start, canonical.find('\n', start) - start);
  }

  struct Parsed {
    net::Url url;
    Method method = Method::get;
    net::Headers headers;
    std::string body;
  };
  static Parsed parse(const std::string& text) {
    Parsed request;
    const auto end = std::min(text.find("\n\n"), text.size());
    if (end < text.size()) request.body = text.substr(end + 2);
    std::vector<net::Header> fields;
    bool first = true;
    for (const std::string_view line : split(std::string_view(text).substr(0, end), '\n')) {
      if (line.empty()) continue;
      if (first) {
        // "GET /path with spaces?query HTTP/1.1"
        const auto space = line.find(' ');
        const auto target = line.substr(space + 1, line.rfind(' ') - space - 1);
        const auto question = target.find('?');
        request.method = line.substr(0, space) == "POST" ? Method::post : Method::get;
        request.url = {
            "https", "example.amazonaws.com", 443, std::string(target.substr(0, question)),
            question == std::string_view::npos ? "" : std::string(target.substr(question + 1))};
      } else if (line.front() == ' ') {
        fields.back().value.append("\n").append(line);
      } else {
        const auto colon = line.find(':');
        fields.push_back({std::string(line.substr(0, colon)), std::string(line.substr(colon + 1))});
      }
      first = false;
    }
    // Host and X-Amz-Date are the signer's to add.
    for (const auto& [name, value] : fields) {
      if (name != "Host" && name != "X-Amz-Date") request.headers.add(name, value);
    }
    return request;
  }

  const std::filesystem::path folder_ = "tests/vectors/sigv4/aws4_testsuite";
};

TEST_F(PublishedSuite, EverySignatureAndCanonicalRequest) {
  ASSERT_TRUE(std::filesystem::exists(folder_))
      << "run tools/setup/vectors.sh, which puts it there";
  const auto now = base::parse_rfc3339("2015-08-30T12:36:00Z").value();
  int checked = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
    auto path = entry.path();
    if (path.extension() != ".req") continue;
    SCOPED_TRACE(path.filename().string());
    const Parsed request = parse(read(path));
    const std::string canonical(trim(read(path.replace_extension(".creq"))));
    // A token that the request does not have yet is the signer's to add.
    const std::string token = request.headers.find("X-Amz-Security-Token")
                                  ? ""
                                  : header_in(canonical, "x-amz-security-token");
    Signer signer({"us-east-1", "service"});
    const auto added = signer.sign({request.method, request.url, request.headers, request.body},
                                   example_keys(token), now);
    EXPECT_EQ(find(added, "Authorization"), trim(read(path.replace_extension(".authz"))));
    net::Headers all = request.headers;
    all.add("Host", "example.amazonaws.com");
    all.add("X-Amz-Date", "20150830T123600Z");
    if (!token.empty()) all.add("X-Amz-Security-Token", token);
    std::string names;
    EXPECT_EQ(canonical_request({request.method, request.url, all, request.body}, names),
              canonical);
    ++checked;
  }
  EXPECT_EQ(checked, 34);
}

}  // namespace
}  // namespace edsm::cloud::aws

#include "net/url.hpp"

#include <gtest/gtest.h>

namespace edsm::net {
namespace {

TEST(Url, RefusesWhatIsNoAbsoluteHttpUrl) {
  const std::string_view texts[] = {"",
                                    "https",
                                    "https:",
                                    "https://",
                                    "https:///path",
                                    "//host/",
                                    "/path",
                                    "host:80/",
                                    "ftp://host/",
                                    "file:///etc/passwd",
                                    "https ://host/",
                                    " https://host/",
                                    "https://host/ ",
                                    "https://user@host/",
                                    "https://user:word@host/",
                                    "https://host@evil/",
                                    "https://ho st/",
                                    "https://host:/",
                                    "https://host:0/",
                                    "https://host:65536/",
                                    "https://host:99999999999/",
                                    "https://host:-1/",
                                    "https://host:+1/",
                                    "https://host:8o/",
                                    "https://host:80:80/",
                                    "https://[::1/",
                                    "https://::1/",
                                    "https://[]/",
                                    "https://[::g]/",
                                    "https://[::1]80/",
                                    "https://[fe80::1%25eth0]/",
                                    "https://[127.0.0.1]/",
                                    "https://[::1]x/",
                                    "https://host\\@evil/",
                                    "https://host/a b",
                                    "https://host/a\tb",
                                    "https://host/a\r\nHost: evil",
                                    "https://host/#top",
                                    "https://host/\x7f",
                                    "https://host/\xc3\xa4",
                                    "https://h\xc3\xa4st/",
                                    "https://ho%73t/",
                                    "https://host/\"",
                                    "https://host/<a>",
                                    std::string_view("https://ho\0st/", 14)};
  for (const auto text : texts) EXPECT_FALSE(Url::parse(text)) << text;
}

TEST(Url, TakesApart) {
  struct Case {
    std::string_view text, scheme, host;
    int port;
    std::string_view path, query, authority, str;
  };
  const Case cases[] = {
      {"https://host", "https", "host", 443, "/", "", "host", "https://host/"},
      {"http://host", "http", "host", 80, "/", "", "host", "http://host/"},
      {"HTTPS://Host.Example:443/Path", "https", "host.example", 443, "/Path", "", "host.example",
       "https://host.example/Path"},
      {"http://host:443/", "http", "host", 443, "/", "", "host:443", "http://host:443/"},
      {"https://host:65535/a/../b//c", "https", "host", 65535, "/a/../b//c", "", "host:65535",
       "https://host:65535/a/../b//c"},
      {"https://host?a=b", "https", "host", 443, "/", "a=b", "host", "https://host/?a=b"},
      {"https://host/p%20q?a=%2F&b=c?d/e@f", "https", "host", 443, "/p%20q", "a=%2F&b=c?d/e@f",
       "host", "https://host/p%20q?a=%2F&b=c?d/e@f"},
      {"https://[::1]/", "https", "::1", 443, "/", "", "[::1]", "https://[::1]/"},
      {"http://[2001:DB8::1]:8443/x", "http", "2001:db8::1", 8443, "/x", "", "[2001:db8::1]:8443",
       "http://[2001:db8::1]:8443/x"},
      {"http://169.254.169.254/latest", "http", "169.254.169.254", 80, "/latest", "",
       "169.254.169.254", "http://169.254.169.254/latest"},
      {"http://my_svc.ns-1.svc:8080", "http", "my_svc.ns-1.svc", 8080, "/", "",
       "my_svc.ns-1.svc:8080", "http://my_svc.ns-1.svc:8080/"},
  };
  for (const Case& c : cases) {
    const auto url = Url::parse(c.text);
    ASSERT_TRUE(url) << c.text;
    EXPECT_EQ(url->scheme, c.scheme) << c.text;
    EXPECT_EQ(url->host, c.host) << c.text;
    EXPECT_EQ(url->port, c.port) << c.text;
    EXPECT_EQ(url->path, c.path) << c.text;
    EXPECT_EQ(url->query, c.query) << c.text;
    EXPECT_EQ(url->authority(), c.authority) << c.text;
    EXPECT_EQ(url->str(), c.str) << c.text;
  }
}

TEST(Percent, EncodesAllButUnreserved) {
  EXPECT_EQ(percent_encode("AZaz09-._~"), "AZaz09-._~");
  EXPECT_EQ(percent_encode("a/b c+d&e=%\n"), "a%2Fb%20c%2Bd%26e%3D%25%0A");
  EXPECT_EQ(percent_encode("a/b c", true), "a/b%20c");
  EXPECT_EQ(percent_encode("\xc3\xa4\xff"), "%C3%A4%FF");
  EXPECT_EQ(percent_encode(std::string_view("\0", 1)), "%00");
}

TEST(Percent, DecodesAndLeavesWhatIsMalformed) {
  EXPECT_EQ(percent_decode("a%2Fb%2fc"), "a/b/c");
  EXPECT_EQ(percent_decode("%"), "%");
  EXPECT_EQ(percent_decode("%4"), "%4");
  EXPECT_EQ(percent_decode("%4g%g4%41"), "%4g%g4A");
  EXPECT_EQ(percent_decode("%%41"), "%A");
  EXPECT_EQ(percent_decode("a+b"), "a+b");
  EXPECT_EQ(percent_decode("%00"), std::string_view("\0", 1));
}

TEST(Percent, DecodeUndoesEncodeForEveryByte) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes.push_back(static_cast<char>(byte));
  EXPECT_EQ(percent_decode(percent_encode(bytes)), bytes);
}

}  // namespace
}  // namespace edsm::net

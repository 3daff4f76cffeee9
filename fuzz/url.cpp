// URLs, percent-encoding and addresses to listen on.
#include "net/url.hpp"

#include "net/listen_address.hpp"
#include "target.hpp"

namespace edsm::fuzz {

void one_input(std::string_view bytes) {
  must(net::percent_decode(net::percent_encode(bytes)) == bytes, "encoding can be undone");
  must(net::percent_decode(net::percent_encode(bytes, true)) == bytes, "encoding can be undone");
  must(net::percent_decode(bytes).size() <= bytes.size(), "decoding makes nothing longer");
  net::ListenAddress::parse(bytes);

  const auto url = net::Url::parse(bytes);
  if (!url) return;
  must(url->scheme == "http" || url->scheme == "https", "only what we can talk to");
  must(!url->host.empty() && url->port > 0 && url->port < 65536, "there is somebody to call");
  must(url->path.starts_with('/'), "a path is absolute");
  const auto text = url->str();
  must(text.find_first_of(" \r\n\t\\\"<>#") == std::string::npos, "no request is forged");
  const auto again = net::Url::parse(text);
  must(again && again->str() == text, "what is written can be read");
  must(again->host == url->host && again->port == url->port && again->query == url->query,
       "nothing gets lost");
}

}  // namespace edsm::fuzz

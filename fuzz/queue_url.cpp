// URLs of queues.
#include "cloud/aws/endpoints.hpp"
#include "net/url.hpp"
#include "target.hpp"

namespace edsm::fuzz {

using namespace cloud;

void one_input(std::string_view bytes) {
  const auto queue = aws::parse_queue_url(bytes);
  if (!queue) {
    must(queue.error().text.size() < 1000, "errors are short");
    return;
  }
  must(queue->url == bytes, "the service gets its URL back as it was");
  must(net::Url::parse(queue->url).has_value(), "it is a URL");
  must(!queue->name.empty() && queue->name.size() <= 80, "the name is one of a queue");
  must(!queue->account.empty(), "the account is known");
  must(queue->region.empty() || aws::valid_region(queue->region), "the region can be called");
  must(!queue->aws_host || !queue->region.empty(), "AWS's hosts tell their region");
}

}  // namespace edsm::fuzz

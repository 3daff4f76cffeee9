// Refusals of AWS: a status, header lines, an empty line, and a body in JSON or XML.
#include <algorithm>

#include "cloud/aws/errors.hpp"
#include "cloud/aws/xml.hpp"
#include "target.hpp"

namespace edsm::fuzz {
namespace {

using namespace cloud;

net::Response response_of(Input input) {
  net::Response response;
  response.status = 300 + static_cast<int>(input.take_byte()) % 300;
  for (auto line = input.take_line(); !line.empty(); line = input.take_line()) {
    const auto colon = line.find(':');
    if (colon != std::string_view::npos)
      response.headers.add(line.substr(0, colon), line.substr(colon + 1));
  }
  response.body.append(input.rest());
  return response;
}

}  // namespace

void one_input(std::string_view bytes) {
  const auto response = response_of(Input(bytes));
  const auto error = aws::error_of(response, "service Operation");
  must(!error.code.empty() && error.code.size() <= 64 &&
           std::ranges::all_of(error.code,
                               [](char c) {
                                 return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                        (c >= '0' && c <= '9');
                               }),
       "a code is fit for a metric's label");
  must(error.text.size() < 100, "the service's own text stays out of ours");
  must(!error.retry_after ||
           (error.retry_after->count() >= 0 && *error.retry_after <= std::chrono::hours(1)),
       "nobody can make us wait for ever");

  const auto body = response.body.view();
  if (const auto element = aws::xml_element(body, "Error")) {
    must(element->size() <= body.size(), "an element is part of its text");
    must(aws::xml_unescape(*element).size() <= element->size(), "unescaping makes nothing longer");
  }
}

}  // namespace edsm::fuzz

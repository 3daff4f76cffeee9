// Refusals of the API server: the first byte chooses what was asked, the second the HTTP status.
#include "base/json.hpp"
#include "kube/status_error.hpp"
#include "target.hpp"

namespace edsm::fuzz {

void one_input(std::string_view bytes) {
  Input input(bytes);
  const unsigned flags = input.take_byte();
  const int status = 300 + static_cast<int>(input.take_byte()) % 300;
  net::Headers headers;
  if ((flags & 1U) != 0) headers.add("Retry-After", input.take_line());
  kube::Question question{"patch secrets shop/db", "", "secrets", (flags & 2U) != 0,
                          (flags & 4U) != 0};
  const auto error = kube::classify(question, status, headers, input.rest());
  must(!error.code.empty() && error.code.size() <= 64, "a code is fit for a metric's label");
  must(error.text.starts_with(question.subject), "an error says what was asked");
  must(error.text.size() <= 2048 + question.subject.size() + 2, "an error's text is bounded");
  must(!error.retry_after ||
           (error.retry_after->count() >= 0 && *error.retry_after <= std::chrono::hours(1)),
       "nobody can make us wait for ever");

  // Where the server may quote what it refuses, its message is withheld.
  const auto document = base::JsonDocument::parse(input.rest());
  const auto message = document ? base::string_at(document->root(), "message") : std::string_view();
  const bool quotes = status == 400 || status == 422 || status == 500;
  if (question.carries_secret && quotes && message.size() > 16)
    must(!error.text.contains(message) || input.rest().size() > 2 * message.size(),
         "a message that may quote values is withheld");
}

}  // namespace edsm::fuzz

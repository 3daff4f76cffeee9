// What tools/lint/coroutines.query must find, and what it must leave alone. `// BAD` stands on the
// line that it names, or on the first line of a construct of several lines. Never built or run.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>

namespace {

template <class T>
using Task = boost::asio::awaitable<T>;

struct Request {
  std::string url;
  std::string body;
};

Task<std::string> send(Request request) {
  co_return request.url;
}
Task<std::string> read(std::string path) {
  co_return path;
}
Task<void> visit(std::function<void()> visitor) {
  visitor();
  co_return;
}

Task<void> bad_aggregate(std::string url) {
  co_await send({url, "body"});  // BAD
}

Task<void> bad_owning_lambda(std::string name) {
  co_await visit([name] {});  // BAD
}

Task<void> bad_choice(bool first, std::string path) {
  co_await read(first ? path : std::string("other"));  // BAD
}

Task<Request> bad_await_in_braces(std::string path) {
  Request request{co_await read(path), "body"};  // BAD
  co_return request;
}

Task<void> bad_capturing_coroutine(std::string path) {
  auto reader = [path]() -> Task<void> { co_await read(path); };  // BAD
  co_await reader();
}

Task<void> good(std::string path, bool first) {
  Request request{path, "body"};
  auto url = co_await send(std::move(request));
  std::string chosen = "other";
  if (first) chosen = path;
  auto text = co_await read(std::move(chosen));
  auto visitor = [path] {};
  co_await visit(visitor);
  auto reader = [](std::string what) -> Task<void> { co_await read(std::move(what)); };
  co_await reader(url + text);
  std::vector<int> numbers{1, 2, 3};
  const int count = first ? 1 : 2;
  co_await read(std::to_string(count + numbers.front()));
}

}  // namespace

Task<void> all_of_them() {
  co_await bad_aggregate("a");
  co_await bad_owning_lambda("a");
  co_await bad_choice(true, "a");
  co_await bad_await_in_braces("a");
  co_await bad_capturing_coroutine("a");
  co_await good("a", true);
}

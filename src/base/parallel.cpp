#include "base/parallel.hpp"

#include <algorithm>
#include <exception>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace edsm::base {
namespace {

using One = std::function<Task<void>(std::size_t)>;

/// Takes the next index until none is left.
Task<void> work(std::size_t& next, std::size_t count, const One& one) {
  while (next < count) {
    const std::size_t index = next++;
    co_await one(index);
  }
}

}  // namespace

Task<void> parallel(std::size_t count, std::size_t width, const One& one) {
  namespace asio = boost::asio;
  const auto executor = co_await asio::this_coro::executor;
  std::size_t next = 0;
  using Operation = decltype(asio::co_spawn(executor, work(next, count, one), asio::deferred));
  std::vector<Operation> workers;
  for (std::size_t i = 0; i < std::min(width, count); ++i) {
    workers.push_back(asio::co_spawn(executor, work(next, count, one), asio::deferred));
  }
  if (workers.empty()) co_return;
  auto group = asio::experimental::make_parallel_group(std::move(workers));
  auto ended =
      co_await group.async_wait(asio::experimental::wait_for_one_error(), asio::use_awaitable);
  for (const auto& error : std::get<1>(ended)) {
    if (error) std::rethrow_exception(error);
  }
}

}  // namespace edsm::base

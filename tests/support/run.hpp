#pragma once

#include <exception>
#include <optional>
#include <stdexcept>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "base/task.hpp"

namespace edsm::support {

/// Drives one coroutine to its end on `context` and returns what it returned or throws what it
/// threw.
template <class T>
T run(boost::asio::io_context& context, base::Task<T> task) {
  std::optional<T> result;
  std::exception_ptr error;
  boost::asio::co_spawn(context, std::move(task), [&](std::exception_ptr thrown, T value) {
    error = thrown;
    if (!thrown) result.emplace(std::move(value));
  });
  context.restart();
  while (!result && !error && context.run_one() != 0) {
  }
  if (error) std::rethrow_exception(error);
  if (!result) throw std::logic_error("the coroutine waits for something that never comes");
  return std::move(*result);
}

inline void run(boost::asio::io_context& context, base::Task<void> task) {
  bool done = false;
  std::exception_ptr error;
  boost::asio::co_spawn(context, std::move(task), [&](std::exception_ptr thrown) {
    error = thrown;
    done = true;
  });
  context.restart();
  while (!done && context.run_one() != 0) {
  }
  if (error) std::rethrow_exception(error);
  if (!done) throw std::logic_error("the coroutine waits for something that never comes");
}

template <class T>
T run(base::Task<T> task) {
  boost::asio::io_context context(1);
  return run(context, std::move(task));
}

}  // namespace edsm::support

#pragma once

#include <cstddef>
#include <functional>

#include "base/task.hpp"

namespace edsm::base {

/// Awaits one(0) … one(count - 1), at most `width` at a time. A cancellation or an exception
/// reaches all that still run. `one` must be a plain function object that returns tasks, not a
/// coroutine.
Task<void> parallel(std::size_t count, std::size_t width,
                    const std::function<Task<void>(std::size_t)>& one);

}  // namespace edsm::base

#pragma once

#include <boost/asio/awaitable.hpp>

namespace edsm::base {

/// The only coroutine type of the program. It is lazy, runs on the one `io_context`, and is
/// cancelled by unwinding: a pending wait throws `boost::system::system_error(operation_aborted)`.
///
/// Rules that keep it sound (docs/decisions/coroutines.md, checked by tools/lint):
/// one await per statement; no braces, capturing lambda or `?:` in an awaited expression; a
/// coroutine is a static or member function, its state passed by value; references only to what
/// the awaiting caller keeps alive.
template <class T>
using Task = boost::asio::awaitable<T>;

}  // namespace edsm::base

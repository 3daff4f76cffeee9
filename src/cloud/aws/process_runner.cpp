#include "cloud/aws/process_runner.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <variant>

#include <boost/asio/buffer.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace edsm::cloud::aws {
namespace {

using base::Failure;
using Descriptor = boost::asio::posix::stream_descriptor;

constexpr std::size_t max_output = std::size_t{64} << 10U;

/// A running child; killed and reaped with its owner.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    int ignored = 0;
    ::waitpid(pid_, &ignored, 0);
  }
  pid_t pid() const { return pid_; }
  /// After it has ended: its status as waitpid gives it.
  int reap() {
    int status = -1;
    ::waitpid(std::exchange(pid_, 0), &status, 0);
    return status;
  }

 private:
  pid_t pid_;
};

/// The child's side of fork: only async-signal-safe calls, apart from execvp's search of PATH.
[[noreturn]] void become(char* const* argv, int output, int null) {
  ::dup2(null, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(null, STDERR_FILENO);
  ::close_range(STDERR_FILENO + 1, ~0U, 0);
  ::execvp(argv[0], argv);
  ::_exit(127);
}

/// The child's pid, or -1 with errno set.
pid_t start(std::vector<std::string>& argv, int output, int null) {
  std::vector<char*> pointers;
  for (auto& word : argv) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid == 0) become(pointers.data(), output, null);
  return pid;
}

std::unexpected<base::Error> failed(std::string_view code, std::string text) {
  return base::fail(Failure::credentials, std::string(code), std::move(text));
}

base::Task<base::Result<base::SecretBytes>> read_all(Descriptor& output) {
  base::SecretBytes bytes;
  base::SecretBytes chunk;
  chunk.resize(4096);
  for (;;) {
    boost::system::error_code error;
    const auto buffer = boost::asio::buffer(chunk.span().data(), chunk.size());
    const std::size_t count = co_await output.async_read_some(
        buffer, boost::asio::redirect_error(boost::asio::use_awaitable, error));
    if (error == boost::asio::error::operation_aborted) throw boost::system::system_error(error);
    bytes.append(chunk.view().substr(0, count));
    if (bytes.size() > max_output) co_return failed("ProcessFailed", "it printed more than 64 KiB");
    if (error) co_return bytes;
  }
}

/// Reads until the program closes its output, then waits for its end.
base::Task<base::Result<base::SecretBytes>> finish(Descriptor& output, Descriptor& ended) {
  auto bytes = co_await read_all(output);
  if (bytes) co_await ended.async_wait(Descriptor::wait_read, boost::asio::use_awaitable);
  co_return bytes;
}

}  // namespace

base::Task<base::Result<base::SecretBytes>> ChildProcessRunner::run(std::vector<std::string> argv,
                                                                    base::Duration timeout) {
  using namespace boost::asio::experimental::awaitable_operators;
  const auto executor = co_await boost::asio::this_coro::executor;
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    co_return failed("ProcessNotStarted", std::strerror(errno));
  Descriptor output(executor, ends[0]);
  Descriptor input(executor, ends[1]);
  const int null_device = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null_device < 0) co_return failed("ProcessNotStarted", "cannot open /dev/null");
  Descriptor null(executor, null_device);
  Child child(start(argv, input.native_handle(), null.native_handle()));
  if (child.pid() < 0) co_return failed("ProcessNotStarted", std::strerror(errno));
  input.close();
  const auto pidfd = static_cast<int>(::syscall(SYS_pidfd_open, child.pid(), 0));
  if (pidfd < 0) co_return failed("ProcessNotStarted", std::strerror(errno));
  Descriptor ended(executor, pidfd);

  auto outcome = co_await (finish(output, ended) || clock_.sleep_for(timeout));
  if (outcome.index() == 1) co_return failed("ProcessTimeout", "it did not end in time");
  auto bytes = std::move(std::get<0>(outcome));
  if (!bytes) co_return bytes;
  const int status = child.reap();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
    co_return failed("ProcessNotStarted", "the program was not found or could not be started");
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    co_return failed("ProcessFailed", "it ended with an error; run it by hand to see it");
  }
  co_return bytes;
}

}  // namespace edsm::cloud::aws

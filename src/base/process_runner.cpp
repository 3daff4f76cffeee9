#include "base/process_runner.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <variant>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace edsm::base {
namespace {

namespace asio = boost::asio;
using Executor = asio::any_io_executor;

std::unexpected<Error> failed(std::string code, std::string what) {
  return fail(Failure::credentials, std::move(code), std::move(what));
}

std::unexpected<Error> not_started(int cause) {
  return failed("ProcessNotStarted",
                "cannot be started: " + std::generic_category().message(cause));
}

/// A started process in a group of its own. What still runs when this ends is killed.
class Child {
 public:
  Child(const Executor& executor, pid_t pid, int output, int pidfd)
      : pid_(pid), output_(executor, output), exited_(executor, pidfd) {}
  ~Child() {
    if (pid_ <= 0) return;
    ::kill(-pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {  // killed: it ends at once
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Everything that it prints, then its exit status as waitpid gives it; nullopt: too much.
  Task<std::optional<int>> finish(SecretBytes& printed, std::size_t limit);

 private:
  pid_t pid_;
  asio::posix::stream_descriptor output_;
  asio::posix::stream_descriptor exited_;
};

Task<std::optional<int>> Child::finish(SecretBytes& printed, std::size_t limit) {
  std::array<char, 4096> piece{};
  const asio::mutable_buffer buffer = asio::buffer(piece);
  boost::system::error_code error;
  while (!error) {
    const std::size_t count =
        co_await output_.async_read_some(buffer, asio::redirect_error(asio::use_awaitable, error));
    printed.append({piece.data(), count});
    ::explicit_bzero(piece.data(), count);
    if (printed.size() > limit) co_return std::nullopt;
  }
  if (error != asio::error::eof) throw boost::system::system_error(error);
  // A pidfd becomes readable when its process has ended.
  co_await exited_.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
  co_return status;
}

/// Our environment with `more` on top, as execve wants it.
std::vector<std::string> environment(const Command& command) {
  std::vector<std::string> result;
  for (char** variable = ::environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    const std::string_view name = text.substr(0, text.find('='));
    bool replaced = false;
    for (const auto& own : command.env) replaced = replaced || own.first == name;
    if (!replaced) result.emplace_back(text);
  }
  for (const auto& own : command.env) result.push_back(own.first + "=" + own.second);
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

/// posix_spawnp's attributes: a process group of its own, default signals, none blocked.
class SpawnSetup {
 public:
  SpawnSetup(int output, bool quiet) {
    ::posix_spawnattr_init(&attributes);
    sigset_t signals;
    ::sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes, &signals);
    ::sigaddset(&signals, SIGPIPE);
    ::posix_spawnattr_setsigdefault(&attributes, &signals);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    if (quiet) {
      ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    }
    ::posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  }
  ~SpawnSetup() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;

  posix_spawnattr_t attributes{};
  posix_spawn_file_actions_t actions{};
};

Result<std::unique_ptr<Child>> start(const Command& command, const Executor& executor) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return not_started(errno);
  std::vector<std::string> args{command.program};
  args.insert(args.end(), command.args.begin(), command.args.end());
  std::vector<std::string> env = environment(command);
  const SpawnSetup setup(pipe[1], command.quiet);
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, command.program.c_str(), &setup.actions, &setup.attributes,
                                   pointers(args).data(), pointers(env).data());
  ::close(pipe[1]);
  if (error != 0) {
    ::close(pipe[0]);
    return not_started(error);
  }
  const auto pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (pidfd < 0) {
    const int cause = errno;
    ::close(pipe[0]);
    ::kill(-pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return not_started(cause);
  }
  return std::make_unique<Child>(executor, pid, pipe[0], pidfd);
}

}  // namespace

Task<Result<SecretBytes>> SpawningRunner::run(Command command) {
  using namespace asio::experimental::awaitable_operators;
  const auto executor = co_await asio::this_coro::executor;
  const auto child = start(command, executor);
  if (!child) co_return std::unexpected(child.error());

  SecretBytes printed;
  const Instant deadline = clock_.now() + command.time_limit;
  const auto outcome =
      co_await ((*child)->finish(printed, command.output_limit) || clock_.sleep_until(deadline));
  if (outcome.index() != 0) {
    const auto limit = std::chrono::ceil<std::chrono::seconds>(command.time_limit);
    co_return failed("ProcessTimeout", fmt::format("did not end within {} s", limit.count()));
  }
  const std::optional<int> status = std::get<0>(outcome);
  if (!status)
    co_return failed("ProcessFailed",
                     "printed more than " + std::to_string(command.output_limit) + " bytes");
  if (WIFSIGNALED(*status)) {
    co_return failed("ProcessFailed", fmt::format("was killed by signal {}", WTERMSIG(*status)));
  }
  if (WEXITSTATUS(*status) != 0) {
    const std::string_view where =
        command.quiet ? "run it by hand to see why" : "see its own words on standard error";
    co_return failed("ProcessFailed",
                     fmt::format("exited with {}; {}", WEXITSTATUS(*status), where));
  }
  co_return printed;
}

}  // namespace edsm::base

#include "base/files.hpp"

#include <cerrno>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace edsm::base {
namespace {

constexpr std::size_t kLargest = std::size_t{1} << 20U;

struct Descriptor {
  explicit Descriptor(int number) : fd(number) {}
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int fd;
};

std::unexpected<Error> unreadable(const std::string& path, const std::string& cause) {
  return fail(Failure::invalid, "UnreadableFile", "cannot read " + path + ": " + cause);
}

std::string last_error() {
  return std::generic_category().message(errno);
}

}  // namespace

Result<SecretBytes> read_file(const std::string& path) {
  // Without O_NONBLOCK a named pipe would stop the event loop.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat about{};
  if (file.fd < 0 || ::fstat(file.fd, &about) != 0) return unreadable(path, last_error());
  if (!S_ISREG(about.st_mode)) return unreadable(path, "not a regular file");
  SecretBytes content;
  for (;;) {
    const std::size_t before = content.size();
    if (before > kLargest) return unreadable(path, "larger than 1 MiB");
    content.resize(before + 16384);
    const ssize_t count = ::read(file.fd, content.span().data() + before, content.size() - before);
    if (count < 0) return unreadable(path, last_error());
    content.resize(before + static_cast<std::size_t>(count));
    if (count == 0) return content;
  }
}

}  // namespace edsm::base

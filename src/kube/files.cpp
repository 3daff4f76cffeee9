#include "kube/files.hpp"

#include <cerrno>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace edsm::kube {
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

std::unexpected<base::Error> unreadable(const std::string& path, const std::string& cause) {
  return base::fail(base::Failure::invalid, "UnreadableFile", "cannot read " + path + ": " + cause);
}

std::string last_error() {
  return std::generic_category().message(errno);
}

}  // namespace

base::Result<base::SecretBytes> read_file(const std::string& path) {
  // Without O_NONBLOCK a named pipe would stop the event loop.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat about{};
  if (file.fd < 0 || ::fstat(file.fd, &about) != 0) return unreadable(path, last_error());
  if (!S_ISREG(about.st_mode)) return unreadable(path, "not a regular file");
  base::SecretBytes content;
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

bool file_exists(const std::string& path) {
  struct stat about{};
  return ::stat(path.c_str(), &about) == 0;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view space = " \t\r\n\v\f";
  const auto first = text.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

}  // namespace edsm::kube

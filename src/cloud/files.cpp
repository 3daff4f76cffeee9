#include "cloud/files.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

namespace edsm::cloud {
namespace {

constexpr std::size_t max_file = std::size_t{1} << 20U;

std::unexpected<base::Error> unreadable(const std::string& path, const std::string& why) {
  return base::fail(base::Failure::invalid, "UnreadableFile", "cannot read " + path + ": " + why);
}

base::Result<base::SecretBytes> read_all(int file, const std::string& path) {
  base::SecretBytes bytes;
  constexpr std::size_t step = 16384;
  for (;;) {
    const std::size_t size = bytes.size();
    bytes.resize(size + step);
    const ssize_t count = ::read(file, bytes.span().data() + size, step);
    if (count < 0 && errno != EINTR) return unreadable(path, std::strerror(errno));
    bytes.resize(size + (count > 0 ? static_cast<std::size_t>(count) : 0));
    if (count == 0) return bytes;
    if (bytes.size() > max_file) return unreadable(path, "it is larger than 1 MiB");
  }
}

}  // namespace

base::Result<base::SecretBytes> read_file(const std::string& path) {
  // NONBLOCK: a FIFO in the place of a token must not stop the program.
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0 && (errno == ENOENT || errno == ENOTDIR)) {
    return base::fail(base::Failure::absent, "NoSuchFile", path + " does not exist");
  }
  if (file < 0) return unreadable(path, std::strerror(errno));
  auto bytes = read_all(file, path);
  ::close(file);
  return bytes;
}

std::optional<std::string> lookup(const Getenv& env, std::string_view name) {
  auto value = env(name);
  if (value && value->empty()) return std::nullopt;
  return value;
}

}  // namespace edsm::cloud

#include "kube/files.hpp"

#include <sys/stat.h>

#include "base/files.hpp"

namespace edsm::kube {

base::Result<base::SecretBytes> read_file(const std::string& path) {
  return base::read_file(path);
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

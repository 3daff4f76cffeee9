#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/secret.hpp"

namespace edsm::kube {

/// Cuts a byte stream into lines, however they are spread over its chunks. What it holds is wiped.
/// At most one line under way and one chunk are in memory.
class LineSplitter {
 public:
  explicit LineSplitter(std::size_t limit = std::size_t{8} << 20U) : limit_(limit) {}

  /// To be called when `next` has nothing left.
  void push(std::string_view chunk);
  /// The next complete line, without its end ("\n" or "\r\n"); empty ones are skipped. Valid until
  /// the next call.
  std::optional<std::string_view> next();
  /// A line is longer than the limit: nothing comes any more.
  bool overflown() const { return overflown_; }

 private:
  std::size_t limit_;
  base::SecretBytes buffer_;
  std::size_t begin_ = 0;    ///< of the line under way
  std::size_t scanned_ = 0;  ///< no line end before this
  bool overflown_ = false;
};

}  // namespace edsm::kube

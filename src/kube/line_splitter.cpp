#include "kube/line_splitter.hpp"

#include <utility>

namespace edsm::kube {

void LineSplitter::push(std::string_view chunk) {
  if (overflown_) return;
  if (begin_ == buffer_.size()) {
    buffer_.clear();  // also gives the memory of a long line back
  } else if (begin_ > 0) {
    buffer_ = base::SecretBytes(buffer_.view().substr(begin_));
  }
  scanned_ -= begin_;
  begin_ = 0;
  buffer_.append(chunk);
}

std::optional<std::string_view> LineSplitter::next() {
  while (!overflown_) {
    const std::string_view bytes = buffer_.view();
    const auto end = bytes.find('\n', scanned_);
    const auto line_end = end == std::string_view::npos ? bytes.size() : end;
    if (line_end - begin_ > limit_) {
      overflown_ = true;
      buffer_.clear();
      break;
    }
    if (end == std::string_view::npos) {
      scanned_ = bytes.size();
      break;
    }
    std::string_view line = bytes.substr(begin_, end - begin_);
    begin_ = scanned_ = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) return line;
  }
  return std::nullopt;
}

}  // namespace edsm::kube

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

/// A fuzz target is one file with one function, `one_input`: it hands foreign bytes to one parser
/// of ours and states with `must` what holds whatever they are. The same file is a fuzzer (preset
/// `fuzz`) and, in every other preset, a unit test that replays its corpus.
namespace edsm::fuzz {

void one_input(std::string_view bytes);

/// Ends the program if it does not hold, as a sanitizer would.
void must(bool holds, const char* what);

/// Foreign bytes in parts. What is not there is empty or zero.
class Input {
 public:
  explicit Input(std::string_view bytes) : rest_(bytes) {}

  unsigned take_byte() {
    if (rest_.empty()) return 0;
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return byte;
  }
  /// Up to the next line end, which is dropped.
  std::string_view take_line() { return take_until('\n'); }
  std::string_view take_until(char end) {
    const auto at = rest_.find(end);
    const auto part = rest_.substr(0, at);
    rest_.remove_prefix(at == std::string_view::npos ? rest_.size() : at + 1);
    return part;
  }
  bool empty() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

}  // namespace edsm::fuzz

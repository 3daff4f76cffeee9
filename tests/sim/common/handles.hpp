#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace edsm::sim {

/// What names one delivery of one message, opaque to its receiver: a prefix, the message's number,
/// which delivery it was, and a salt by which a queue knows its own.
class Handles {
 public:
  struct Handle {
    std::uint64_t number;
    unsigned delivery;
  };

  Handles(std::string prefix, std::uint32_t salt) : prefix_(std::move(prefix)), salt_(salt) {}

  std::string encode(std::uint64_t number, unsigned delivery) const {
    return fmt::format("{}{:016x}{:08x}{:08x}", prefix_, number, delivery, salt_);
  }
  /// nullopt if it is none of ours.
  std::optional<Handle> decode(std::string_view text) const {
    if (!text.starts_with(prefix_) || text.size() != prefix_.size() + 32) return std::nullopt;
    text.remove_prefix(prefix_.size());
    const auto number = hex<std::uint64_t>(text.substr(0, 16));
    const auto delivery = hex<unsigned>(text.substr(16, 8));
    const auto salt = hex<std::uint32_t>(text.substr(24, 8));
    if (!number || !delivery || salt != salt_) return std::nullopt;
    return Handle{*number, *delivery};
  }

 private:
  template <class Number>
  static std::optional<Number> hex(std::string_view text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
  }

  std::string prefix_;
  std::uint32_t salt_;
};

}  // namespace edsm::sim

#pragma once

#include <algorithm>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <fmt/core.h>

namespace edsm::base {

/// An immutable text for members that live long: equal texts are one text in memory, however many
/// hold it, and each holder costs a pointer. Made from anything that is a std::string_view, and
/// reads as one; the view is valid while any holder of the text lives. Ordered and hashed by
/// content. For one thread, and never for secret values: it is not wiped, and stays while held.
/// docs/decisions/texts.md
class Text {
 public:
  Text() = default;
  template <class Chars>
    requires(std::convertible_to<const Chars&, std::string_view> && !std::same_as<Chars, Text>)
  Text(const Chars& chars) : shared_(intern(chars)) {}  // NOLINT: in the place of a std::string
  Text(const Text& other) : shared_(other.shared_) { hold(); }
  Text(Text&& other) noexcept : shared_(std::exchange(other.shared_, nullptr)) {}
  Text& operator=(const Text& other) {
    Text(other).swap(*this);
    return *this;
  }
  Text& operator=(Text&& other) noexcept {
    Text(std::move(other)).swap(*this);
    return *this;
  }
  ~Text() {
    if (shared_ != nullptr && --shared_->holders == 0) drop(shared_);
  }

  std::string_view view() const {
    return shared_ == nullptr ? std::string_view() : shared_->view();
  }
  operator std::string_view() const { return view(); }  // NOLINT: it is one
  std::string str() const { return std::string(view()); }
  bool empty() const { return shared_ == nullptr; }
  std::size_t hash() const noexcept { return shared_ == nullptr ? 0 : shared_->hash; }

  bool operator==(const Text& other) const { return shared_ == other.shared_; }
  std::strong_ordering operator<=>(const Text& other) const {
    if (shared_ == other.shared_) return std::strong_ordering::equal;
    return view() <=> other.view();
  }
  template <class Chars>
    requires(std::convertible_to<const Chars&, std::string_view> && !std::same_as<Chars, Text>)
  bool operator==(const Chars& chars) const {
    return view() == std::string_view(chars);
  }

  /// Different texts that are held just now.
  static std::size_t count();

 private:
  /// The characters follow it.
  struct Shared {
    std::uint32_t holders;
    std::uint32_t size;
    std::uint32_t hash;
    char* chars() { return reinterpret_cast<char*>(this + 1); }
    std::string_view view() const { return {reinterpret_cast<const char*>(this + 1), size}; }
  };
  class Pool;

  static Pool& pool();
  static Shared* intern(std::string_view chars);
  static void drop(Shared* shared);
  void hold() const {
    if (shared_ != nullptr) ++shared_->holders;
  }
  void swap(Text& other) noexcept { std::swap(shared_, other.shared_); }

  Shared* shared_ = nullptr;  ///< null: empty
};

}  // namespace edsm::base

template <>
struct std::hash<edsm::base::Text> {
  std::size_t operator()(const edsm::base::Text& text) const { return text.hash(); }
};

template <>
struct fmt::formatter<edsm::base::Text> {
  static constexpr auto parse(const format_parse_context& context) { return context.begin(); }
  static auto format(const edsm::base::Text& text, auto& context) {
    return std::ranges::copy(text.view(), context.out()).out;
  }
};

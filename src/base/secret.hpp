#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

namespace edsm::base {

/// A growing byte buffer that wipes what it leaves behind: on growth, on clear and on destruction.
/// Every byte that may belong to a secret value (request and response bodies, credentials, shaped
/// data) lives in one. Move-only; it has no `<<`, no formatter and no comparison but
/// `constant_time_equal`, so it cannot be printed by accident. `view()` is the only way in, and is
/// valid until the next non-const call.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::string_view bytes) { append(bytes); }
  SecretBytes(SecretBytes&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes() { clear(); }

  /// An explicit copy, for the rare place that needs one.
  SecretBytes clone() const { return SecretBytes(view()); }

  std::string_view view() const { return {data_, size_}; }
  std::span<char> span() { return {data_, size_}; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  void reserve(std::size_t capacity);
  void append(std::string_view bytes);
  void push_back(char byte) { append({&byte, 1}); }
  /// Sets the size; new bytes are zero, dropped ones are wiped.
  void resize(std::size_t size);
  /// Wipes and frees.
  void clear() noexcept;

  /// Compares in time that depends on the sizes only.
  bool constant_time_equal(const SecretBytes& other) const;

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace edsm::base

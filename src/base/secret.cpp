#include "base/secret.hpp"

#include <algorithm>
#include <cstring>

#include <openssl/crypto.h>

#include "base/wiping_memory.hpp"

namespace edsm::base {

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this == &other) return *this;
  clear();
  data_ = std::exchange(other.data_, nullptr);
  size_ = std::exchange(other.size_, 0);
  capacity_ = std::exchange(other.capacity_, 0);
  return *this;
}

void SecretBytes::reserve(std::size_t capacity) {
  if (capacity <= capacity_) return;
  SecretBytes bigger;
  bigger.data_ = new char[capacity];
  bigger.capacity_ = capacity;
  bigger.append(view());
  *this = std::move(bigger);
}

void SecretBytes::append(std::string_view bytes) {
  if (bytes.empty()) return;
  if (size_ + bytes.size() > capacity_) {
    // The old buffer goes last: `bytes` may be a view into it.
    SecretBytes bigger;
    bigger.reserve(std::max({size_ + bytes.size(), capacity_ * 2, std::size_t{64}}));
    bigger.append(view());
    bigger.append(bytes);
    *this = std::move(bigger);
    return;
  }
  std::memcpy(data_ + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
}

void SecretBytes::resize(std::size_t size) {
  if (size < size_) {
    wipe(data_ + size, size_ - size);
  } else if (size > size_) {
    reserve(size);
    std::memset(data_ + size_, 0, size - size_);
  }
  size_ = size;
}

void SecretBytes::clear() noexcept {
  if (data_ != nullptr) {
    wipe(data_, capacity_);
    delete[] data_;
  }
  data_ = nullptr;
  size_ = 0;
  capacity_ = 0;
}

bool SecretBytes::constant_time_equal(const SecretBytes& other) const {
  return size_ == other.size_ && (size_ == 0 || CRYPTO_memcmp(data_, other.data_, size_) == 0);
}

}  // namespace edsm::base

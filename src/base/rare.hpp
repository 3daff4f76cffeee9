#pragma once

#include <concepts>
#include <memory>
#include <utility>

namespace edsm::base {

/// A member that nearly always equals T(): then it costs a pointer and no more. A value otherwise:
/// a copy has its own.
template <class T>
class Rare {
 public:
  Rare() = default;
  template <std::same_as<T> Value>
  Rare(Value value)  // NOLINT: in the place of a T
      : value_(value == T() ? nullptr : std::make_unique<T>(std::move(value))) {}
  Rare(const Rare& other) : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
  Rare(Rare&&) noexcept = default;
  Rare& operator=(const Rare& other) { return *this = Rare(other); }
  Rare& operator=(Rare&&) noexcept = default;
  ~Rare() = default;

  const T& operator*() const {
    static const T nothing{};
    return value_ ? *value_ : nothing;
  }
  const T* operator->() const { return &**this; }
  operator const T&() const { return **this; }  // NOLINT: in the place of a T

  bool operator==(const Rare& other) const { return **this == *other; }

 private:
  std::unique_ptr<T> value_;
};

}  // namespace edsm::base

#include "base/secret.hpp"

#include <concepts>
#include <cstdlib>
#include <cstring>
#include <new>
#include <ostream>
#include <type_traits>

#include <gtest/gtest.h>
#include <malloc.h>

#include "base/json.hpp"

// The thread sanitizer has allocation functions of its own; the other builds run these tests.
#if !__has_feature(thread_sanitizer)

namespace {

/// Looks for this text in every block that this test program frees.
constexpr std::string_view marker = "-=marker of a secret=-";
bool watching = false;
std::size_t leaks = 0;

void release(void* memory) {
  if (memory != nullptr && watching) {
    const std::string_view block(static_cast<const char*>(memory), malloc_usable_size(memory));
    if (block.contains(marker)) ++leaks;
  }
  std::free(memory);
}

void* obtain(std::size_t size) {
  // Zeroed, so that a block never contains what its last owner left.
  if (void* const memory = std::calloc(1, size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}

void* obtain(std::size_t size, std::align_val_t align) {
  const auto unit = static_cast<std::size_t>(align);
  void* const memory = std::aligned_alloc(unit, (size + unit - 1) / unit * unit);
  if (memory == nullptr) throw std::bad_alloc();
  return std::memset(memory, 0, size);
}

}  // namespace

// The whole family, because a program must not mix its own with the library's.
void* operator new(std::size_t size) {
  return obtain(size);
}
void* operator new[](std::size_t size) {
  return obtain(size);
}
void* operator new(std::size_t size, std::align_val_t align) {
  return obtain(size, align);
}
void* operator new[](std::size_t size, std::align_val_t align) {
  return obtain(size, align);
}
void operator delete(void* memory) noexcept {
  release(memory);
}
void operator delete[](void* memory) noexcept {
  release(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  release(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  release(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  release(memory);
}
void operator delete[](void* memory, std::align_val_t) noexcept {
  release(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  release(memory);
}
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept {
  release(memory);
}

namespace edsm::base {
namespace {

class WipeTest : public testing::Test {
 protected:
  void SetUp() override {
    leaks = 0;
    watching = true;
  }
  void TearDown() override { watching = false; }
};

TEST_F(WipeTest, TheWatchSeesAnOrdinaryStringLeak) {
  {
    const std::string text(marker);
  }
  EXPECT_EQ(leaks, 1U);
}

TEST_F(WipeTest, GrowthClearMoveAndDestructionLeaveNothing) {
  {
    SecretBytes bytes{marker};
    for (int i = 0; i < 1000; ++i) bytes.append(marker);  // several moves to larger buffers
    bytes.reserve(bytes.size() * 4);
    SecretBytes other = bytes.clone();
    other = std::move(bytes);
    SecretBytes third(std::move(other));
    third.resize(third.size() * 2);
    third.clear();
    third.append(marker);
  }
  EXPECT_EQ(leaks, 0U);
}

TEST_F(WipeTest, ShrinkingWipesTheTail) {
  SecretBytes bytes{marker};
  const char* const start = bytes.view().data();
  bytes.resize(1);
  EXPECT_EQ(bytes.view(), "-");
  bytes.resize(marker.size());
  EXPECT_EQ(bytes.view().data(), start);
  EXPECT_EQ(bytes.view().substr(1), std::string(marker.size() - 1, '\0'));
}

TEST_F(WipeTest, JsonDocumentsLeaveNothing) {
  SecretBytes text(std::string_view(R"({"a":")"));
  text.append(marker);
  text.append(R"(","b":["x\n)");
  text.append(marker);
  text.append(R"("]})");
  {
    const auto document = JsonDocument::parse(text.view());
    ASSERT_TRUE(document);
    EXPECT_EQ(string_at(document->root(), "a"), marker);
  }
  text.append("x");  // malformed: an error after the value was built
  EXPECT_FALSE(JsonDocument::parse(text.view()));
  text.clear();
  EXPECT_EQ(leaks, 0U);
}

}  // namespace
}  // namespace edsm::base

#endif

namespace edsm::base {
namespace {

template <class T>
concept Printable = requires(std::ostream& out, const T& value) { out << value; };

TEST(SecretBytesTest, CannotBeCopiedOrPrinted) {
  static_assert(!std::is_copy_constructible_v<SecretBytes> &&
                !std::is_copy_assignable_v<SecretBytes>);
  static_assert(!std::is_convertible_v<SecretBytes, std::string_view>);
  static_assert(!std::is_convertible_v<SecretBytes, std::string>);
  static_assert(!std::equality_comparable<SecretBytes>);
  static_assert(!Printable<SecretBytes> && Printable<std::string>);
}

TEST(SecretBytesTest, HoldsAnyBytes) {
  SecretBytes bytes;
  EXPECT_TRUE(bytes.empty());
  bytes.append({});
  EXPECT_TRUE(bytes.empty());
  bytes.append(std::string_view("a\0b", 3));
  bytes.push_back('c');
  EXPECT_EQ(bytes.view(), std::string_view("a\0bc", 4));
  bytes.resize(6);
  EXPECT_EQ(bytes.view(), std::string_view("a\0bc\0\0", 6));
  bytes.span()[1] = 'x';
  EXPECT_EQ(bytes.view().substr(0, 4), "axbc");
}

TEST(SecretBytesTest, AppendOfItselfIsSafe) {
  SecretBytes bytes(std::string(64, 'a'));
  bytes.append(bytes.view());
  EXPECT_EQ(bytes.view(), std::string(128, 'a'));
}

TEST(SecretBytesTest, MovedFromIsEmptyAndUsable) {
  SecretBytes one(std::string_view("one"));
  SecretBytes two = std::move(one);
  EXPECT_TRUE(one.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
  one.append("again");
  EXPECT_EQ(one.view(), "again");
  EXPECT_EQ(two.view(), "one");
  auto& self = two;
  two = std::move(self);
  EXPECT_EQ(two.view(), "one");
}

TEST(SecretBytesTest, Equality) {
  const SecretBytes a(std::string_view("same")), b(std::string_view("same")),
      c(std::string_view("diff")), d(std::string_view("longer")), empty;
  EXPECT_TRUE(a.constant_time_equal(b));
  EXPECT_FALSE(a.constant_time_equal(c));
  EXPECT_FALSE(a.constant_time_equal(d));
  EXPECT_FALSE(a.constant_time_equal(empty));
  EXPECT_TRUE(empty.constant_time_equal(SecretBytes()));
}

}  // namespace
}  // namespace edsm::base

#include "cloud/aws/inspect/address_range.hpp"

#include <algorithm>
#include <string>

#include <boost/asio/ip/address.hpp>

#include "cloud/aws/text.hpp"

namespace edsm::cloud::aws {
namespace {

std::optional<boost::asio::ip::address> address_of(std::string_view text) {
  boost::system::error_code error;
  auto address = boost::asio::ip::make_address(std::string(text), error);
  if (error) return std::nullopt;
  return address;
}

std::array<std::uint8_t, 16> bytes_of(const boost::asio::ip::address& address) {
  std::array<std::uint8_t, 16> bytes{};
  if (address.is_v4()) {
    std::ranges::copy(address.to_v4().to_bytes(), bytes.begin());
  } else {
    std::ranges::copy(address.to_v6().to_bytes(), bytes.begin());
  }
  return bytes;
}

}  // namespace

std::optional<AddressRange> AddressRange::parse(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = address_of(text.substr(0, slash));
  const auto bits = parse_number(text.substr(slash + 1));
  if (!address || !bits || *bits > (address->is_v4() ? 32 : 128)) return std::nullopt;
  AddressRange range;
  range.network_ = bytes_of(*address);
  range.v4_ = address->is_v4();
  range.bits_ = static_cast<unsigned>(*bits);
  return range;
}

bool AddressRange::contains(std::string_view text) const {
  const auto address = address_of(text);
  if (!address || address->is_v4() != v4_) return false;
  const auto bytes = bytes_of(*address);
  for (unsigned bit = 0; bit < bits_; ++bit) {
    const auto mask = static_cast<std::uint8_t>(0x80U >> (bit % 8));
    if (((bytes[bit / 8] ^ network_[bit / 8]) & mask) != 0) return false;
  }
  return true;
}

}  // namespace edsm::cloud::aws

#pragma once

#include <cstdint>
#include <string_view>

#include <boost/crc.hpp>

namespace edsm::cloud::gcp {

/// The Castagnoli checksum, by which Secret Manager vouches for a value.
inline std::uint32_t crc32c(std::string_view bytes) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return crc.checksum();
}

}  // namespace edsm::cloud::gcp

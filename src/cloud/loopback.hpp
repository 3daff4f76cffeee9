#pragma once

#include <string_view>

namespace edsm::cloud {

/// True for the host of a URL that never leaves this machine: localhost, 127.0.0.0/8, ::1.
bool is_loopback(std::string_view host);

}  // namespace edsm::cloud

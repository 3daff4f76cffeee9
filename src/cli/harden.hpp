#pragma once

namespace edsm::cli {

/// Keeps secret bytes out of places where they do not belong: no core dumps, no attaching debugger
/// of the same user, one malloc arena (freed memory is wiped, by OpenSSL too, see wipe.cpp). First
/// thing in main.
void harden_process();

}  // namespace edsm::cli

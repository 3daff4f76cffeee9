#pragma once

#include <string_view>

namespace edsm::kube {

/// Under which `continue` token the page after this one is to be had, told before the page is
/// parsed; empty: it is the last, or that cannot be told. It is looked for in the list's own
/// members, before its items (as the server writes its own kinds) or behind them (as it writes
/// custom resources, sorted), never in the items. A guess all the same: who asks for the page ahead
/// of need still takes the parsed page's word. A view into `body`.
std::string_view next_page_token(std::string_view body);

}  // namespace edsm::kube

#pragma once

#include <string>

#include <curl/curl.h>

#include "base/error.hpp"
#include "net/http.hpp"
#include "net/url.hpp"

namespace edsm::net {

/// "GET https://host/path": how error texts name a request. No query, which may hold a signature.
std::string name_of(Method method, const Url& url);

/// Translates what libcurl says about a failed exchange into the codes of http.hpp. `detail` is the
/// text of CURLOPT_ERRORBUFFER, may be empty; `handle` is asked for the peer's address and errno.
base::Error curl_error(CURLcode code, CURL* handle, std::string_view detail, Method method,
                       const Url& url);

}  // namespace edsm::net

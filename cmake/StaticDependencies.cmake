# The same targets as the shared build has, from archives. Debian has most of them; libcurl and
# prometheus-cpp come from tools/release/static-libraries.sh, fmt is used as headers.

set(EDSM_STATIC_PREFIX "" CACHE PATH "What tools/release/static-libraries.sh --print-path printed")
if(NOT EXISTS ${EDSM_STATIC_PREFIX}/lib/libcurl.a)
  message(FATAL_ERROR "EDSM_STATIC needs -DEDSM_STATIC_PREFIX=<what "
    "tools/release/static-libraries.sh --print-path prints>; tools/release/build.sh does all of it")
endif()

set(Boost_USE_STATIC_LIBS ON)
set(OPENSSL_USE_STATIC_LIBS ON)
set(OPENSSL_ROOT_DIR ${EDSM_STATIC_PREFIX})
find_package(Boost 1.81 EXACT REQUIRED COMPONENTS json)
# Looked for anew: the prefix may be another than it was when this folder was last configured.
foreach(found INCLUDE_DIR SSL_LIBRARY CRYPTO_LIBRARY)
  unset(OPENSSL_${found} CACHE)
endforeach()
find_package(OpenSSL 3 REQUIRED)

# edsm_archive(target FILE name.a [INCLUDE dir] [LINKS targets...])
function(edsm_archive target)
  cmake_parse_arguments(ARCHIVE "" "FILE;INCLUDE" "LINKS" ${ARGN})
  find_library(archive NAMES ${ARCHIVE_FILE} HINTS ${EDSM_STATIC_PREFIX}/lib REQUIRED NO_CACHE)
  add_library(${target} STATIC IMPORTED)
  set_target_properties(${target} PROPERTIES
    IMPORTED_LOCATION ${archive}
    INTERFACE_INCLUDE_DIRECTORIES "${ARCHIVE_INCLUDE}"
    INTERFACE_LINK_LIBRARIES "${ARCHIVE_LINKS}")
endfunction()

edsm_archive(nghttp2 FILE libnghttp2.a)
edsm_archive(CURL::libcurl FILE libcurl.a INCLUDE ${EDSM_STATIC_PREFIX}/include
             LINKS nghttp2 OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
set_target_properties(CURL::libcurl PROPERTIES INTERFACE_COMPILE_DEFINITIONS CURL_STATICLIB)
edsm_archive(prometheus-cpp::core FILE libprometheus-cpp-core.a INCLUDE ${EDSM_STATIC_PREFIX}/include)
edsm_archive(yaml-cpp FILE libyaml-cpp.a)

add_library(fmt::fmt INTERFACE IMPORTED)
set_target_properties(fmt::fmt PROPERTIES INTERFACE_COMPILE_DEFINITIONS FMT_HEADER_ONLY=1)

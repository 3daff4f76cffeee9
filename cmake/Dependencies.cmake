# Everything comes from Debian packages; README.md says why each is here.

set(Boost_NO_WARN_NEW_VERSIONS ON) # CMake 3.25 is older than Boost 1.81 and says so

find_package(Threads REQUIRED)
if(EDSM_STATIC)
  include(StaticDependencies)
else()
  find_package(Boost 1.81 EXACT REQUIRED COMPONENTS json)
  find_package(OpenSSL 3 REQUIRED)
  find_package(CURL REQUIRED)
  find_package(fmt REQUIRED)
  find_package(prometheus-cpp REQUIRED CONFIG)
  find_package(yaml-cpp REQUIRED)
endif()
find_package(CLI11 REQUIRED)
find_package(GTest REQUIRED)
include(GoogleTest)

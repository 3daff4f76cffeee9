include(GoogleTest)

# edsm_room(name LINKS targets...)
#
# Makes the library edsm_<name> from every .cpp below src/<name>, and the program <name>_test from
# every *_test.cpp there. A room without sources (headers only) becomes an interface library.
function(edsm_room name)
  cmake_parse_arguments(ROOM "" "" "LINKS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cpp)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cpp$")

  if(sources)
    add_library(edsm_${name} STATIC ${sources})
    target_include_directories(edsm_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(edsm_${name} PUBLIC ${ROOM_LINKS} edsm_flags Threads::Threads)
    target_compile_definitions(edsm_${name} PUBLIC
      BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_SEPARATE_COMPILATION EDSM_VERSION="${PROJECT_VERSION}")
  else()
    add_library(edsm_${name} INTERFACE)
    target_include_directories(edsm_${name} INTERFACE ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(edsm_${name} INTERFACE ${ROOM_LINKS} edsm_flags Threads::Threads)
  endif()

  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE edsm_${name} edsm_test_support GTest::gmock GTest::gtest_main)
    # Fixtures are found from the top of the tree; a path in a definition would defeat the compiler cache.
    gtest_discover_tests(${name}_test WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} DISCOVERY_TIMEOUT 60
      PROPERTIES LABELS ${name} TIMEOUT 120)
  endif()
endfunction()

# Fakes shared by the unit tests of all rooms (headers only).
add_library(edsm_test_support INTERFACE)
target_include_directories(edsm_test_support INTERFACE ${CMAKE_SOURCE_DIR}/tests)

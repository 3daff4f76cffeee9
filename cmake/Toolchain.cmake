# The compiler, its language level, its warnings and its sanitizers.

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(FATAL_ERROR
    "GCC ${CMAKE_CXX_COMPILER_VERSION} cannot build EDSM: before version 13 it miscompiles co_await "
    "expressions that hold owning temporaries (they are destroyed twice). "
    "Use the presets, which name clang-19: cmake --preset dev")
endif()

option(EDSM_STATIC "Link one program without any shared library (tools/release/build.sh)" OFF)
option(EDSM_PLANTED_BUGS "Compile in the bugs that the simulation must find (src/base/planted.hpp)" OFF)
set(EDSM_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them (address,undefined or thread)")

# Interface target that every target of ours links: warnings are errors.
add_library(edsm_flags INTERFACE)
target_compile_options(edsm_flags INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Wold-style-cast -Woverloaded-virtual -Wcast-align -Wunused -Wnull-dereference
  -Wformat=2 -Wimplicit-fallthrough -Wextra-semi)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(edsm_flags INTERFACE -Wthread-safety -Wmove -Wdocumentation-html)
  target_link_options(edsm_flags INTERFACE -fuse-ld=lld-19)
endif()
if(EDSM_SANITIZE)
  target_compile_options(edsm_flags INTERFACE -fsanitize=${EDSM_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(edsm_flags INTERFACE -fsanitize=${EDSM_SANITIZE})
  target_compile_definitions(edsm_flags INTERFACE EDSM_SANITIZED)
else()
  target_compile_options(edsm_flags INTERFACE -fstack-protector-strong)
  target_compile_definitions(edsm_flags INTERFACE $<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
endif()
if(EDSM_PLANTED_BUGS)
  target_compile_definitions(edsm_flags INTERFACE EDSM_PLANTED_BUGS)
endif()
target_link_options(edsm_flags INTERFACE
  -Wl,-z,relro,-z,now
  # Small: unused sections go, equal functions are one, relocations are packed.
  $<$<CONFIG:Release>:-s;-Wl,--gc-sections,--icf=all,--pack-dyn-relocs=relr>)
target_compile_options(edsm_flags INTERFACE $<$<CONFIG:Release>:-ffunction-sections -fdata-sections>)

if(EDSM_STATIC)
  # Position-independent all the same, so that its addresses are random in each run.
  target_link_options(edsm_flags INTERFACE -static-pie)
endif()

# Objects are the same wherever the tree and the build folder are, so the cache serves all of them.
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
    CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
endif()

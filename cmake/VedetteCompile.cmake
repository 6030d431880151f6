# How every target of the house is compiled and linked.

option(VEDETTE_TESTS "Build the tests" OFF)
option(VEDETTE_FUZZ "Build libFuzzer targets (needs clang)" OFF)
option(VEDETTE_BENCH "Build the benches" OFF)
option(VEDETTE_LTO "Link-time optimisation" OFF)
set(VEDETTE_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them")

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)
if(VEDETTE_LTO)
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
endif()

add_library(vedette-options INTERFACE)
target_compile_definitions(vedette-options INTERFACE _GNU_SOURCE VEDETTE_VERSION="${PROJECT_VERSION}")
target_include_directories(vedette-options INTERFACE ${CMAKE_SOURCE_DIR}/include)
# -ffp-contract=off: a score must not depend on how a compiler fuses multiplications.
target_compile_options(vedette-options INTERFACE
  -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion -Wvla -Werror
  -ffp-contract=off -fno-omit-frame-pointer)

if(VEDETTE_SANITIZE)
  target_compile_options(vedette-options INTERFACE -fsanitize=${VEDETTE_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(vedette-options INTERFACE -fsanitize=${VEDETTE_SANITIZE})
else()
  target_compile_options(vedette-options INTERFACE
    -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|i.86")
    target_compile_options(vedette-options INTERFACE -fcf-protection=full)
  endif()
  target_link_options(vedette-options INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
endif()
if(VEDETTE_FUZZ)
  target_compile_options(vedette-options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# vd_library(NAME SOURCES file... [LINK target...] [PRIVATE_LINK target...])
# A static library of one folder: NAME says which, its headers are in include/vedette or beside it.
function(vd_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK;PRIVATE_LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC vedette-options ${ARG_LINK} PRIVATE ${ARG_PRIVATE_LINK})
endfunction()

# vd_program(NAME SOURCES file... LINK target... DESTINATION dir)
function(vd_program name)
  cmake_parse_arguments(ARG "" "DESTINATION" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE vedette-options ${ARG_LINK})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  install(TARGETS ${name} RUNTIME DESTINATION ${ARG_DESTINATION})
endfunction()

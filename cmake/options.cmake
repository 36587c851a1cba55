# Warnings, sanitizers and helper functions that every room uses.

add_library(llt_options INTERFACE)
target_compile_options(llt_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Werror
  -fno-omit-frame-pointer)
# GCC 12 reports false positives of these two inside inlined standard library code.
target_compile_options(llt_options INTERFACE -Wno-restrict -Wno-error=maybe-uninitialized)
if(CMAKE_UNITY_BUILD)
  # It holds a class with members of an anonymous type to be in a header whenever its file is not the main one.
  target_compile_options(llt_options INTERFACE -Wno-subobject-linkage)
endif()
target_include_directories(llt_options INTERFACE ${PROJECT_SOURCE_DIR}/src ${PROJECT_BINARY_DIR}/generated)

if(LLAMATELEMETRY_SANITIZE)
  target_compile_options(llt_options INTERFACE -fsanitize=${LLAMATELEMETRY_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(llt_options INTERFACE -fsanitize=${LLAMATELEMETRY_SANITIZE})
endif()

find_program(MOLD mold)
if(LLAMATELEMETRY_SANITIZE STREQUAL "thread")
  # A std::mutex::lock that is not inlined here would be called by DuckDB too, which has its own unlock inlined:
  # ThreadSanitizer would see half of what it does. (GNU's linker, as mold does not hide single names of a program.)
  target_link_options(llt_options INTERFACE -fuse-ld=bfd
                                            -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/own_mutex.map)
elseif(MOLD)
  target_link_options(llt_options INTERFACE -fuse-ld=mold)
endif()

# llt_room(NAME sources...): the static library of one folder of src/, named llt_NAME.
function(llt_room name)
  add_library(llt_${name} STATIC ${ARGN})
  target_link_libraries(llt_${name} PUBLIC llt_options)
endfunction()

# llt_test(NAME sources...): a GoogleTest binary beside the code it tests; label "unit".
function(llt_test name)
  if(NOT LLAMATELEMETRY_TESTS)
    return()
  endif()
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE llt_options GTest::gtest_main)
  gtest_discover_tests(${name} PROPERTIES LABELS unit DISCOVERY_TIMEOUT 60)
endfunction()

# llt_fuzz(NAME CORPUS sources...): a fuzz target (LLVMFuzzerTestOneInput) with src/base/fuzz_main.cc as its
# main; the test replays and mutates CORPUS, a folder beside the code or an absolute path. Label "fuzz".
function(llt_fuzz name corpus)
  if(NOT LLAMATELEMETRY_TESTS)
    return()
  endif()
  add_executable(${name} ${ARGN} ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../src/base/fuzz_main.cc)
  target_link_libraries(${name} PRIVATE llt_options)
  get_filename_component(folder ${corpus} ABSOLUTE)
  add_test(NAME ${name} COMMAND ${name} ${folder})
  set_tests_properties(${name} PROPERTIES LABELS fuzz TIMEOUT 300)
endfunction()

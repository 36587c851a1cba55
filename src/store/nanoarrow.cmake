# nanoarrow and flatcc, from the unpacked source package that PyPI has: what writes Arrow IPC streams.
# Without it the program is built all the same, and `--format arrow` says that it is missing.

set(LLAMATELEMETRY_NANOARROW "" CACHE PATH "Unpacked nanoarrow source package (0.9)")
set(nanoarrow_home ${LLAMATELEMETRY_NANOARROW})
if(NOT nanoarrow_home)
  set(cache_home "$ENV{XDG_CACHE_HOME}")
  if(NOT cache_home)
    set(cache_home "$ENV{HOME}/.cache")
  endif()
  set(nanoarrow_home "${cache_home}/llamatelemetry/src/nanoarrow-0.9.0")
endif()

set(nanoarrow_src ${nanoarrow_home}/subprojects/arrow-nanoarrow/src)
file(GLOB flatcc_home ${nanoarrow_home}/subprojects/flatcc-*)
if(EXISTS ${nanoarrow_src}/nanoarrow/nanoarrow_ipc.h AND flatcc_home)
  set(NANOARROW_VERSION 0.9.0)
  set(NANOARROW_VERSION_MAJOR 0)
  set(NANOARROW_VERSION_MINOR 9)
  set(NANOARROW_VERSION_PATCH 0)
  # Names of its own, so that it never meets another copy of nanoarrow in the process.
  set(NANOARROW_NAMESPACE_DEFINE "#define NANOARROW_NAMESPACE LltStore")
  configure_file(${nanoarrow_src}/nanoarrow/nanoarrow_config.h.in
                 ${CMAKE_CURRENT_BINARY_DIR}/nanoarrow/nanoarrow/nanoarrow_config.h @ONLY)
  add_library(llt_nanoarrow STATIC
    ${nanoarrow_src}/nanoarrow/common/array.c ${nanoarrow_src}/nanoarrow/common/schema.c
    ${nanoarrow_src}/nanoarrow/common/array_stream.c ${nanoarrow_src}/nanoarrow/common/utils.c
    ${nanoarrow_src}/nanoarrow/ipc/codecs.c ${nanoarrow_src}/nanoarrow/ipc/decoder.c
    ${nanoarrow_src}/nanoarrow/ipc/encoder.c ${nanoarrow_src}/nanoarrow/ipc/reader.c
    ${nanoarrow_src}/nanoarrow/ipc/writer.c
    ${flatcc_home}/src/runtime/builder.c ${flatcc_home}/src/runtime/emitter.c
    ${flatcc_home}/src/runtime/verifier.c ${flatcc_home}/src/runtime/refmap.c)
  target_include_directories(llt_nanoarrow SYSTEM PUBLIC
    ${nanoarrow_src} ${CMAKE_CURRENT_BINARY_DIR}/nanoarrow PRIVATE ${flatcc_home}/include)
  target_compile_options(llt_nanoarrow PRIVATE -w)
  target_compile_definitions(llt_nanoarrow INTERFACE LLT_HAVE_NANOARROW=1)
else()
  message(STATUS "nanoarrow not found in ${nanoarrow_home}: no Arrow results (LLAMATELEMETRY_NANOARROW)")
  add_library(llt_nanoarrow INTERFACE)
endif()

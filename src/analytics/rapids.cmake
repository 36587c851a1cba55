# The GPU plugin: compiled wherever the headers of RAPIDS 26.10 are, one folder of scripts/lib/rapids.sh each. Nothing of
# RAPIDS or CUDA is linked: cuGraph's C functions are looked up by name, and what the C++ of RMM and libcudf leaves
# undefined is found in their libraries, which the plugin opens before it opens ours (gpu/plugin/README.md).
set(LLAMATELEMETRY_CUGRAPH_HEADERS "${cache_home}/llamatelemetry/cugraph-headers-26.10.0" CACHE PATH
  "Folder with cugraph_c/graph.h (cuGraph 26.10); without it the GPU plugin is left out")
set(LLAMATELEMETRY_CUDF_HEADERS "${cache_home}/llamatelemetry/cudf-headers-26.10.2" CACHE PATH
  "Folder with cudf/, rmm/, CCCL and CUDA's headers; without it the GPU plugin has no tables and keeps no memory limit")
set(LLAMATELEMETRY_CUVS_HEADERS "${cache_home}/llamatelemetry/cuvs-headers-26.10.0" CACHE PATH
  "Folder with cuvs/ (cuVS 26.10) and dlpack/; without it the GPU plugin has no search for the nearest vectors")
find_path(CUGRAPH_INCLUDE cugraph_c/graph.h HINTS ${LLAMATELEMETRY_CUGRAPH_HEADERS} NO_DEFAULT_PATH)
find_path(CUDF_INCLUDE cudf/table/table.hpp HINTS ${LLAMATELEMETRY_CUDF_HEADERS} NO_DEFAULT_PATH)
find_path(CUVS_INCLUDE cuvs/neighbors/brute_force.h HINTS ${LLAMATELEMETRY_CUVS_HEADERS} NO_DEFAULT_PATH)

function(llt_rapids_library name)
  add_library(${name} MODULE ${ARGN})
  target_link_libraries(${name} PRIVATE llt_options ${CMAKE_DL_LIBS})
  set_target_properties(${name} PROPERTIES CXX_VISIBILITY_PRESET hidden LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
endfunction()

if(CUGRAPH_INCLUDE)
  llt_rapids_library(llamatelemetry_rapids
    gpu/plugin/algorithms.cc gpu/plugin/cugraph_api.cc gpu/plugin/libraries.cc gpu/plugin/plugin.cc
    gpu/plugin/waiting.cc)
  target_include_directories(llamatelemetry_rapids SYSTEM PRIVATE ${CUGRAPH_INCLUDE})
endif()
if(CUGRAPH_INCLUDE AND CUDF_INCLUDE)
  llt_rapids_library(llamatelemetry_rmm gpu/plugin/memory_limit.cc)
  llt_rapids_library(llamatelemetry_cudf gpu/plugin/table_columns.cc gpu/plugin/table_windows.cc gpu/plugin/tables.cc)
  foreach(library llamatelemetry_rmm llamatelemetry_cudf)
    target_include_directories(${library} SYSTEM PRIVATE ${CUDF_INCLUDE} ${CUDF_INCLUDE}/rapids)
    target_compile_options(${library} PRIVATE -include variant)  # cudf/ast/expressions.hpp forgets it
    add_dependencies(llamatelemetry_rapids ${library})
  endforeach()
endif()
if(CUGRAPH_INCLUDE AND CUDF_INCLUDE AND CUVS_INCLUDE)
  llt_rapids_library(llamatelemetry_cuvs gpu/plugin/vectors.cc)
  target_include_directories(llamatelemetry_cuvs SYSTEM PRIVATE ${CUVS_INCLUDE} ${CUDF_INCLUDE})
  add_dependencies(llamatelemetry_rapids llamatelemetry_cuvs)
endif()

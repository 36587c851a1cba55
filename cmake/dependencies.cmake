# Parts from outside, found once here. A user's own copy is found through CMAKE_PREFIX_PATH
# (opentelemetry-cpp, Boost, ...) or LLAMATELEMETRY_DUCKDB.

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(simdjson REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tomlplusplus REQUIRED)
find_path(XXHASH_INCLUDE_DIR xxhash.h REQUIRED)
if(NOT LLAMATELEMETRY_SANITIZE)
  # A record is made by one thread, read by a second and freed by a third: glibc's allocator makes them wait for
  # each other there. Sanitizers bring their own.
  find_library(JEMALLOC jemalloc REQUIRED)
endif()
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(opentelemetry-cpp CONFIG REQUIRED)
if(LLAMATELEMETRY_TESTS)
  find_package(GTest REQUIRED)
endif()

set(cache_home "$ENV{XDG_CACHE_HOME}")
if(NOT cache_home)
  set(cache_home "$ENV{HOME}/.cache")
endif()
if(NOT LLAMATELEMETRY_DUCKDB)
  set(LLAMATELEMETRY_DUCKDB "${cache_home}/llamatelemetry/duckdb-1.4.4")
endif()
find_path(DUCKDB_INCLUDE duckdb.h HINTS ${LLAMATELEMETRY_DUCKDB}/include ${LLAMATELEMETRY_DUCKDB} REQUIRED)
find_library(DUCKDB_LIBRARY duckdb HINTS ${LLAMATELEMETRY_DUCKDB}/lib ${LLAMATELEMETRY_DUCKDB} REQUIRED)
add_library(duckdb SHARED IMPORTED)
set_target_properties(duckdb PROPERTIES IMPORTED_LOCATION ${DUCKDB_LIBRARY})
target_include_directories(duckdb SYSTEM INTERFACE ${DUCKDB_INCLUDE})

if(NOT LLAMATELEMETRY_NETWORKIT)
  set(LLAMATELEMETRY_NETWORKIT "${cache_home}/llamatelemetry/networkit-11.3")
endif()
find_path(NETWORKIT_INCLUDE networkit/community/PLM.hpp HINTS ${LLAMATELEMETRY_NETWORKIT}/include REQUIRED)
find_library(NETWORKIT_LIBRARY networkit HINTS ${LLAMATELEMETRY_NETWORKIT}/lib REQUIRED)
add_library(networkit SHARED IMPORTED)
set_target_properties(networkit PROPERTIES IMPORTED_LOCATION ${NETWORKIT_LIBRARY})
target_include_directories(networkit SYSTEM INTERFACE ${NETWORKIT_INCLUDE})
# The wheel brings its own OpenMP runtime under a name of its own. It is linked by that name, so that it is found beside
# the program too; compiling with -fopenmp would load a second one. One word, or the linker leaves it out as not needed.
get_filename_component(networkit_folder ${NETWORKIT_LIBRARY} DIRECTORY)
file(GLOB networkit_openmp ${networkit_folder}/networkit.libs/libgomp-*.so*)
if(networkit_openmp)
  target_link_libraries(networkit INTERFACE
    "-Wl,-rpath,${networkit_folder}/networkit.libs,--push-state,--no-as-needed,${networkit_openmp},--pop-state")
endif()

# Writes a C++ file that holds the page's files as bytes of the binary.
#   cmake -D DIST=ui/dist -D FALLBACK=no_ui.html -D API=openapi.json -D OUT=ui_assets.cc -P embed_ui.cmake
# DIST without an index.html: only FALLBACK is embedded, as /index.html. A file NAME.gz beside NAME is its
# compressed form.

set(types_html "text/html; charset=utf-8")
set(types_js "text/javascript; charset=utf-8")
set(types_css "text/css; charset=utf-8")
set(types_svg "image/svg+xml")
set(types_json "application/json")
set(types_png "image/png")
set(types_ico "image/x-icon")
set(types_woff2 "font/woff2")
set(types_txt "text/plain; charset=utf-8")

if(EXISTS "${DIST}/index.html")
  set(root "${DIST}")
  file(GLOB_RECURSE names RELATIVE "${DIST}" "${DIST}/*")
  list(FILTER names EXCLUDE REGEX "\\.gz$")
  list(SORT names)
else()
  get_filename_component(root "${FALLBACK}" DIRECTORY)
  get_filename_component(names "${FALLBACK}" NAME)
endif()

set(blobs "")
set(table "")
set(index 0)

# embed(SYMBOL FILE): the file's bytes between SYMBOL and SYMBOL_end.
macro(embed symbol file)
  string(APPEND blobs
    "__asm__(\".section .rodata\\n.balign 16\\n${symbol}:\\n.incbin \\\"${file}\\\"\\n${symbol}_end:\\n.byte 0\\n.previous\\n\");\n"
    "extern \"C\" {\n"
    "extern __attribute__((visibility(\"hidden\"))) const char ${symbol}[];\n"
    "extern __attribute__((visibility(\"hidden\"))) const char ${symbol}_end[];\n"
    "}\n")
endmacro()

foreach(name IN LISTS names)
  set(file "${root}/${name}")
  embed(llt_ui_${index} "${file}")
  set(gzip "std::string_view{}")
  if(EXISTS "${file}.gz")
    embed(llt_ui_${index}_gz "${file}.gz")
    set(gzip "between(llt_ui_${index}_gz, llt_ui_${index}_gz_end)")
  endif()
  string(REGEX MATCH "[^.]*$" extension "${name}")
  set(type "${types_${extension}}")
  if(NOT type)
    set(type "application/octet-stream")
  endif()
  file(SHA256 "${file}" hash)
  string(SUBSTRING "${hash}" 0 20 hash)
  set(hashed "false")
  if(name MATCHES "^assets/")
    set(hashed "true")
  endif()
  set(path "/${name}")
  if(NOT root STREQUAL DIST)
    set(path "/index.html")
  endif()
  string(APPEND table "      Asset{\"${path}\", \"${type}\", \"\\\"${hash}\\\"\",\n"
    "            between(llt_ui_${index}, llt_ui_${index}_end), ${gzip}, ${hashed}},\n")
  math(EXPR index "${index} + 1")
endforeach()

embed(llt_openapi "${API}")

file(WRITE "${OUT}.new" "// Made by embed_ui.cmake.
#include <array>
#include <cstddef>

#include \"views/assets.h\"

${blobs}
namespace llt::views {
namespace {

std::string_view between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace

std::string_view api_description() { return between(llt_openapi, llt_openapi_end); }

std::span<const Asset> ui_assets() {
  static const std::array assets{
${table}  };
  return assets;
}

}  // namespace llt::views
")
file(COPY_FILE "${OUT}.new" "${OUT}")
file(REMOVE "${OUT}.new")

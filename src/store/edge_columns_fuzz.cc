// Header lines of edge lists: any bytes give names, and columns are found or refused, never misplaced.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "store/edge_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto header = llt::store::parse_csv_header({reinterpret_cast<const char*>(data), size});
  const auto columns = llt::store::find_edge_columns(header.names);
  if (!columns) return 0;
  const std::size_t count = header.names.size();
  if (columns->source >= count || columns->target >= count || columns->source == columns->target)
    std::abort();
  if (columns->weight && *columns->weight >= count) std::abort();
  return 0;
}

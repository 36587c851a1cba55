// Files in the inbox: any bytes are refused or give a result that comes back as it is.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "store/graph_results.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto result = llt::store::graph_result_from({reinterpret_cast<const char*>(data), size});
  if (!result) return 0;
  const std::string bytes = llt::store::to_bytes(*result);
  const auto again = llt::store::graph_result_from(bytes);
  // Compared as bytes: a NaN is not equal to itself.
  if (!again || llt::store::to_bytes(*again) != bytes) std::abort();
  return 0;
}

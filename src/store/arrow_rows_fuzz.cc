// Arrow streams: any bytes, in pieces of any size, give rows or an error; what is handed over can be looked
// at.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "store/arrow_rows.h"

namespace {

using llt::store::ArrowColumn;

llt::Result<> look_at(const llt::store::ArrowBatch& batch) {
  std::size_t seen = 0;
  for (std::size_t row = 0; row < batch.size(); ++row) {
    if (!batch.is_null(0, row) && batch.reals(0)[row] > 0) ++seen;
    if (!batch.is_null(1, row) && batch.numbers(1)[row] > 0) ++seen;
    if (!batch.is_null(2, row) && batch.small_numbers(2)[row] > 0) ++seen;
    for (const char c : batch.text(3, row)) seen += c == 'a' ? 1 : 0;
  }
  if (seen > batch.size() * 3 + (std::size_t{1} << 32)) std::abort();
  return {};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = data[0] + std::size_t{1};
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  auto rows = llt::store::ArrowRows::make(
      {ArrowColumn::real, ArrowColumn::number, ArrowColumn::small_number, ArrowColumn::text}, look_at);
  if (!rows) return 0;
  while (!bytes.empty()) {
    if (!(*rows)->take(bytes.substr(0, piece))) return 0;
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  static_cast<void>((*rows)->end());
  return 0;
}

#include "store/row_scanner.h"

namespace llt::store {

Result<QueryInfo> scan(Reader& reader, std::string_view sql, const QueryLimits& limits, const ChunkSink& sink) {
  if (auto* scanner = dynamic_cast<RowScanner*>(&reader)) return scanner->scan(sql, limits, sink);
  return fail(ErrorCode::unavailable, "rows can only be scanned where the store is");
}

}  // namespace llt::store

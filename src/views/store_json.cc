#include "views/store_json.h"

namespace llt::views {

using Json = nlohmann::ordered_json;

Result<Json> rows_of(store::Reader& reader, const std::string& sql, const store::QueryLimits& limits) {
  auto text = reader.query_text(sql, store::Format::json, limits);
  if (!text) return std::unexpected(std::move(text.error()));
  Json rows = Json::parse(*text, nullptr, false);
  if (!rows.is_array()) return fail(ErrorCode::internal, "the store answered with something else than rows");
  return rows;
}

std::string json_text(const Json& document) {
  return document.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace llt::views

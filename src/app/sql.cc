#include "app/sql.h"

#include <nlohmann/json.hpp>

namespace llt::app {

Result<nlohmann::ordered_json> query_rows(store::Reader& reader, std::string_view sql) {
  auto text = reader.query_text(sql, store::Format::json);
  if (!text) return std::unexpected(text.error());
  auto rows = nlohmann::ordered_json::parse(*text, nullptr, false);
  if (!rows.is_array()) return fail(ErrorCode::data_loss, "the store's answer is not a list of rows");
  return rows;
}

}  // namespace llt::app

#include "views/json_rows.h"

#include <fmt/format.h>

#include "store/reader.h"

namespace llt::views {
namespace {

const store::QueryLimits kLimits{.timeout_ms = 10'000};

}  // namespace

Result<Json> json_rows(store::Reader& reader, const std::string& sql) {
  auto text = reader.query_text(sql, store::Format::json, kLimits);
  if (!text) return std::unexpected(std::move(text.error()));
  Json rows = Json::parse(*text, nullptr, false);
  if (!rows.is_array()) return fail(ErrorCode::internal, "the store answered with something else than rows");
  return rows;
}

std::string json_text(const Json& document) {
  return document.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Reply json_reply(const Json& document) {
  Reply reply;
  reply.body = json_text(document);
  return reply;
}

Error bad_parameter(std::string_view name, std::string_view hint) {
  return {ErrorCode::invalid_argument, fmt::format("the parameter '{}' is not valid", name),
          std::string(hint)};
}

std::int64_t number_or_zero(const Json& row, std::string_view member) {
  const auto found = row.find(member);
  return found == row.end() || !found->is_number() ? 0 : found->get<std::int64_t>();
}

}  // namespace llt::views

#pragma once
// The columns of `requests`, and what can be computed from one row of it: what lists of requests may show,
// filter and sort by.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace llt::views {

/// What a list carries when nobody asks for more: what a row and its phases need, without bodies.
inline constexpr std::string_view kRequestColumns =
    "request_id, trace_id, start_unix_ns, route, operation, model, response_model, upstream, stream, "
    "http_status, "
    "error_type, error_message, total_ns, receive_ns, gateway_ns, connect_ns, queue_ns, prefill_ns, "
    "decode_ns, "
    "unattributed_ns, client_ns, ttft_ns, input_tokens, cached_tokens, output_tokens, finish_reason, slot, "
    "conversation_id";

enum class ColumnKind : std::uint8_t {
  text,
  integer,
  real,
  boolean,
  other,  ///< JSON and lists: shown, neither filtered by value nor sorted by
};

struct RequestColumn {
  std::string_view name;
  std::string_view sql;  ///< an expression over a row of `requests`
  ColumnKind kind;
  std::string_view unit;  ///< empty when it has none
  std::string_view description;
  bool nullable;
  bool listed;  ///< false: only in a request's detail, since it can be large or private
};

[[nodiscard]] std::span<const RequestColumn> request_columns();

/// nullptr when there is no such column.
[[nodiscard]] const RequestColumn* find_request_column(std::string_view name);

}  // namespace llt::views

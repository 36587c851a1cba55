#pragma once
// Requests as the page lists them, and one request with its phases and spans.

#include <string_view>

#include "views/reply.h"
#include "views/target.h"

namespace llt::store {
class Reader;
}

namespace llt::views {

/// `limit` (1 to 1000, default 100), `before` (start_unix_ns, exclusive), `model`, `route`, `errors=1`.
/// Newest first: `{"requests":[...],"next_before":N or null}`.
[[nodiscard]] Reply list_requests(store::Reader& reader, const Target& target);

/// `{"request":{...},"phases":[{"name","duration_ns"}],"spans":[...]}`; the newest request of that id.
[[nodiscard]] Reply describe_request(store::Reader& reader, std::string_view request_id);

/// A string literal of SQL.
[[nodiscard]] std::string sql_literal(std::string_view text);

}  // namespace llt::views

#pragma once
// Requests as the page lists them, and one request with its phases and spans.

#include <string_view>

#include "views/reply.h"
#include "views/target.h"

namespace llt::store {
class Reader;
}

namespace llt::views {

/// The parameters of request_filter.h. `{"requests":[...],"next":"..." or null,"next_before":N or
/// null,"sql":"..."}`: `sql` is the query that gave the rows.
[[nodiscard]] Reply list_requests(store::Reader& reader, const Target& target);

/// `{"request":{...},"phases":[{"name","duration_ns"}],"spans":[...]}`; the newest request of that id.
[[nodiscard]] Reply describe_request(store::Reader& reader, std::string_view request_id);

}  // namespace llt::views

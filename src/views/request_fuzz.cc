// What strangers send to the console: target, Host, Origin, Authorization and a query's body, one a line.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "base/sql_literal.h"
#include "views/access.h"
#include "views/query_api.h"
#include "views/recent_rows.h"
#include "views/request_filter.h"
#include "views/router.h"
#include "views/target.h"

namespace {

std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace llt::views;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::string_view target_line = take_line(rest);
  const std::string_view host = take_line(rest);
  const std::string_view origin = take_line(rest);
  const std::string_view key = take_line(rest);
  if (const auto target = Target::parse(target_line)) {
    LLT_CHECK(target->path.starts_with('/'));
    LLT_CHECK(target->path.find('\0') == std::string::npos);
    const Route route = route_of("GET", target->path);
    const std::string literal = llt::sql_literal(route.id);
    LLT_CHECK(literal.size() >= route.id.size() + 2);
    if (const auto page = parse_request_page(*target)) {
      LLT_CHECK(page->limit >= 1 && page->limit <= 1000);
      LLT_CHECK(page->where.find('\0') == std::string::npos);
    }
  }
  static const Access open({"127.0.0.1", 8081, {}}, {}, {});
  static const Access locked({"127.0.0.1", 8081, {}}, {}, {"secret"});
  (void)open.host_allowed(host);
  (void)Access::origin_allowed(origin, host);
  if (locked.key_allowed(key)) LLT_CHECK(key.size() == 13 && key.ends_with("secret"));
  if (const auto query = parse_query(rest, 1000, 5000)) {
    LLT_CHECK(query->limits.timeout_ms >= 1 && query->limits.timeout_ms <= 5000);
  }
  RecentRows rows(4);
  (void)rows.absorb(rest);
  (void)rows.all();
  return 0;
}

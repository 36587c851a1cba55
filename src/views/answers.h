#pragma once
// Answers that need no socket: refusals, and everything that is computed whole.

#include <string>
#include <string_view>

#include "views/console.h"
#include "views/reply.h"
#include "views/router.h"
#include "views/target.h"

namespace llt::views {

[[nodiscard]] Reply bad_target_reply();
[[nodiscard]] Reply header_too_large_reply();
[[nodiscard]] Reply body_too_large_reply();
/// `why` is the parser's word for what is wrong.
[[nodiscard]] Reply not_http_reply(std::string_view why);
/// With Retry-After.
[[nodiscard]] Reply too_many_reply(unsigned status, std::string what, std::string_view retry_after_s);

/// The answer of every resource but assets, queries and the live stream. May take milliseconds.
[[nodiscard]] Reply computed_reply(const Route& route, const Target& target, const Sources& sources);

}  // namespace llt::views

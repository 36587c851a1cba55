#pragma once
// Reading of the standard OTEL_* environment variables, by a function so that tests need no real environment.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace llt::telemetry {

/// Gives the value of a variable; nullopt when it is unset or empty (the specification treats both alike).
using Environment = std::function<std::optional<std::string>(std::string_view name)>;

/// The environment of this process.
[[nodiscard]] Environment process_environment();
[[nodiscard]] Environment fixed_environment(std::map<std::string, std::string, std::less<>> values);

/// Milliseconds, seconds and counts are plain integers in these variables. A value that is not a number is
/// logged and ignored, as the specification asks.
[[nodiscard]] std::int64_t integer_or(const Environment& environment, std::string_view name,
                                      std::int64_t fallback);
[[nodiscard]] bool is_true(const Environment& environment, std::string_view name);

/// "key=value,key2=value2", percent-decoded; keys and values are trimmed, malformed pairs are skipped.
[[nodiscard]] std::map<std::string, std::string> parse_pairs(std::string_view text);

}  // namespace llt::telemetry

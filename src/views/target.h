#pragma once
// The request target of HTTP: a path and the parameters after '?'.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace llt::views {

/// Longer ids of requests, traces and nodes are none of ours.
inline constexpr std::size_t kMaxIdBytes = 1024;

struct Target {
  std::string path;                                             ///< percent-decoded, begins with '/'
  std::vector<std::pair<std::string, std::string>> parameters;  ///< decoded, in the order given

  /// The first parameter of that name.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;

  /// "1" is true, "0" and absence are false, all else is nothing.
  [[nodiscard]] std::optional<bool> flag(std::string_view name) const;

  /// nullopt when the target is not in origin form, its escapes are broken, or a parameter other than
  /// `filter` stands there twice: an answer of 400.
  [[nodiscard]] static std::optional<Target> parse(std::string_view text);
};

/// A whole decimal number in [low, high]; nullopt for anything else.
[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view text, std::int64_t low,
                                                        std::int64_t high);

}  // namespace llt::views

#pragma once
// Keeps a log readable: of lines that say the same with other numbers, one a minute.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace llt::engine {

/// Pure; one thread. Remembers a bounded number of lines.
class RepeatFilter {
 public:
  static constexpr SteadyNs kQuietNs = 60'000'000'000;
  static constexpr std::size_t kMostShapes = 64;

  /// Whether to show `text`: how many like it were held back since the last one that was shown; nothing: hold
  /// this one back too.
  [[nodiscard]] std::optional<std::uint64_t> admit(std::string_view text, SteadyNs now);

 private:
  struct Seen {
    SteadyNs shown = 0;
    std::uint64_t held_back = 0;
  };
  std::map<std::string, Seen, std::less<>> seen_;  ///< by the text without its numbers
};

}  // namespace llt::engine

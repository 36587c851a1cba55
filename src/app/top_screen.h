#pragma once
// What `top` shows, as lines of text: pure, so that the terminal part stays small.

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/clock.h"

namespace llt::app {

/// What one refresh has fetched.
struct TopData {
  const nlohmann::ordered_json& status;   ///< the status document
  const nlohmann::ordered_json& figures;  ///< one row of the window's figures
  const nlohmann::ordered_json& seconds;  ///< rows {"second","requests"} of the window, oldest first
  const nlohmann::ordered_json& recent;   ///< the newest requests, newest first
  std::int64_t window_ns;
  UnixNs now;
};

/// At most `height` lines of at most `width` cells.
[[nodiscard]] std::vector<std::string> top_screen(const TopData& data, std::size_t width, std::size_t height);

/// One cell per value, "▁" to "█" of the largest; the last `cells` values.
[[nodiscard]] std::string sparkline(const std::vector<double>& values, std::size_t cells);

}  // namespace llt::app

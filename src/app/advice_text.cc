#include <fmt/format.h>

#include "app/advice.h"
#include "app/report_render.h"

namespace llt::app {

std::string advice_text(const nlohmann::ordered_json& advice) {
  std::string out;
  for (const auto& one : advice) {
    out += fmt::format("  {}\n", shown_text(one["what"]));
    if (const std::string action = shown_text(one["action"]); !action.empty())
      out += fmt::format("    do    {}\n", action);
    out += fmt::format("    seen  {}\n", shown_text(one["evidence"]));
  }
  return out;
}

}  // namespace llt::app

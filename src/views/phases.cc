#include "views/phases.h"

#include <fmt/format.h>

#include "base/duration_text.h"
#include "views/json_rows.h"

namespace llt::views {
namespace {

std::string detail(const Json& request, const Phase& phase, std::int64_t ns) {
  if (phase.name == "prefill" && number_or_zero(request, "input_tokens") > 0) {
    return fmt::format("{} prompt tokens, {} of them cached", number_or_zero(request, "input_tokens"),
                       number_or_zero(request, "cached_tokens"));
  }
  if (phase.name == "decode" && number_or_zero(request, "output_tokens") > 0) {
    const std::int64_t tokens = number_or_zero(request, "output_tokens");
    return fmt::format("{} tokens, {} each", tokens,
                       format_duration(static_cast<double>(ns) / static_cast<double>(tokens)));
  }
  return std::string(phase.meaning);
}

}  // namespace

std::optional<LongestPhase> longest_phase(const Json& request) {
  const std::int64_t total = number_or_zero(request, "total_ns");
  const Phase* longest = nullptr;
  std::int64_t most = 0;
  for (const Phase& phase : kPhases) {
    const std::int64_t ns = number_or_zero(request, phase.column);
    if (ns > most) {
      most = ns;
      longest = &phase;
    }
  }
  if (longest == nullptr || total <= 0) return std::nullopt;
  const double share = static_cast<double>(most) / static_cast<double>(total);
  const std::string more = detail(request, *longest, most);
  return LongestPhase{
      longest->name, share,
      fmt::format("{:.0f} % {}, {}{}{}", 100 * share, longest->name,
                  format_duration(static_cast<double>(most)), more.empty() ? "" : ": ", more)};
}

}  // namespace llt::views

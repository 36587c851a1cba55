#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/report_render.h"
#include "app/report_steps.h"
#include "app/units.h"

namespace llt::app {
namespace {

using Json = nlohmann::ordered_json;

std::string worst_text(const Json& worst) {
  const std::string who =
      worst["request_id"].is_null()
          ? fmt::format("a request in slot {}, none of ours or not provably one,", worst["slot"].dump())
          : "request " + shown_text(worst["request_id"]);
  const auto others = worst["held_up"].get<std::int64_t>();
  return fmt::format("{} ({}) held up {} other{} for {}{}", who,
                     counted(worst["prompt_tokens"].get<std::int64_t>(), "prompt token"), others,
                     others == 1 ? "" : "s", shown_ms(worst["longest_ms"]),
                     others == 1 ? "" : fmt::format(" at most, {} together", shown_ms(worst["total_ms"])));
}

}  // namespace

std::string engine_time_text(const Json& time) {
  if (time.is_null()) return "";
  double total = 0;
  for (std::string_view part : kEngineParts) total += time[fmt::format("{}_ms", part)].get<double>();
  const auto share = [&](std::string_view part) {
    const double ms = time[fmt::format("{}_ms", part)].get<double>();
    return shown_share(total > 0 ? Json(ms / total) : Json(nullptr));
  };
  std::string out = fmt::format(
      "of the time in the engine: {} queue, {} own prompts, {} own generation, {} others' prompts, {} "
      "others' "
      "generation, {} between steps ({} requests)\n",
      share("queue"), share("own_prefill"), share("own_decode"), share("others_prefill"),
      share("others_decode"), share("engine_gap"), time["requests"].dump());
  const Json& slow = time["p99_time_per_output_token"];
  if (!slow.is_null()) {
    out += fmt::format("p99 time per output token {}: {} of it other requests' prompts (request {})\n",
                       shown_ms(slow["tpot_ms"]), shown_ms(slow["others_prefill_ms"]),
                       shown_text(slow["request_id"]));
  }
  const Json& worst = time["worst_prompts"];
  for (std::size_t i = 0; i < worst.size(); ++i) {
    out += fmt::format("{}{}\n", i == 0 ? "worst: " : "       ", worst_text(worst[i]));
  }
  if (time["external_turns"] > 0) {
    out += fmt::format("{} prompts in the engine were none of ours, or not provably ours\n",
                       time["external_turns"].dump());
  }
  return out;
}

}  // namespace llt::app

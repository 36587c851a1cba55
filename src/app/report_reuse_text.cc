#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/report_render.h"
#include "app/report_reuse.h"

namespace llt::app {
namespace {

using Json = nlohmann::ordered_json;

std::string most_text(const Json& list, const auto& name) {
  std::string out;
  for (const Json& row : list) {
    out += fmt::format("{}{} {} of {}", out.empty() ? "" : ", ", name(row), row["recomputed_tokens"].dump(),
                       row["computed_tokens"].dump());
  }
  return out;
}

}  // namespace

std::string prompt_reuse_text(const Json& reuse) {
  if (reuse.is_null()) return "";
  std::string out = fmt::format(
      "{} tokens prefilled again for nothing: {} of the {} that were computed for {} prompts, {} of work\n",
      reuse["recomputed_tokens"].dump(), shown_share(reuse["recomputed_share"]),
      reuse["computed_tokens"].dump(), reuse["prompts"].dump(), shown_ms(reuse["recomputed_ms"]));
  out += fmt::format("from the cache came {} prompt tokens, {} could have\n", reuse["cached_tokens"].dump(),
                     reuse["cacheable_tokens"].dump());
  if (reuse["recomputed_tokens"] == 0) return out;
  const auto held = reuse["recomputed_held_tokens"].get<std::int64_t>();
  out += fmt::format(
      "of those computed again {} were in another slot's cache at that moment, {} in none any more\n", held,
      reuse["recomputed_tokens"].get<std::int64_t>() - held);
  const std::string conversations =
      most_text(reuse["by_conversation"], [](const Json& row) { return shown_text(row["conversation_id"]); });
  if (!conversations.empty()) out += "most by conversation: " + conversations + "\n";
  const std::string clients = most_text(reuse["by_client"], [](const Json& row) {
    return row["user_agent"].is_null()
               ? shown_text(row["client_address"])
               : shown_text(row["client_address"]) + " " + shown_text(row["user_agent"]);
  });
  if (!clients.empty()) out += "most by client: " + clients + "\n";
  return out;
}

}  // namespace llt::app

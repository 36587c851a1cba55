#include "app/analytics_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/source.h"
#include "app/sql.h"

namespace llt::app {

std::optional<std::uint64_t> planned_for_analytics(const Settings& settings, const std::string& gpu) {
  const bool number = !gpu.empty() && std::ranges::all_of(gpu, [](char c) { return c >= '0' && c <= '9'; });
  auto source = Source::make(settings);
  if (!number || !source || !(*source)->running()) return std::nullopt;
  const auto rows = query_rows(
      **source,
      fmt::format("SELECT memory_total_bytes AS total, planned_bytes AS planned FROM gpus WHERE gpu = {} "
                  "ORDER BY unix_ns DESC LIMIT 1",
                  gpu));
  if (!rows || rows->empty()) return std::nullopt;
  const auto& row = rows->front();
  if (!row.at("total").is_number_unsigned() || !row.at("planned").is_number_unsigned()) return std::nullopt;
  const auto total = row.at("total").get<std::uint64_t>(), planned = row.at("planned").get<std::uint64_t>();
  return total > planned ? total - planned : 0;
}

}  // namespace llt::app

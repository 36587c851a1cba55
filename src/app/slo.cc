#include "app/slo.h"

#include <fmt/format.h>

#include <array>

#include "app/units.h"

namespace llt::app {
namespace {

struct Limit {
  std::string_view name;
  std::optional<std::int64_t> Slo::*value;
  std::string_view sql;  ///< nanoseconds of a request
};

// A single token has no time between tokens: it keeps that limit.
constexpr std::array kLimits = {
    Limit{"ttft", &Slo::ttft_ns, "ttft_ns"},
    Limit{"tpot", &Slo::tpot_ns,
          "CASE WHEN output_tokens > 1 THEN decode_ns / (output_tokens - 1) WHEN output_tokens IS NOT NULL "
          "THEN 0 END"},
    Limit{"e2e", &Slo::e2e_ns, "total_ns"},
};

constexpr const char* kHint = "such as --slo ttft=500ms,tpot=50ms; the limits are ttft, tpot and e2e";

Result<> add_limit(std::string_view part, Slo& slo) {
  const std::size_t equals = part.find('=');
  for (const Limit& limit : kLimits) {
    if (equals == std::string_view::npos || part.substr(0, equals) != limit.name) continue;
    if (slo.*limit.value)
      return fail(ErrorCode::invalid_argument, fmt::format("{} stands there twice", limit.name), kHint);
    const auto ns = parse_duration(part.substr(equals + 1));
    if (!ns) return std::unexpected(ns.error());
    if (*ns <= 0)
      return fail(ErrorCode::invalid_argument, fmt::format("{} must be above 0", limit.name), kHint);
    slo.*limit.value = *ns;
    return {};
  }
  return fail(ErrorCode::invalid_argument, fmt::format("'{}' is no limit", part), kHint);
}

}  // namespace

Result<Slo> parse_slo(std::string_view text) {
  Slo slo;
  while (true) {
    const std::size_t comma = text.find(',');
    if (auto added = add_limit(text.substr(0, comma), slo); !added) return std::unexpected(added.error());
    if (comma == std::string_view::npos) return slo;
    text.remove_prefix(comma + 1);
  }
}

std::string slo_limit_sql(const Slo& slo, std::string_view name) {
  for (const Limit& limit : kLimits) {
    if (limit.name == name && slo.*limit.value)
      return fmt::format("(({}) <= {})", limit.sql, *(slo.*limit.value));
  }
  return "NULL::BOOLEAN";
}

std::string slo_sql(const Slo& slo) {
  std::string all = "TRUE";
  for (const Limit& limit : kLimits) {
    if (slo.*limit.value) all += " AND " + slo_limit_sql(slo, limit.name);
  }
  return fmt::format("(CASE WHEN error_type IS NOT NULL THEN FALSE ELSE {} END)", all);
}

}  // namespace llt::app

#pragma once
// Who held up whom inside the engine, for `report`: from the batch steps that the probe recorded.

#include <array>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "app/source.h"
#include "base/clock.h"
#include "base/error.h"

namespace llt::app {

/// The parts of a request's time in the engine, as `attribution` names them, in the order of the report.
inline constexpr std::array<std::string_view, 6> kEngineParts = {
    "queue", "own_prefill", "own_decode", "others_prefill", "others_decode", "engine_gap"};

/// The member `engine_time` of the report's document; null when no request's steps are known.
[[nodiscard]] Result<nlohmann::ordered_json> engine_time(Source& source, std::optional<UnixNs> since);

/// The same as sentences, one a line.
[[nodiscard]] std::string engine_time_text(const nlohmann::ordered_json& engine_time);

}  // namespace llt::app

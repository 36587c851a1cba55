#pragma once
// Prompt tokens that the engine computed although it had computed them before, for `report`.

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "app/source.h"
#include "base/clock.h"
#include "base/error.h"

namespace llt::app {

/// The member `prompt_reuse` of the report's document; null when no prompt's beginning is known.
[[nodiscard]] Result<nlohmann::ordered_json> prompt_reuse(Source& source, std::optional<UnixNs> since);

/// The same as sentences, one a line.
[[nodiscard]] std::string prompt_reuse_text(const nlohmann::ordered_json& reuse);

}  // namespace llt::app

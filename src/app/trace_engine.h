#pragma once
// What the requests of a trace waited for inside the engine, step by step, for `trace`.

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "app/source.h"
#include "base/error.h"

namespace llt::app {

/// One entry for each request of the trace whose steps are known; an empty array without any.
[[nodiscard]] Result<nlohmann::ordered_json> trace_engine(Source& source, const std::string& trace_id);

/// The same for people.
[[nodiscard]] std::string trace_engine_text(const nlohmann::ordered_json& engine);

}  // namespace llt::app

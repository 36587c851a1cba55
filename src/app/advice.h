#pragma once
// What the recorded steps and requests say should be set otherwise. Nothing is advised without figures;
// thresholds and why: docs/attribution.md.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "app/source.h"
#include "base/clock.h"
#include "base/error.h"

namespace llt::app {

struct Advice {
  std::string
      topic;  ///< stable name for scripts: "batch_size", "slots", "context", "cache_reuse", "cache_ram", ...
  std::string what;                                                   ///< what is wrong, a sentence
  std::string action;                                                 ///< what to do
  std::string evidence;                                               ///< what it rests on, in words
  nlohmann::ordered_json numbers = nlohmann::ordered_json::object();  ///< the same for programs
};

/// Over what began after `since`.
[[nodiscard]] Result<std::vector<Advice>> advise(Source& source, std::optional<UnixNs> since);

/// Signs of a sick engine that were seen after `since`, the last of each kind.
[[nodiscard]] Result<std::vector<Advice>> engine_sickness(Source& source, std::optional<UnixNs> since);

/// [{"topic","what","action","evidence","numbers"}].
[[nodiscard]] nlohmann::ordered_json advice_json(const std::vector<Advice>& advice);
[[nodiscard]] std::string advice_text(const nlohmann::ordered_json& advice);

}  // namespace llt::app

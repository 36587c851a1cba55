#pragma once
// Reads what servers answer about themselves: /props, /v1/models, /slots, /metrics and the like. Pure; bad
// input gives an empty result, never an exception.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/snapshot.h"

namespace llt::engine {

struct Props {
  std::string model_path, model_alias, quantization, build, commit;
  std::optional<std::int64_t> context_tokens, slots;
  bool has_slots_endpoint = false, has_metrics_endpoint = false;
};
/// llama-server's /props. Unset when it is not that.
[[nodiscard]] std::optional<Props> parse_props(std::string_view json);

struct ModelList {
  std::vector<std::string> names;  ///< ids, then aliases; no duplicates
  std::string first_id;
  std::string owned_by, quantization;
};
/// An OpenAI model list. Unset when it is not that.
[[nodiscard]] std::optional<ModelList> parse_models(std::string_view json);

/// How many entries of /slots are processing a request.
struct SlotCounts {
  std::int64_t total = 0, busy = 0;
};
[[nodiscard]] std::optional<SlotCounts> parse_slots(std::string_view json);

/// The first sample of `name` in Prometheus text, whatever its labels.
[[nodiscard]] std::optional<double> metric_value(std::string_view text, std::string_view name);

/// "version" of vLLM's /version or SGLang's server info; empty when there is none.
[[nodiscard]] std::string parse_version(std::string_view json);
/// True when the document is a JSON object that has this member.
[[nodiscard]] bool has_member(std::string_view json, std::string_view name);

/// "b6000-abcdef1" -> build "b6000", commit "abcdef1"; the placeholders of a build without git are left out.
void split_build_info(std::string_view info, std::string& build, std::string& commit);

}  // namespace llt::engine

#pragma once
// What a JSON request body asks for, and the edits that make the answer measurable.

#include <cstddef>
#include <optional>
#include <string>

#include "gateway/routes.h"
#include "gateway/upstream.h"
#include "telemetry/request_record.h"

namespace llt::gateway {

/// Positions are byte offsets into the inspected body.
struct InspectedBody {
  bool is_object = false;  ///< false: not JSON; nothing else is filled and nothing is edited
  telemetry::RequestParameters parameters;
  std::size_t object_start = 0;  ///< just past the opening brace
  bool object_empty = true;
  std::optional<bool> return_progress;  ///< as the client set it
  std::optional<bool> include_usage;
  std::optional<std::size_t> stream_options_start;  ///< just past its opening brace
  bool stream_options_empty = true;
  std::size_t include_usage_at = 0, include_usage_size = 0;  ///< the literal, when present
  bool sets_verbose = false;  ///< `verbose` or `response_fields` is in it: what they do is the client's
};

/// Never fails: members of a wrong type are left out, damaged JSON gives is_object = false. `body` must
/// have SIMDJSON_PADDING bytes of capacity beyond its size. Any thread (one parser per thread).
[[nodiscard]] InspectedBody inspect_request(const std::string& body);

/// What was added to a request and must not show in its answer.
struct Injected {
  bool progress = false;
  bool usage = false;
  bool slot = false;

  [[nodiscard]] bool any() const noexcept { return progress || usage || slot; }
};

/// Adds `return_progress` (llama.cpp) or `stream_options.include_usage` (others) to a streamed request that
/// lacks it; with `ask_slot` also what makes llama-server name the slot. Returns what was added.
Injected make_measurable(std::string& body, const InspectedBody& inspected, const Route& route,
                         Dialect dialect, bool ask_slot = false);

}  // namespace llt::gateway

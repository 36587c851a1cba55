#pragma once
// The document of `status --json` and of the console's /api/v1/status.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "app/engine_board.h"
#include "app/engine_plan.h"
#include "gateway/upstream.h"
#include "gpus/gpus.h"
#include "store/store.h"
#include "telemetry/telemetry.h"

namespace llt::app {

/// The rows of StatusInputs::losses_json.
inline constexpr std::string_view kLossesSql =
    "SELECT name, severity, count, run_count FROM losses ORDER BY name";

struct StatusInputs {
  std::string version, gateway_url, console_url, data;
  std::string otlp_http_url, otlp_grpc_url;  ///< empty: nothing is received there
  std::int64_t pid = 0;
  UnixNs started_unix_ns = 0;
  std::vector<NamedSnapshot> engines;
  const gateway::UpstreamSet* upstreams = nullptr;
  const telemetry::LiveCounts* live = nullptr;
  store::Health store;
  std::string losses_json;  ///< array of rows of the table `losses`; empty when it could not be read
  gpus::GpuList gpus;
  std::vector<telemetry::GpuState> gpu_states;  ///< the newest readings; empty without
  const EnginePlan* plan = nullptr;             ///< null when attached
};

/// Unknown values are null.
[[nodiscard]] std::string running_status(const StatusInputs& inputs);

/// The same document when nothing runs: engine.state is "stopped".
[[nodiscard]] std::string stopped_status(const std::string& version, const std::string& data,
                                         const std::string& losses_json, const gpus::GpuList& gpus);

}  // namespace llt::app

#pragma once
// The options of `up`, typed and checked against each other.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/settings.h"
#include "base/endpoint.h"
#include "base/error.h"
#include "placement/planner.h"

namespace llt::app {

enum class ProbeMode : std::uint8_t { off, on, automatic };

/// Where spans of others are received.
struct OtlpListen {
  std::optional<Endpoint> endpoint;  ///< nothing: off
  bool asked_for = false;            ///< otherwise it is the default, and gives way to whoever has the port
};

struct UpOptions {
  // The engine: either ours (upstreams is empty) or other people's.
  std::optional<std::filesystem::path> model, llama_server;
  std::string placement;  ///< "split", "dual", "single"; empty: auto
  std::vector<double> tensor_split;
  placement::AnalyticsWish analytics;
  std::optional<std::int64_t> context_tokens;
  std::optional<int> parallel;
  std::optional<placement::FlashAttention> flash_attention;
  ProbeMode probe = ProbeMode::automatic;
  std::vector<std::string> engine_arguments;  ///< behind "--"
  std::vector<BaseUrl> upstreams;

  Endpoint listen, console;
  OtlpListen otlp_http, otlp_grpc;
  std::vector<std::string> api_keys;  ///< empty: no key is asked for
  bool insecure = false;
  bool capture_content = false;
  std::int64_t upstream_timeout_ns = 0, drain_timeout_ns = 0;

  double gpu_rate = 0;  ///< readings of each GPU a second; 0: none

  std::filesystem::path data;
  std::int64_t retention_ns = 0;
  std::uint64_t store_max_bytes = 0;
};

/// Every error is the user's to mend: exit code 2.
[[nodiscard]] Result<UpOptions> parse_up_options(const Settings& settings);

/// --data, or its default.
[[nodiscard]] std::filesystem::path data_folder(const Settings& settings);

/// The keys of --api-key-file: one a line, empty lines and lines that begin with # skipped. Empty when the
/// option is not given; a file without a key is an error.
[[nodiscard]] Result<std::vector<std::string>> read_api_keys(const Settings& settings);

}  // namespace llt::app

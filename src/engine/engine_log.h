#pragma once
// Reads llama-server's output: what it says of itself, and what it said last. Pure; any input is fine.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace llt::engine {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

struct LogLine {
  LogLevel level = LogLevel::info;
  bool has_level = false;  ///< the line carried one
  std::string text;        ///< without time, level and colour
};

/// Understands "0.00.001.147 I srv  ...", the older "I srv ..." and bare lines.
[[nodiscard]] LogLine parse_log_line(std::string_view line);

/// What one process said of itself so far. Strings are empty and optionals unset while it said nothing.
struct LogFacts {
  std::string architecture, quantization, build, commit;
  std::string backend;                  ///< e.g. "CPU zen4" or "CUDA"
  std::optional<bool> flash_attention;  ///< off if any of its contexts runs without
  std::optional<std::int64_t> context_tokens, slots, threads;
  bool model_loaded = false;
};

/// Takes facts out of one line (of any llama.cpp release that words it in a known way) into `facts`.
void read_log_facts(std::string_view text, LogFacts& facts);

}  // namespace llt::engine

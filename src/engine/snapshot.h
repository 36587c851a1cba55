#pragma once
// What is known of one engine at one moment, and the events of its life.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace llt::engine {

enum class State : std::uint8_t {
  starting,    ///< the process exists, or is about to; nothing answers yet
  loading,     ///< it answers, the model is not there yet
  ready,       ///< requests can be served
  restarting,  ///< it died or hung and waits for its back-off to pass
  draining,    ///< we were asked to stop; running requests end
  stopped,     ///< ended because we asked for it
  failed,      ///< ended for good: the first start failed, or too many restarts
  down,        ///< attached servers only: it does not answer
};
[[nodiscard]] std::string_view to_string(State state) noexcept;

/// Which server it is. Decides which extensions the gateway may use.
enum class Kind : std::uint8_t { llama_cpp, vllm, sglang, openai };
[[nodiscard]] std::string_view to_string(Kind kind) noexcept;

/// A copy; strings are empty and optionals unset when unknown.
struct Snapshot {
  State state = State::starting;
  Kind kind = Kind::openai;
  std::int64_t pid = 0;                 ///< 0: no process of ours
  std::int64_t restarts = 0;            ///< restarts after a crash or hang, since we started
  UnixNs started = 0;                   ///< when this process was started; 0: attached, not ours
  UnixNs ready_since = 0;               ///< when it last became ready; 0: it is not
  std::optional<double> load_progress;  ///< 0 to 1 while loading

  std::string model;                ///< the name it answers to
  std::vector<std::string> models;  ///< ids and aliases of /v1/models
  std::string model_path, architecture, quantization;
  std::string build, commit;  ///< "b5000" and "a1b2c3d"; other servers: their version in `build`
  std::string backend;        ///< the compute devices as the engine named them, e.g. "CPU (haswell)"
  std::optional<bool> flash_attention;  ///< as the engine reported it, not as it was asked for
  std::optional<std::int64_t> context_tokens, slots, slots_busy, requests_deferred;
  std::optional<std::int64_t> threads;

  std::string error;                    ///< the last failure: one sentence and what to do
  std::vector<std::string> last_words;  ///< the engine's last output lines at that failure

  friend bool operator==(const Snapshot&, const Snapshot&) = default;
};

/// Something that happened to an engine. `kind` is one of start, loading, ready, crash, hang, restart,
/// give_up, stop, up, down.
struct Event {
  UnixNs at = 0;
  std::string kind;
  std::string message;
  std::map<std::string, std::string> attributes;  ///< pid, exit_code, signal, restarts, ...
};

}  // namespace llt::engine

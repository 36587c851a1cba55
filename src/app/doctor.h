#pragma once
// What on this machine would spoil the measurements or the speed, each with what to do about it.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace llt::app {

enum class Severity : std::uint8_t { ok, note, warning, problem };

struct Finding {
  std::string topic;  ///< stable name for scripts: "threads", "gpu", "flash_attention", ...
  Severity severity = Severity::ok;
  std::string what;      ///< one sentence
  std::string why;       ///< why it matters; empty for ok
  std::string action;    ///< what to do; empty for ok
  std::string evidence;  ///< the numbers it rests on
};

struct DoctorRequest {
  std::filesystem::path data;                         ///< --data
  std::optional<std::filesystem::path> llama_server;  ///< --llama-server
  std::optional<std::filesystem::path> model;         ///< --model
  std::optional<Error> silent;                        ///< why a running instance did not say how it is
  std::vector<Finding> seen;                          ///< what the store already says of the engine
  std::string status_json;  ///< /api/v1/status of the running instance; empty when nothing runs
};

/// Looks at the machine, the engine and the running instance. Takes about a second (two samples of the
/// clocks); starts llama-server for a moment to see that it runs. Changes nothing.
[[nodiscard]] std::vector<Finding> examine(const DoctorRequest& request);

/// For a terminal, worst first.
[[nodiscard]] std::string render_findings_text(const std::vector<Finding>& findings, bool colour);

/// One document: {"findings":[{"topic","severity","what","why","action","evidence"}],"worst":"warning"}.
[[nodiscard]] std::string render_findings_json(const std::vector<Finding>& findings);

}  // namespace llt::app

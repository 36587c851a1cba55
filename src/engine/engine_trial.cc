#include "engine/engine_trial.h"

#include "engine/child_process.h"
#include "engine/diagnosis.h"
#include "engine/output_reader.h"

namespace llt::engine {

Result<Trial> try_engine(const std::filesystem::path& binary, int timeout_ms,
                         std::map<std::string, std::string> environment) {
  environment["LLAMA_ARG_LOG_VERBOSITY"] = "4";
  auto child = ChildProcess::spawn({binary, {"--list-devices"}, std::move(environment)});
  if (!child) return std::unexpected(child.error());
  OutputReader output((*child)->output_fd());
  const auto status = (*child)->wait_exit(timeout_ms, -1);
  output.finish();
  if (!status) return fail(ErrorCode::timeout, binary.string() + " did not list its devices in time");
  const auto lines = output.lines();
  Circumstances around;
  around.binary = binary;
  if (status->signaled || status->value == 127) return std::unexpected(diagnose_exit(*status, lines, around));
  Trial trial;
  trial.backends = output.facts().backend;
  bool listing = false;
  for (const auto& line : lines) {
    // Devices are indented. The log, which another thread writes, may come in between.
    const std::size_t begin = line.text.find_first_not_of(' ');
    const bool indented = begin != 0 && begin != std::string::npos;
    if (listing && indented && line.text.find("(none)") == std::string::npos)
      trial.devices.push_back(line.text.substr(begin));
    if (line.text.starts_with("Available devices")) listing = true;
  }
  return trial;
}

}  // namespace llt::engine

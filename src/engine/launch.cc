#include "engine/launch.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "engine/diagnosis.h"
#include "engine/machine.h"
#include "engine/model_check.h"
#include "gpus/gpus.h"

namespace llt::engine {
namespace {

bool passed(const Request& request, std::initializer_list<std::string_view> names) {
  return std::any_of(request.passed_on.begin(), request.passed_on.end(), [&](const std::string& argument) {
    return std::find(names.begin(), names.end(), argument) != names.end();
  });
}

void add(Launch& launch, std::string name, std::string value) {
  launch.arguments.push_back(std::move(name));
  launch.arguments.push_back(std::move(value));
}

// One HTTP thread of llama-server serves one connection, kept or busy. A connection beyond its free threads
// can wait until another one ends (seconds, seen on an H200), so there are more of them than connections; a
// thread that waits costs next to nothing.
constexpr int kHttpThreads = 512;

void add_arguments(const Request& request, Launch& launch) {
  add(launch, "--model", launch.model.string());
  add(launch, "--host", launch.socket->path().string());
  if (!passed(request, {"-t", "--threads"})) add(launch, "--threads", std::to_string(launch.threads));
  if (!passed(request, {"--threads-http"})) add(launch, "--threads-http", std::to_string(kHttpThreads));
  if (!passed(request, {"-a", "--alias"})) add(launch, "--alias", launch.model.stem().string());
  launch.arguments.emplace_back("--metrics");
  if (!passed(request, {"--no-slots"})) launch.arguments.emplace_back("--slots");
  launch.arguments.insert(launch.arguments.end(), request.flags.begin(), request.flags.end());
  launch.arguments.insert(launch.arguments.end(), request.passed_on.begin(), request.passed_on.end());
}

// The placement's CUDA_VISIBLE_DEVICES is per process: a card that it does not name gets no CUDA context of
// the engine's.
void add_environment(const Request& request, Launch& launch) {
  // Newer releases say at this level, and only there, which CPU library they took and whether FlashAttention
  // is on. Older ones do not know the variable and say it anyway.
  if (std::getenv("LLAMA_ARG_LOG_VERBOSITY") == nullptr) launch.environment["LLAMA_ARG_LOG_VERBOSITY"] = "4";
  for (const auto& [name, value] : request.environment) launch.environment[name] = value;
  // A crash would otherwise first be taken apart by a debugger, where there is one: ten seconds without
  // service.
  if (std::getenv("GGML_NO_BACKTRACE") == nullptr) launch.environment["GGML_NO_BACKTRACE"] = "1";
  // So that "0" means the same card to CUDA as to NVML.
  if (std::getenv("CUDA_DEVICE_ORDER") == nullptr) launch.environment["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID";
}

void warn_about_memory(const gpus::GpuList& gpus, std::uint64_t model_bytes, Launch& launch) {
  if (!gpus.gpus.empty()) return;  // then llama-server fits itself into the cards' memory
  const auto memory = memory_budget();
  if (memory.available_bytes == 0 || model_bytes <= memory.available_bytes) return;
  launch.warnings.push_back(fmt::format(
      "the model file has {} but only {} of memory are available{}: it may be killed, or run from "
      "disk and be very slow",
      human_bytes(model_bytes), human_bytes(memory.available_bytes),
      memory.limited_by_cgroup ? " (limit of the container)" : ""));
}

void warn_about_threads(const CpuBudget& cpus, Launch& launch) {
  if (launch.threads >= cpus.logical && cpus.logical > 1) {
    launch.warnings.push_back(fmt::format(
        "{} engine threads on {} CPUs leave no room for the gateway: its workers spin, and a step can "
        "become many times slower",
        launch.threads, cpus.logical));
  }
}

// What stands behind "-t" or "--threads" in the arguments that are passed on.
std::optional<int> passed_threads(const Request& request) {
  const auto& arguments = request.passed_on;
  for (std::size_t i = 0; i + 1 < arguments.size(); ++i) {
    if (arguments[i] != "-t" && arguments[i] != "--threads") continue;
    const int value = std::atoi(arguments[i + 1].c_str());
    if (value > 0) return value;
  }
  return std::nullopt;
}

}  // namespace

Endpoint Launch::endpoint() const { return Endpoint{{}, 0, socket->path().string()}; }

std::string Launch::to_string() const {
  std::string text;
  for (const auto& [name, value] : environment) text.append(name).append("=").append(value).append(" ");
  text += binary.string();
  for (const auto& argument : arguments) {
    const bool plain =
        argument.find_first_of(" \t\n\"'\\$`*?&|;<>()") == std::string::npos && !argument.empty();
    text += plain ? " " + argument : " '" + argument + "'";
  }
  return text;
}

bool Launch::say_flash_attention_by_variable(const std::string& refused) {
  const auto flag = std::ranges::find(arguments, "--flash-attn");
  if (flag == arguments.end() || flag + 1 == arguments.end() || flag[1] != refused) return false;
  environment["LLAMA_ARG_FLASH_ATTN"] = refused == "on" ? "1" : refused == "off" ? "0" : refused;
  arguments.erase(flag, flag + 2);
  return true;
}

Result<Launch> plan_launch(const Request& request) {
  Launch launch;
  auto binary = find_engine(request.binary);
  if (!binary) return std::unexpected(binary.error());
  launch.binary = *binary;
  auto model = find_model(request.model);
  if (!model) return std::unexpected(model.error());
  launch.model = *model;
  const auto model_bytes = check_model_file(launch.model);
  if (!model_bytes) return std::unexpected(model_bytes.error());

  const auto cpus = cpu_budget();
  launch.threads = passed_threads(request).value_or(request.threads.value_or(default_engine_threads(cpus)));
  warn_about_threads(cpus, launch);
  auto socket = PrivateSocket::create();
  if (!socket) return std::unexpected(socket.error());
  launch.socket = *socket;
  const auto gpus = gpus::list_gpus();
  warn_about_memory(gpus, *model_bytes, launch);
  add_arguments(request, launch);
  add_environment(request, launch);
  return launch;
}

}  // namespace llt::engine

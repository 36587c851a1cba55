// Examinations of the engine, the GPUs, and the running instance.

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/doctor_checks.h"
#include "app/units.h"
#include "engine/elf_needed.h"
#include "engine/engine_trial.h"
#include "engine/launch.h"
#include "engine/machine.h"
#include "engine/model_check.h"
#include "gpus/gpus.h"

namespace llt::app {
namespace {

namespace fs = std::filesystem;
std::string text_of(const nlohmann::json& object, const char* name) {
  const auto at = object.find(name);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

std::optional<std::int64_t> number_of(const nlohmann::json& object, const char* name) {
  const auto at = object.find(name);
  return at != object.end() && at->is_number_integer() ? std::optional(at->get<std::int64_t>())
                                                       : std::nullopt;
}

void read_losses(const nlohmann::json& document, RunningEngine& engine) {
  const auto losses = document.find("losses");
  if (losses == document.end() || !losses->is_array()) return;
  for (const auto& loss : *losses) {
    if (!loss.is_object()) continue;
    engine.losses.push_back({text_of(loss, "name"), text_of(loss, "severity"),
                             number_of(loss, "run_count").value_or(number_of(loss, "count").value_or(0))});
  }
}

bool cpu_has(const std::string& flag) {
  const auto info = engine::read_small_file("/proc/cpuinfo");
  const auto flags = info.find("\nflags");
  if (flags == std::string::npos) return false;
  const auto line = info.substr(flags, info.find('\n', flags + 1) - flags) + " ";
  return line.find(" " + flag + " ") != std::string::npos;
}

double load_average() {
  const auto text = engine::read_small_file("/proc/loadavg");
  return std::strtod(text.c_str(), nullptr);
}

Finding check_probe(const fs::path& binary) {
  const auto shared = engine::uses_shared_library(binary, "libllama.so");
  if (shared == true)
    return all_well("probe", "llama-server uses a shared libllama, so its batch steps can be observed.",
                    binary);
  return {"probe",
          Severity::note,
          shared ? "llama-server has libllama built in."
                 : "llama-server is not an ELF program, perhaps a script.",
          "What happens inside a batch step cannot be observed; requests and their phases can.",
          "Build llama.cpp with shared libraries (-DBUILD_SHARED_LIBS=ON, the default); scripts/run does.",
          binary};
}

// The CPU library that was, or would be, loaded, against what the CPU can do.
Finding check_cpu_library(const std::string& backends) {
  const bool avx2 = cpu_has("avx2");
  const bool avx512 = cpu_has("avx512f");
  const auto evidence = fmt::format(
      "CPU has{}{}{}; llama-server took: {}", avx2 ? " AVX2" : "", avx512 ? " AVX-512" : "",
      avx2 || avx512 ? "" : " neither AVX2 nor AVX-512", backends.empty() ? "not said" : backends);
  const auto took = [&backends](std::initializer_list<const char*> names) {
    return std::any_of(names.begin(), names.end(),
                       [&](const char* name) { return backends.find(name) != std::string::npos; });
  };
#if defined(__x86_64__)
  if (!avx2) {
    return {"cpu",
            Severity::warning,
            "This CPU has no AVX2.",
            "Inference on it is several times slower than on newer ones.",
            "Use a newer machine, or a GPU.",
            evidence};
  }
  if (took({"sse42", "x64", "sandybridge", "ivybridge", "piledriver"})) {
    return {"cpu",
            Severity::warning,
            "llama-server uses a CPU library for an older CPU than this one.",
            "Inference is several times slower than it could be.",
            "Build llama.cpp with -DGGML_CPU_ALL_VARIANTS=ON -DGGML_BACKEND_DL=ON; scripts/run does.",
            evidence};
  }
#endif
  if (backends.empty()) {
    return {"cpu",
            Severity::note,
            "It is not known for which CPU llama-server was built.",
            "One that is built for an older CPU is slow, one for a newer CPU crashes.",
            "Build llama.cpp with -DGGML_CPU_ALL_VARIANTS=ON -DGGML_BACKEND_DL=ON; scripts/run does.",
            evidence};
  }
  return all_well("cpu", "llama-server uses a CPU library that fits this CPU.", evidence);
}

std::string gpu_lines(const gpus::GpuList& list) {
  std::string text = "driver " + list.driver_version;
  for (const auto& gpu : list.gpus) {
    text += fmt::format("; GPU {} {} ({} of {} used, {} processes)", gpu.index, gpu.name,
                        format_size(gpu.memory_used_bytes), format_size(gpu.memory_total_bytes),
                        gpu.processes.size());
  }
  return text;
}

Finding check_gpu(const std::string& backends) {
  const auto list = gpus::list_gpus();
  const auto is_nvidia = [](const gpus::Gpu& gpu) { return gpu.vendor == gpus::Vendor::nvidia; };
  if (std::ranges::none_of(list.gpus, is_nvidia)) {
    return {"gpu",
            Severity::note,
            "No NVIDIA GPU: models run on the CPU.",
            "They are ten to a hundred times slower there.",
            "On a machine with a GPU, install its driver and check with nvidia-smi.",
            list.problem.empty() ? "the driver lists none" : list.problem};
  }
  if (!backends.empty() && backends.find("CUDA") == std::string::npos) {
    return {
        "gpu",
        Severity::problem,
        "There is a GPU, but llama-server runs without CUDA.",
        "The model runs on the CPU, ten to a hundred times slower.",
        "Build llama.cpp with -DGGML_CUDA=ON (scripts/run does), or give such a build with --llama-server.",
        gpu_lines(list) + "; back ends: " + backends};
  }
  return all_well("gpu", "There is a GPU that llama-server can use.", gpu_lines(list));
}

}  // namespace

RunningEngine read_status(const std::string& status_json) {
  RunningEngine engine;
  const auto document = nlohmann::json::parse(status_json, nullptr, false);
  if (!document.is_object()) return engine;
  engine.running = true;
  if (const auto at = document.find("engine"); at != document.end() && at->is_object()) {
    engine.state = text_of(*at, "state");
    engine.kind = text_of(*at, "kind");
    engine.model_path = text_of(*at, "model_path");
    engine.backend = text_of(*at, "backend");
    engine.error = text_of(*at, "error");
    engine.threads = number_of(*at, "threads");
    engine.restarts = number_of(*at, "restarts");
    const auto flash = text_of(*at, "flash_attention");
    if (flash == "on" || flash == "off") engine.flash_attention = flash == "on";
  }
  if (const auto at = document.find("store"); at != document.end() && at->is_object()) {
    engine.store_state = text_of(*at, "state");
    engine.store_message = text_of(*at, "message");
  }
  read_losses(document, engine);
  return engine;
}

Finding check_threads(const RunningEngine& running) {
  const auto cpus = engine::cpu_budget();
  const auto threads = running.threads.value_or(engine::default_engine_threads(cpus));
  const double load = load_average();
  const auto evidence = fmt::format(
      "{} {} engine thread{}; {} CPUs, {} cores{}; load average {:.1f}",
      running.threads ? "running with" : "would start", threads, threads == 1 ? "" : "s", cpus.logical,
      cpus.physical, cpus.quota ? fmt::format(", quota of {:.1f} CPUs", *cpus.quota) : std::string(), load);
  constexpr const char* kWhy =
      "llama.cpp's threads spin while they wait for each other. With one too many, each step waits for a "
      "time slice: a "
      "decode step of 36 ms took 3 s that way.";
  const int usable = cpus.quota ? std::max(1, static_cast<int>(*cpus.quota)) : cpus.logical;
  if (threads > usable || (threads == usable && usable > 1)) {
    return {"threads",
            threads > usable ? Severity::problem : Severity::warning,
            threads > usable ? "The engine has more threads than there are CPUs."
                             : "The engine's threads take every CPU.",
            kWhy,
            fmt::format("Start it with fewer: up ... -- --threads {}", engine::default_engine_threads(cpus)),
            evidence};
  }
  // The engine's own threads are part of the load while it works; beyond that, somebody else competes.
  if (load > static_cast<double>(cpus.logical) + 0.5) {
    return {"threads",
            Severity::warning,
            "The machine has more to do than it has CPUs.",
            kWhy,
            "Stop other programs while you measure, or give the engine fewer threads.",
            evidence};
  }
  return all_well("threads", "The engine's threads leave room for the gateway.", evidence);
}

std::vector<Finding> check_engine(const DoctorRequest& request, const RunningEngine& running) {
  const auto binary = engine::find_engine(request.llama_server);
  if (!binary) {
    return {{"engine", Severity::problem, binary.error().message + ".", "Without it only --upstream works.",
             binary.error().hint + ".", ""},
            check_gpu(running.backend)};
  }
  constexpr int kTrialMs = 15'000;  // CUDA takes seconds to start on some machines
  const auto trial = engine::try_engine(*binary, kTrialMs);
  if (!trial) {
    return {{"engine", Severity::problem, trial.error().message + ".", "It cannot serve anything.",
             trial.error().hint + ".", binary->string()},
            check_gpu(running.backend)};
  }
  const std::string backends = running.backend.empty() ? trial->backends : running.backend;
  return {all_well("engine", "llama-server is there and runs.", binary->string()),
          check_cpu_library(backends), check_gpu(backends), check_probe(*binary)};
}

Finding check_flash_attention(const RunningEngine& running) {
  if (running.flash_attention == true) {
    return all_well("flash_attention", "FlashAttention is on.", "as the running engine reported it");
  }
  if (running.flash_attention == false) {
    return {
        "flash_attention",
        Severity::warning,
        "FlashAttention is off.",
        "Attention needs more memory and time, most of all with long contexts, and the KV cache cannot be "
        "quantised.",
        "Start with --flash-attn auto or on; if the model or GPU does not support it, nothing can be done.",
        "as the running engine reported it"};
  }
  return {"flash_attention",
          Severity::note,
          "It is not known whether FlashAttention is on.",
          "Without it attention needs more memory and time.",
          running.running ? "The engine does not tell; a llama-server that llamatelemetry starts itself does."
                          : "Ask again while llamatelemetry up runs.",
          running.running ? "engine state " + (running.state.empty() ? "unknown" : running.state)
                          : "nothing runs"};
}

Finding check_memory(const DoctorRequest& request, const RunningEngine& running) {
  const auto memory = engine::memory_budget();
  const auto available = fmt::format("{} of {} available{}", format_size(memory.available_bytes),
                                     format_size(memory.total_bytes),
                                     memory.limited_by_cgroup ? " (limit of the container)" : "");
  const auto model =
      running.model_path.empty() ? engine::find_model(request.model) : fs::path(running.model_path);
  if (!model)
    return all_well("memory", "No model is chosen, so there is nothing to compare memory with.", available);
  const auto bytes = engine::check_model_file(*model);
  if (!bytes) {
    // An attached server may have its model on another machine.
    if (running.running) return all_well("memory", "The model's file is not on this machine.", available);
    return {"memory",
            Severity::problem,
            bytes.error().message + ".",
            "It cannot be loaded.",
            bytes.error().hint + ".",
            available};
  }
  const auto evidence = fmt::format("model {}, {}", format_size(*bytes), available);
  if (running.running || !gpus::list_gpus().gpus.empty() || *bytes <= memory.available_bytes) {
    return all_well("memory", "The model fits into memory.", evidence);
  }
  return {"memory",
          Severity::problem,
          "The model is larger than the memory that is available.",
          "The kernel would kill the engine, or it would run from disk.",
          "Use a smaller model or quantisation, or stop what else uses memory.",
          evidence};
}

namespace {

// The counters above zero, of severity `info` or of the others.
std::string losses_text(const RunningEngine& running, bool info) {
  std::string text;
  for (const auto& loss : running.losses) {
    if (loss.count > 0 && (loss.severity == "info") == info)
      text += fmt::format("{}{} {} ({})", text.empty() ? "" : ", ", loss.count, loss.name, loss.severity);
  }
  return text;
}

}  // namespace

std::vector<Finding> check_instance(const DoctorRequest& request, const RunningEngine& running) {
  if (request.silent) {
    return {{"instance", Severity::warning,
             "The running instance is not examined: " + request.silent->message + ".",
             "Its engine, its store and what it lost may have trouble that is not seen here.",
             request.silent->hint, ""}};
  }
  if (!running.running) return {all_well("instance", "Nothing runs with this data folder.")};
  std::vector<Finding> findings;
  const bool failing = running.state == "failed" || running.state == "down" || running.state == "restarting";
  if (failing) {
    findings.push_back({"instance", Severity::problem, "The engine is " + running.state + ".",
                        "No request can be served.",
                        running.error.empty() ? "See the log of llamatelemetry up." : running.error, ""});
  } else if (running.restarts.value_or(0) > 0) {
    findings.push_back({"instance", Severity::warning,
                        fmt::format("The engine was restarted {}.", counted(*running.restarts, "time")),
                        "Requests that ran at those moments failed.",
                        "llamatelemetry query \"SELECT * FROM events ORDER BY 1 DESC\" shows when and why.",
                        running.error});
  } else {
    findings.push_back(all_well("instance", "An instance runs, its engine is " + running.state + "."));
  }
  if (!running.store_state.empty() && running.store_state != "storing") {
    findings.push_back({"store", Severity::problem, "The store is not storing: " + running.store_state + ".",
                        "Requests are served, but what happens to them is not kept.",
                        "Free space on its disk; see the log.", running.store_message});
  }
  if (const std::string lost = losses_text(running, false); !lost.empty()) {
    findings.push_back(
        {"losses", Severity::warning, "Some telemetry was lost.",
         "Counts and percentiles miss what was lost.",
         "llamatelemetry status names each loss; exporters that fail and full queues are the usual causes.",
         lost});
  }
  if (const std::string details = losses_text(running, true); !details.empty()) {
    findings.push_back({"losses", Severity::note, "Details of some requests are missing.",
                        "Every request is counted; a detail of some is not known or was cut short.",
                        "llamatelemetry query \"FROM losses WHERE count > 0\" says what each counter means.",
                        details});
  }
  return findings;
}

}  // namespace llt::app

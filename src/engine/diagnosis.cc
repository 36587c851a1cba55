#include "engine/diagnosis.h"

#include <fmt/format.h>
#include <signal.h>

#include <array>
#include <optional>
#include <span>
#include <string_view>

namespace llt::engine {
namespace {

// One way in which llama-server says that it cannot go on. `{model}` and `{binary}` are filled in.
struct Symptom {
  std::string_view words;
  ErrorCode code;
  std::string_view message;
  std::string_view hint;
};

constexpr std::string_view kGetAgain = "the file is damaged or its download stopped early; get it again";
constexpr std::string_view kLessMemory =
    "use a smaller model or quantisation, a smaller --ctx, or free memory";

// In the order in which they are looked for: a cause stands before what follows from it.
constexpr std::array kSymptoms = {
    Symptom{"error while loading shared libraries", ErrorCode::not_found,
            "llama-server {binary} needs a shared library that is not there",
            "build llama-server on this machine (scripts/run does), or put the library beside it"},
    Symptom{"GLIBC_2.", ErrorCode::not_found,
            "llama-server {binary} was built for a newer system than this one",
            "build llama-server on this machine (scripts/run does)"},
    Symptom{"GLIBCXX_3.", ErrorCode::not_found,
            "llama-server {binary} was built for a newer system than this one",
            "build llama-server on this machine (scripts/run does)"},
    Symptom{"undefined symbol", ErrorCode::not_found,
            "llama-server {binary} and its shared libraries do not belong together",
            "install llama-server and its libraries from the same build"},
    Symptom{"invalid argument:", ErrorCode::invalid_argument,
            "llama-server does not know one of its arguments",
            "check what follows -- and that this llama-server is recent: llama-server --help lists its "
            "arguments"},
    Symptom{"unknown argument:", ErrorCode::invalid_argument,
            "llama-server does not know one of its arguments",
            "it may be a release from before 2025, which up cannot start: take a newer one, or start it "
            "yourself and "
            "attach with --upstream"},
    Symptom{"error while handling argument", ErrorCode::invalid_argument,
            "llama-server refuses the value of an argument",
            "check what follows --; llama-server --help lists the values"},
    Symptom{"couldn't bind", ErrorCode::already_exists, "llama-server could not listen on its private socket",
            "the llama-server may be too old for Unix sockets; take a newer one"},
    Symptom{"failed to open GGUF file", ErrorCode::not_found, "llama-server cannot open the model {model}",
            "check the path and its permissions"},
    Symptom{"invalid magic", ErrorCode::data_loss, "{model} is not a GGUF model",
            "give a .gguf file with --model"},
    Symptom{"unknown model architecture", ErrorCode::invalid_argument,
            "this llama-server does not know the architecture of {model}",
            "use a newer llama-server (--llama-server)"},
    Symptom{"not within the file bounds", ErrorCode::data_loss, "the model {model} is truncated", kGetAgain},
    Symptom{"corrupted or incomplete", ErrorCode::data_loss, "the model {model} is truncated or damaged",
            kGetAgain},
    Symptom{"exceeds remaining file size", ErrorCode::data_loss, "the model {model} is truncated", kGetAgain},
    Symptom{"failed to read key-value pairs", ErrorCode::data_loss,
            "the model {model} is truncated or damaged", kGetAgain},
    Symptom{"failed to read tensor", ErrorCode::data_loss, "the model {model} is truncated or damaged",
            kGetAgain},
    Symptom{"out of memory", ErrorCode::resource_exhausted, "too little memory for the model {model}",
            kLessMemory},
    Symptom{"failed to allocate", ErrorCode::resource_exhausted, "too little memory for the model {model}",
            kLessMemory},
    Symptom{"unable to allocate", ErrorCode::resource_exhausted, "too little memory for the model {model}",
            kLessMemory},
    Symptom{"Cannot allocate memory", ErrorCode::resource_exhausted,
            "too little memory for the model {model}", kLessMemory},
    Symptom{"bad_alloc", ErrorCode::resource_exhausted, "too little memory for the model {model}",
            kLessMemory},
    Symptom{"Resource temporarily unavailable", ErrorCode::resource_exhausted,
            "llama-server could not start a thread: too little memory, or too many processes",
            "free memory, or raise the limits of memory (ulimit -v) and processes (ulimit -u)"},
    Symptom{"failed to create context", ErrorCode::resource_exhausted,
            "llama-server could not make a context for {model}", kLessMemory},
    Symptom{"CUDA driver version is insufficient", ErrorCode::unavailable,
            "the NVIDIA driver is too old for this llama-server",
            "update the driver, or build llama-server for it"},
    Symptom{"error loading model", ErrorCode::data_loss, "llama-server could not load the model {model}",
            "its last words say why; try the file with another program, or get it again"},
    Symptom{"to show complete usage", ErrorCode::invalid_argument, "llama-server refuses its arguments",
            "check what follows --; llama-server --help lists the arguments"},
};

std::string filled_in(std::string_view text, const Circumstances& around) {
  std::string result(text);
  for (const auto& [mark, value] :
       {std::pair<std::string_view, std::string>{"{model}", around.model.string()},
        {"{binary}", around.binary.string()}}) {
    if (const auto at = result.find(mark); at != std::string::npos) result.replace(at, mark.size(), value);
  }
  return result;
}

struct Found {
  const Symptom* symptom;
  std::string line;
};

std::optional<Found> find_symptom(const std::vector<LogLine>& lines) {
  for (const auto& symptom : kSymptoms) {
    for (const auto& line : lines) {
      if (line.text.find(symptom.words) != std::string::npos) return Found{&symptom, line.text};
    }
  }
  return std::nullopt;
}

std::string memory_note(const Circumstances& around) {
  if (around.model_bytes == 0 || around.memory_available_bytes == 0) return {};
  return fmt::format(" (the model file has {}, {} of memory were available at the start)",
                     human_bytes(around.model_bytes), human_bytes(around.memory_available_bytes));
}

Error killed_by(int number, const std::vector<LogLine>& lines, const Circumstances& around) {
  switch (number) {
    case SIGILL:
      return {ErrorCode::invalid_argument,
              "llama-server " + around.binary.string() +
                  " uses instructions that this CPU does not have (SIGILL)",
              "build llama-server on this machine (scripts/run does), with -DGGML_NATIVE=OFF "
              "-DGGML_CPU_ALL_VARIANTS=ON -DGGML_BACKEND_DL=ON if it is to run on others too"};
    case SIGKILL:
      if (around.kernel_killed_for_memory == false) {
        return {ErrorCode::unavailable,
                "llama-server was killed by somebody (SIGKILL); memory did not run out", ""};
      }
      return {ErrorCode::resource_exhausted,
              (around.kernel_killed_for_memory
                   ? "the kernel killed llama-server because memory ran out"
                   : "llama-server was killed (SIGKILL), most likely because memory ran out") +
                  memory_note(around),
              std::string(kLessMemory) + "; the kernel's log (dmesg) tells who was killed and why"};
    case SIGBUS:
      return {ErrorCode::data_loss, "llama-server crashed reading the model (SIGBUS)",
              "the model file became shorter while it was in use, or its disk failed"};
    default:
      break;
  }
  std::string cause;
  for (const auto& line : lines) {
    if (line.text.find("GGML_ASSERT") != std::string::npos ||
        line.text.find("CUDA error") != std::string::npos) {
      cause = ": " + line.text;
    }
  }
  return {ErrorCode::internal, "llama-server crashed with " + ExitStatus{true, number}.to_string() + cause,
          "its last words and, if it happens again, a newer llama-server may help"};
}

}  // namespace

std::string human_bytes(std::uint64_t bytes) {
  if (bytes >= 1ull << 30) return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / (1ull << 30));
  if (bytes >= 1ull << 20) return fmt::format("{:.0f} MiB", static_cast<double>(bytes) / (1ull << 20));
  return fmt::format("{} bytes", bytes);
}

Error diagnose_exit(const ExitStatus& status, const std::vector<LogLine>& lines,
                    const Circumstances& around) {
  // SIGILL and SIGKILL speak for themselves; other signals may follow from something that was said before.
  if (status.signaled && (status.value == SIGILL || status.value == SIGKILL)) {
    return killed_by(status.value, lines, around);
  }
  if (const auto found = around.was_ready ? std::nullopt : find_symptom(lines)) {
    const auto& symptom = *found->symptom;
    std::string message = filled_in(symptom.message, around) + ": " + found->line;
    if (symptom.code == ErrorCode::resource_exhausted) message += memory_note(around);
    return {symptom.code, std::move(message), filled_in(symptom.hint, around)};
  }
  if (status.signaled) return killed_by(status.value, lines, around);
  if (!around.was_ready && status.value == 0) {
    return {
        ErrorCode::unavailable,
        around.binary.string() + " ended by itself, with exit code 0, before it was ready",
        "is it a llama-server (--llama-server FILE), and does none of the arguments behind -- make it end, "
        "as --help and --version do?"};
  }
  const std::string when = around.was_ready ? "while serving" : "before it was ready";
  return {ErrorCode::unavailable, "llama-server ended " + when + " with " + status.to_string(),
          "its last words say why; LLAMATELEMETRY_LOG_LEVEL=debug shows all of its output"};
}

}  // namespace llt::engine

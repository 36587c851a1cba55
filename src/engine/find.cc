// Where llama-server and the default model are looked for.

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <sstream>

#include "engine/launch.h"

namespace llt::engine {
namespace {

namespace fs = std::filesystem;

constexpr const char* kBinary = "llama-server";
constexpr const char* kDefaultModel = "SmolLM2-135M-Instruct.Q4_1.gguf";

bool is_program(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) && ::access(path.c_str(), X_OK) == 0;
}

// ${XDG_CACHE_HOME:-~/.cache}/llamatelemetry: what scripts/run puts there.
fs::path cache_folder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache != '\0') return fs::path(cache) / "llamatelemetry";
  const char* home = std::getenv("HOME");
  return fs::path(home != nullptr ? home : "/") / ".cache" / "llamatelemetry";
}

bool nvidia_driver_present() { return ::access("/dev/nvidiactl", F_OK) == 0; }

// "llama.cpp-11434-cuda13-sm90": release and back end of an installed engine.
struct Installed {
  fs::path binary;
  int release = 0;
  bool cuda = false;
};

std::vector<Installed> installed_engines() {
  constexpr std::string_view kPrefix = "llama.cpp-";
  std::vector<Installed> engines;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(cache_folder() / "engines", ignored)) {
    const std::string name = entry.path().filename().string();
    const fs::path binary = entry.path() / "bin" / kBinary;
    if (!name.starts_with(kPrefix) || !is_program(binary)) continue;
    Installed engine{binary, 0, name.find("-cuda") != std::string::npos};
    std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), engine.release);
    if (engine.cuda && !nvidia_driver_present()) continue;
    engines.push_back(engine);
  }
  std::sort(engines.begin(), engines.end(), [](const Installed& a, const Installed& b) {
    return a.cuda != b.cuda ? a.cuda : a.release > b.release;
  });
  return engines;
}

// Beside our own program, as an unpacked archive has it.
std::vector<fs::path> bundled_engines() {
  std::error_code ignored;
  const fs::path self = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  if (self.empty()) return {};
  return {self / "engine" / kBinary, self.parent_path() / "engine" / "bin" / kBinary};
}

std::vector<fs::path> on_path() {
  std::vector<fs::path> found;
  const char* path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (!folder.empty()) found.push_back(fs::path(folder) / kBinary);
  }
  return found;
}

Result<fs::path> check_asked(const fs::path& asked) {
  std::error_code ignored;
  const std::string name = "llama-server " + asked.string();
  if (!fs::exists(asked, ignored)) {
    return fail(ErrorCode::not_found, name + " does not exist", "check the path given with --llama-server");
  }
  if (fs::is_directory(asked, ignored)) {
    if (is_program(asked / kBinary)) return fs::absolute(asked / kBinary);
    return fail(ErrorCode::invalid_argument, name + " is a folder",
                "give the program in it with --llama-server");
  }
  if (!is_program(asked)) {
    return fail(ErrorCode::permission_denied, name + " is not executable", "chmod +x " + asked.string());
  }
  return fs::absolute(asked);
}

}  // namespace

Result<fs::path> find_engine(const std::optional<fs::path>& asked) {
  if (asked) return check_asked(*asked);
  for (const auto& candidate : bundled_engines()) {
    if (is_program(candidate)) return candidate;
  }
  if (const auto engines = installed_engines(); !engines.empty()) return engines.front().binary;
  for (const auto& candidate : on_path()) {
    if (is_program(candidate)) return fs::absolute(candidate);
  }
  return fail(ErrorCode::not_found,
              "no llama-server found in " + (cache_folder() / "engines").string() + " or on PATH",
              "scripts/run builds one; or give yours with --llama-server FILE");
}

Result<fs::path> find_model(const std::optional<fs::path>& asked) {
  if (asked) return fs::absolute(*asked);
  fs::path model = cache_folder() / "models" / kDefaultModel;
  std::error_code ignored;
  if (fs::exists(model, ignored)) return model;
  return fail(ErrorCode::not_found, "the default model is not at " + model.string(),
              "scripts/run fetches it; or give yours with --model FILE.gguf");
}

}  // namespace llt::engine

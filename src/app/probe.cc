#include "app/probe.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "app/commands.h"
#include "app/exit_codes.h"
#include "app/print.h"
#include "app/up_options.h"
#include "engine/elf_needed.h"

namespace llt::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLibrary = "libllamatelemetry_probe.so";
// A ring has 8 MiB, and is written many times a second.
constexpr const char* kMemory = "/dev/shm";

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::uint64_t hash_of(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a: the same in every build
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

}  // namespace

Result<fs::path> find_probe_library() {
  std::error_code ec;
  if (const std::string given = environment("LLAMATELEMETRY_PROBE_LIBRARY"); !given.empty()) {
    if (fs::is_regular_file(given, ec)) return fs::absolute(given);
    return fail(ErrorCode::not_found, fmt::format("LLAMATELEMETRY_PROBE_LIBRARY: {} is not a file", given));
  }
  const fs::path here = fs::read_symlink("/proc/self/exe", ec).parent_path();
  for (const fs::path& folder : {here, here / "../lib"}) {
    if (fs::is_regular_file(folder / kLibrary, ec)) return (folder / kLibrary).lexically_normal();
  }
  return fail(ErrorCode::not_found, fmt::format("{} is not beside the program", kLibrary),
              "build it (scripts/build), or name it in LLAMATELEMETRY_PROBE_LIBRARY");
}

fs::path probe_folder(const fs::path& data) {
  std::error_code ec;
  const fs::path whole = fs::weakly_canonical(fs::absolute(data), ec);
  if (access(kMemory, W_OK) != 0) return whole / "probe";
  return fs::path(kMemory) / fmt::format("llamatelemetry-{}-{:016x}", getuid(), hash_of(whole.string()));
}

Result<> make_probe_folder(const fs::path& folder) {
  std::error_code ec;
  fs::create_directories(folder.parent_path(), ec);
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail(ErrorCode::permission_denied,
                fmt::format("cannot make the probe's folder {}: {}", folder.string(), std::strerror(errno)));
  }
  struct stat about {};
  if (lstat(folder.c_str(), &about) != 0 || !S_ISDIR(about.st_mode) || about.st_uid != geteuid()) {
    return fail(ErrorCode::permission_denied,
                fmt::format("{} is not a folder of ours, so the probe does not use it", folder.string()),
                "remove it");
  }
  return {};
}

Result<> check_can_probe(const fs::path& engine) {
  const auto shared = engine::uses_shared_library(engine, "libllama.so");
  if (shared == true) return {};
  return fail(
      ErrorCode::unavailable,
      fmt::format("the probe cannot look into {}: {}", engine.string(),
                  shared ? "libllama is built into it" : "it is not an ELF program, perhaps a script"),
      "build llama.cpp with shared libraries (-DBUILD_SHARED_LIBS=ON, its default)");
}

std::map<std::string, std::string> probe_environment(const fs::path& library, const fs::path& folder) {
  const std::string others = environment("LD_PRELOAD");
  return {{"LD_PRELOAD", others.empty() ? library.string() : library.string() + ":" + others},
          {"LLAMATELEMETRY_PROBE_DIR", folder.string()}};
}

int run_probe_environment(const Settings& settings) {
  const auto library = find_probe_library();
  if (!library) return failed(library.error());
  const fs::path folder = probe_folder(data_folder(settings));
  if (auto made = make_probe_folder(folder); !made) return failed(made.error());
  for (const auto& [name, value] : probe_environment(*library, folder)) print_out("{}={}\n", name, value);
  return kDone;
}

}  // namespace llt::app

#define XXH_INLINE_ALL
#include "app/work_file.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <nlohmann/json.hpp>

namespace llt::app {

Result<WorkFile> WorkFile::open(const std::filesystem::path& path, const std::string& subject) {
  WorkFile file(subject);
  if (path.empty()) return file;
  file.path_ = path;
  if (auto loaded = file.load(); !loaded) return std::unexpected(loaded.error());
  file.out_.open(path, std::ios::binary | std::ios::app);
  if (!file.out_) return fail(ErrorCode::permission_denied, fmt::format("cannot write {}", path.string()));
  return file;
}

Result<> WorkFile::load() {
  std::error_code ignored;
  if (!std::filesystem::exists(path_, ignored)) return {};
  std::ifstream in(path_, std::ios::binary);
  if (!in) return fail(ErrorCode::permission_denied, fmt::format("cannot read {}", path_.string()));
  std::uintmax_t good = 0, line_number = 0;
  for (std::string line; std::getline(in, line) && !in.eof();) {
    ++line_number;
    auto json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_object() || !json.contains("key") || !json["key"].is_string() || !json.contains("answer")) {
      return fail(ErrorCode::data_loss,
                  fmt::format("{}: line {} is no answer that was kept", path_.string(), line_number),
                  "name another file with --work, or remove this one");
    }
    answers_[json["key"].get<std::string>()] = json["answer"].dump();
    good += line.size() + 1;
  }
  in.close();
  std::filesystem::resize_file(path_, good, ignored);  // what a killed run left half written
  return {};
}

std::string WorkFile::key_of(std::string_view text) const {
  const XXH128_hash_t subject = XXH3_128bits(subject_.data(), subject_.size());
  const XXH128_hash_t hash = XXH3_128bits_withSeed(text.data(), text.size(), subject.low64);
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

const std::string* WorkFile::find(std::string_view text) const {
  const auto found = answers_.find(key_of(text));
  return found == answers_.end() ? nullptr : &found->second;
}

Result<> WorkFile::add(std::string_view text, const std::string& answer) {
  if (!kept()) return {};
  const std::string key = key_of(text);
  out_ << fmt::format("{{\"key\":\"{}\",\"answer\":{}}}\n", key, answer) << std::flush;
  if (!out_)
    return fail(ErrorCode::resource_exhausted, fmt::format("cannot write {}", path_.string()),
                "is the disk full?");
  answers_[key] = answer;
  return {};
}

}  // namespace llt::app

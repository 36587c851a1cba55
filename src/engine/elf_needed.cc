#include "engine/elf_needed.h"

#include <elf.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

namespace llt::engine {
namespace {

template <class T>
std::optional<T> read_at(std::string_view image, std::uint64_t offset) {
  if (offset > image.size() || image.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, image.data() + offset, sizeof value);
  return value;
}

std::vector<Elf64_Phdr> program_headers(std::string_view image, const Elf64_Ehdr& header) {
  std::vector<Elf64_Phdr> headers;
  for (std::uint64_t i = 0; i < header.e_phnum; ++i) {
    const auto one = read_at<Elf64_Phdr>(image, header.e_phoff + i * sizeof(Elf64_Phdr));
    if (!one) break;
    headers.push_back(*one);
  }
  return headers;
}

// Where the loader would put it, back to where it is in the file.
std::optional<std::uint64_t> file_offset(const std::vector<Elf64_Phdr>& headers, std::uint64_t address) {
  for (const auto& one : headers) {
    if (one.p_type != PT_LOAD || address < one.p_vaddr || address - one.p_vaddr >= one.p_filesz) continue;
    return one.p_offset + (address - one.p_vaddr);
  }
  return std::nullopt;
}

std::string text_at(std::string_view image, std::uint64_t offset) {
  if (offset >= image.size()) return {};
  const auto rest = image.substr(offset, 4096);
  return std::string(rest.substr(0, rest.find('\0')));
}

std::optional<std::string> read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return std::move(bytes).str();
}

}  // namespace

std::optional<std::vector<std::string>> elf_needed(std::string_view image) {
  const auto header = read_at<Elf64_Ehdr>(image, 0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) return std::nullopt;
  if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB) return std::nullopt;
  const auto headers = program_headers(image, *header);
  std::vector<std::uint64_t> names;
  std::optional<std::uint64_t> strings;
  for (const auto& one : headers) {
    if (one.p_type != PT_DYNAMIC) continue;
    for (std::uint64_t at = 0; at + sizeof(Elf64_Dyn) <= one.p_filesz; at += sizeof(Elf64_Dyn)) {
      const auto entry = read_at<Elf64_Dyn>(image, one.p_offset + at);
      if (!entry || entry->d_tag == DT_NULL) break;
      if (entry->d_tag == DT_NEEDED) names.push_back(entry->d_un.d_val);
      if (entry->d_tag == DT_STRTAB) strings = file_offset(headers, entry->d_un.d_ptr);
    }
  }
  std::vector<std::string> needed;
  if (!strings) return needed;
  for (const auto name : names) {
    if (name < image.size()) needed.push_back(text_at(image, *strings + name));
  }
  return needed;
}

std::optional<bool> uses_shared_library(const std::filesystem::path& program, std::string_view library) {
  constexpr std::size_t kMaxFiles = 64;
  std::error_code ignored;
  const auto start = std::filesystem::canonical(program, ignored);
  std::vector<std::filesystem::path> queue{ignored ? program : start};
  std::set<std::string> seen;
  const auto folder = queue.front().parent_path();
  for (std::size_t next = 0; next < queue.size() && next < kMaxFiles; ++next) {
    const auto image = read_file(queue[next]);
    const auto needed = image ? elf_needed(*image) : std::nullopt;
    if (!needed) {
      if (next == 0) return std::nullopt;
      continue;
    }
    for (const auto& name : *needed) {
      if (name.starts_with(library)) return true;
      const auto beside = folder / name;
      if (seen.insert(name).second && std::filesystem::exists(beside, ignored)) queue.push_back(beside);
    }
  }
  return false;
}

}  // namespace llt::engine

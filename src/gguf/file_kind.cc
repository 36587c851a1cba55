#include "gguf/file_kind.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace llt::gguf {
namespace {

struct Kind {
  std::string_view begin;
  std::string_view what;
  std::string_view hint;
};

constexpr std::string_view kConvert = "convert it with llama.cpp's convert_hf_to_gguf.py";
constexpr std::string_view kOld = "get a GGUF file of the model, or convert it again";

constexpr std::array kKinds = {
    Kind{"version https://git-lfs.github.com/spec/", "this is a Git LFS pointer, not the model it points to",
         "run 'git lfs pull' in its repository, or download the file itself"},
    Kind{"<!DOCTYPE", "this is a web page, not a model", "download the file itself, not the page about it"},
    Kind{"<!doctype", "this is a web page, not a model", "download the file itself, not the page about it"},
    Kind{"<html", "this is a web page, not a model", "download the file itself, not the page about it"},
    Kind{"lmgg", "this is a model in the GGML format of before August 2023", kOld},
    Kind{"fmgg", "this is a model in the GGMF format of before August 2023", kOld},
    Kind{"tjgg", "this is a model in the GGJT format of before August 2023", kOld},
    Kind{"algg", "this is a GGML adapter (LoRA) of before August 2023", kOld},
    Kind{"PK\x03\x04", "this is a zip archive or a PyTorch checkpoint", kConvert},
    Kind{"\x1f\x8b", "this is compressed with gzip", "unpack it first"},
    Kind{"\x28\xb5\x2f\xfd", "this is compressed with zstd", "unpack it first"},
};

bool is_text(std::string_view head) {
  return std::all_of(head.begin(), head.end(),
                     [](char c) {
                       const auto byte = static_cast<unsigned char>(c);
                       return byte >= 0x20 || byte == '\n' || byte == '\r' || byte == '\t';
                     }) &&
         !first_bad_utf8(head.substr(0, head.size() > 4 ? head.size() - 4 : 0));
}

// safetensors: a 64-bit length, then JSON of that length.
bool is_safetensors(std::string_view head) { return head.size() > 9 && head.substr(8, 2) == "{\""; }

std::string bytes_shown(std::string_view head) {
  std::string shown;
  for (const char c : head.substr(0, 4)) shown += fmt::format("{:02x} ", static_cast<unsigned char>(c));
  if (!shown.empty()) shown.pop_back();
  return shown;
}

}  // namespace

Result<> check_magic(std::span<const std::byte> file, const ByteReader& reader) {
  const std::string_view head(reinterpret_cast<const char*>(file.data()),
                              std::min<std::size_t>(file.size(), 1024));
  if (head.starts_with("GGUF")) return {};
  if (head.empty()) return reader.bad(0, "the file is empty", "get the model file again");
  for (const Kind& kind : kKinds) {
    if (head.starts_with(kind.begin)) return reader.bad(0, kind.what, kind.hint);
  }
  if (std::string_view("GGUF").starts_with(head)) {
    return reader.bad(0, "the file is truncated: the magic needs 4 bytes", "get the model file again");
  }
  if (is_safetensors(head)) return reader.bad(0, "this is a safetensors file", kConvert);
  if (is_text(head)) {
    return reader.bad(
        0, fmt::format("this is text, not a GGUF model: it begins with '{}'", readable(head.substr(0, 24))),
        "give a .gguf file");
  }
  return reader.bad(
      0, fmt::format("this is not a GGUF model: the magic is {} instead of 47 47 55 46", bytes_shown(head)),
      "give a .gguf file");
}

}  // namespace llt::gguf

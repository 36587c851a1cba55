#pragma once
// What a model says about its tokens and its chat template.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gguf/header.h"

namespace llt::gguf {

struct SpecialToken {
  std::string_view role;  ///< "bos", "eos", "eot", "eom", "unknown", "padding", ...
  std::uint64_t id = 0;
  std::optional<std::string_view> text;  ///< nothing when the id is outside the vocabulary
};

struct ChatTemplate {
  std::string name;  ///< empty for the one that is used unless another is asked for
  std::uint64_t bytes = 0;
  bool mentions_tools = false;
};

struct Vocabulary {
  std::optional<std::string_view> model;  ///< "llama" (SentencePiece), "gpt2" (BPE), "bert", ...
  std::optional<std::string_view> pre;    ///< how text is cut before BPE
  std::optional<std::uint64_t> tokens;
  std::optional<std::uint64_t> merges;
  std::optional<bool> add_bos;
  std::optional<bool> add_eos;
  std::vector<SpecialToken> special;
  std::vector<ChatTemplate> templates;
};

/// Views into the metadata's file.
[[nodiscard]] Vocabulary read_vocabulary(const Metadata& metadata);

}  // namespace llt::gguf

#include "gguf/vocabulary.h"

#include <array>

namespace llt::gguf {
namespace {

constexpr std::string_view kPrefix = "tokenizer.ggml.";
constexpr std::string_view kTemplateKey = "tokenizer.chat_template";

struct SpecialKey {
  std::string_view key, role;
};

// "seperator" is how the key is spelt.
constexpr std::array kSpecialKeys = {
    SpecialKey{"bos_token_id", "bos"},
    SpecialKey{"eos_token_id", "eos"},
    SpecialKey{"eot_token_id", "eot"},
    SpecialKey{"eom_token_id", "eom"},
    SpecialKey{"unknown_token_id", "unknown"},
    SpecialKey{"padding_token_id", "padding"},
    SpecialKey{"seperator_token_id", "separator"},
    SpecialKey{"cls_token_id", "cls"},
    SpecialKey{"mask_token_id", "mask"},
    SpecialKey{"fim_pre_token_id", "fim_prefix"},
    SpecialKey{"fim_suf_token_id", "fim_suffix"},
    SpecialKey{"fim_mid_token_id", "fim_middle"},
};

std::string key_of(std::string_view key) { return std::string(kPrefix) + std::string(key); }

std::vector<SpecialToken> special_tokens(const Metadata& metadata, const Array* tokens) {
  std::vector<SpecialToken> found;
  for (const SpecialKey& special : kSpecialKeys) {
    const auto id = metadata.unsigned_at(key_of(special.key));
    if (!id) continue;
    SpecialToken token{special.role, *id, std::nullopt};
    if (tokens != nullptr) {
      if (const auto text = tokens->at(*id)) token.text = text->as_string();
    }
    found.push_back(token);
  }
  return found;
}

std::vector<ChatTemplate> chat_templates(const Metadata& metadata) {
  std::vector<ChatTemplate> found;
  for (const MetadataEntry& entry : metadata.entries()) {
    if (!entry.key.starts_with(kTemplateKey)) continue;
    const std::string_view rest = entry.key.substr(kTemplateKey.size());
    const auto text = entry.value.as_string();
    if (!text || (!rest.empty() && rest.front() != '.')) continue;
    found.push_back({std::string(rest.empty() ? rest : rest.substr(1)), text->size(),
                     text->find("tools") != std::string_view::npos});
  }
  return found;
}

}  // namespace

Vocabulary read_vocabulary(const Metadata& metadata) {
  Vocabulary vocabulary;
  const Array* tokens = metadata.array_at(key_of("tokens"));
  const Array* merges = metadata.array_at(key_of("merges"));
  vocabulary.model = metadata.string_at(key_of("model"));
  vocabulary.pre = metadata.string_at(key_of("pre"));
  if (tokens != nullptr) vocabulary.tokens = tokens->size();
  if (merges != nullptr) vocabulary.merges = merges->size();
  vocabulary.add_bos = metadata.bool_at(key_of("add_bos_token"));
  vocabulary.add_eos = metadata.bool_at(key_of("add_eos_token"));
  vocabulary.special = special_tokens(metadata, tokens);
  vocabulary.templates = chat_templates(metadata);
  return vocabulary;
}

}  // namespace llt::gguf

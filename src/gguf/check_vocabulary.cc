#include <fmt/format.h>

#include "base/utf8.h"
#include "gguf/check_parts.h"
#include "gguf/vocabulary.h"

namespace llt::gguf {
namespace {

constexpr std::string_view kTokens = "tokenizer.ggml.tokens";

// One finding for the whole list, with the first offender: a damaged list has thousands.
void check_token_text(std::string_view key, const Array& tokens, Findings& findings) {
  std::uint64_t bad = 0;
  std::uint64_t first = 0;
  std::uint64_t index = 0;
  tokens.for_each([&](const Value& value) {
    const auto text = value.as_string();
    if (text && first_bad_utf8(*text) && bad++ == 0) first = index;
    ++index;
    return true;
  });
  if (bad != 0) {
    findings.warning(where_key(key), "bad-utf8",
                     fmt::format("{} entries are no valid UTF-8; the first is entry {}", bad, first));
  }
}

void check_same_length(const Metadata& metadata, std::string_view key, std::uint64_t tokens,
                       Findings& findings) {
  const Array* array = metadata.array_at(key);
  if (array == nullptr || array->size() == tokens) return;
  findings.error(where_key(key), "vocabulary",
                 fmt::format("it has {} entries for {} tokens", array->size(), tokens));
}

void check_special(const Vocabulary& vocabulary, Findings& findings) {
  for (const SpecialToken& token : vocabulary.special) {
    if (token.id < vocabulary.tokens.value_or(0)) continue;
    findings.error(where_key(kTokens), "token-id",
                   fmt::format("the {} token is number {}, but there are {} tokens", token.role, token.id,
                               vocabulary.tokens.value_or(0)));
  }
}

// The embedding needs a row for each token.
void check_embedding(const ModelFile& model, std::uint64_t tokens, Findings& findings) {
  const Tensor* embedding = model.find_tensor("token_embd.weight");
  if (embedding == nullptr || embedding->dimensions != 2 || embedding->extents[1] == tokens) return;
  findings.error(where_tensor(*embedding), "vocabulary",
                 fmt::format("it has {} rows for {} tokens", embedding->extents[1], tokens));
}

}  // namespace

void check_vocabulary(const ModelFile& model, Findings& findings) {
  const Metadata& metadata = model.metadata();
  const Array* tokens = metadata.array_at(kTokens);
  if (tokens == nullptr) return;
  if (tokens->element_type() != ValueType::string) {
    findings.error(where_key(kTokens), "vocabulary", "it is no list of texts");
    return;
  }
  check_token_text(kTokens, *tokens, findings);
  if (const Array* merges = metadata.array_at("tokenizer.ggml.merges")) {
    check_token_text("tokenizer.ggml.merges", *merges, findings);
  }
  check_same_length(metadata, "tokenizer.ggml.scores", tokens->size(), findings);
  check_same_length(metadata, "tokenizer.ggml.token_type", tokens->size(), findings);
  check_special(read_vocabulary(metadata), findings);
  check_embedding(model, tokens->size(), findings);
}

}  // namespace llt::gguf

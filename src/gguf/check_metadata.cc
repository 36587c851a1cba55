#include <fmt/format.h>

#include <array>
#include <bit>
#include <string>
#include <unordered_set>

#include "base/utf8.h"
#include "gguf/architecture.h"
#include "gguf/check_parts.h"

namespace llt::gguf {
namespace {

constexpr std::uint64_t kLongestKey = 65535;

// Architectures of other programs' parts (image encoders, adapters) have other keys.
bool is_language_model(const ModelFile& model) {
  const auto kind = model.metadata().string_at("general.type").value_or("model");
  return kind == "model" && model.architecture() != "clip";
}

void check_text(const MetadataEntry& entry, Findings& findings) {
  if (const auto at = first_bad_utf8(entry.key)) {
    findings.error(where_key(entry.key), "bad-utf8",
                   fmt::format("the key is no valid UTF-8 at byte {}", *at));
  }
  const auto text = entry.value.as_string();
  if (const auto at = text ? first_bad_utf8(*text) : std::nullopt) {
    findings.error(where_key(entry.key), "bad-utf8",
                   fmt::format("the text is no valid UTF-8 at byte {}", *at));
  }
}

void check_keys(const ModelPart& part, Findings& findings) {
  std::unordered_set<std::string_view> keys;
  for (const MetadataEntry& entry : part.header.metadata.entries()) {
    if (!keys.insert(entry.key).second) {
      findings.error(
          where_key(entry.key), "duplicate",
          fmt::format("the key stands again at byte {} of {}", entry.at, part.path.filename().string()));
    }
    if (entry.key.size() > kLongestKey) {
      findings.warning(where_key(entry.key), "key-too-long",
                       fmt::format("the key has {} bytes", entry.key.size()));
    }
    check_text(entry, findings);
  }
}

void check_alignment(const ModelPart& part, Findings& findings) {
  constexpr std::string_view kKey = "general.alignment";
  const Value* value = part.header.metadata.find(kKey);
  if (value == nullptr) return;
  const auto alignment = value->as_unsigned();
  if (value->type() != ValueType::u32) {
    findings.error(where_key(kKey), "alignment",
                   fmt::format("it is of type {} instead of u32", to_string(value->type())));
  } else if (!std::has_single_bit(*alignment)) {
    findings.error(where_key(kKey), "alignment", fmt::format("{} is no power of two", *alignment));
  }
}

// Without these llama.cpp does not load a language model.
void check_required(const ModelFile& model, Findings& findings) {
  const std::string architecture(model.architecture());
  if (architecture.empty()) {
    findings.error(where_key("general.architecture"), "required", "the key is missing or no text");
    return;
  }
  if (!is_language_model(model)) return;
  for (const std::string_view key : {"context_length", "embedding_length", "block_count"}) {
    const std::string full = fmt::format("{}.{}", architecture, key);
    if (!model.metadata().unsigned_at(full)) {
      findings.error(where_key(full), "required", "the key is missing or no number");
    }
  }
  for (const std::string_view key : {"tokenizer.ggml.model", "tokenizer.ggml.tokens"}) {
    if (model.metadata().find(key) == nullptr) {
      findings.warning(where_key(key), "required", "the key is missing: the model cannot take text");
    }
  }
}

// Arrays with one number for each block.
void check_per_block(const ModelFile& model, Findings& findings) {
  const auto blocks = read_architecture(model.metadata()).block_count;
  if (!blocks) return;
  const std::string architecture(model.architecture());
  if (*blocks == 0 || *blocks > kMostBlocks) {
    findings.error(where_key(architecture + ".block_count"), "block-count",
                   fmt::format("{} blocks; llama.cpp takes 1 to {}", *blocks, kMostBlocks));
    return;
  }
  constexpr std::array<std::string_view, 4> kKeys = {"attention.head_count", "attention.head_count_kv",
                                                     "feed_forward_length", "expert_used_count"};
  for (const std::string_view key : kKeys) {
    const std::string full = fmt::format("{}.{}", architecture, key);
    const Array* array = model.metadata().array_at(full);
    if (array != nullptr && array->size() != *blocks) {
      findings.error(where_key(full), "per-block",
                     fmt::format("the array has {} values for {} blocks", array->size(), *blocks));
    }
  }
}

void check_splits(const ModelFile& model, Findings& findings) {
  const auto total = model.metadata().unsigned_at("split.tensors.count");
  if (total && *total != model.tensors().size()) {
    findings.error(where_key("split.tensors.count"), "split",
                   fmt::format("it says {} tensors, but the files have {}", *total, model.tensors().size()));
  }
  if (model.parts().size() == 1) return;
  for (std::uint64_t i = 0; i < model.parts().size(); ++i) {
    const ModelPart& part = model.parts()[i];
    const auto number = part.header.metadata.unsigned_at("split.no");
    const auto count = part.header.metadata.unsigned_at("split.count");
    if (number != i) {
      findings.error(where_file(part), "split",
                     fmt::format("its split.no is not {}: files were exchanged or renamed", i));
    }
    if (count != model.parts().size()) {
      findings.error(
          where_file(part), "split",
          fmt::format("its split.count is not {}: it belongs to another set", model.parts().size()));
    }
  }
}

void check_quantisation(const ModelFile& model, Findings& findings) {
  constexpr std::string_view kKey = "general.quantization_version";
  if (model.metadata().find(kKey) != nullptr) return;
  for (const Tensor& tensor : model.tensors()) {
    const TensorType* type = find_tensor_type(tensor.type);
    if (type == nullptr || !type->quantised) continue;
    findings.warning(where_key(kKey), "quantisation", "the key is missing, though tensors are quantised");
    return;
  }
}

}  // namespace

void check_metadata(const ModelFile& model, Findings& findings) {
  for (const ModelPart& part : model.parts()) {
    check_keys(part, findings);
    check_alignment(part, findings);
  }
  check_required(model, findings);
  check_per_block(model, findings);
  check_splits(model, findings);
  check_quantisation(model, findings);
}

}  // namespace llt::gguf

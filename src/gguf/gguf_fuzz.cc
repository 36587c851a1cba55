// Any bytes as a model: no crash, and what is read lies within the bytes.

#include <cstdint>

#include "gguf/architecture.h"
#include "gguf/check.h"
#include "gguf/memory.h"
#include "gguf/summary.h"
#include "gguf/vocabulary.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto model = llt::gguf::ModelFile::read(bytes, "fuzz.gguf");
  if (!model) {
    LLT_CHECK(!model.error().message.empty());
    return 0;
  }
  for (const auto& entry : model->metadata().entries()) {
    if (const auto* array = entry.value.as_array()) {
      if (array->size() != 0) LLT_CHECK(array->at(array->size() - 1));
    }
  }
  LLT_CHECK(model->tensors().size() * 25 <= size);
  const auto memory = llt::gguf::model_memory(llt::gguf::read_architecture(model->metadata()));
  LLT_CHECK(memory.kv_bytes_per_token().has_value() == memory.why_unknown.empty());
  static_cast<void>(llt::gguf::summarise(*model));
  static_cast<void>(llt::gguf::read_vocabulary(model->metadata()));
  LLT_CHECK(llt::gguf::check(*model).size() <= 1001);
  return 0;
}

#pragma once
// What `llamatelemetry gguf` says of a model: as one JSON document and as text.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gguf/architecture.h"
#include "gguf/check.h"
#include "gguf/memory.h"
#include "gguf/summary.h"
#include "gguf/vocabulary.h"

namespace llt::app {

/// A model with everything that is told of it.
struct ModelReport {
  explicit ModelReport(gguf::ModelFile opened);

  gguf::ModelFile model;
  gguf::Architecture architecture;
  gguf::ModelMemory memory;
  gguf::ModelSummary summary;
  gguf::Vocabulary vocabulary;
  std::vector<gguf::Finding> findings;
};

/// All members but `tensors` and `findings`. What is not known is null.
[[nodiscard]] nlohmann::ordered_json model_json(const ModelReport& report);
[[nodiscard]] nlohmann::ordered_json tensors_json(const gguf::ModelFile& model);
[[nodiscard]] nlohmann::ordered_json findings_json(const std::vector<gguf::Finding>& findings);
/// Arrays of up to 512 elements and texts of up to 64 KiB in full, larger ones as {"type","length"}.
[[nodiscard]] nlohmann::ordered_json metadata_json(const gguf::Metadata& metadata);

[[nodiscard]] std::string model_text(const ModelReport& report);
[[nodiscard]] std::string tensors_text(const gguf::ModelFile& model);
[[nodiscard]] std::string findings_text(const std::vector<gguf::Finding>& findings);

/// Digits in groups of three: "8,030,261,248".
[[nodiscard]] std::string grouped(std::uint64_t number);

}  // namespace llt::app

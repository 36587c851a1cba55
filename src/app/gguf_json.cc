#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <unordered_set>

#include "app/gguf_report.h"
#include "app/json_text.h"

namespace llt::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kWholeArray =
    512;  // the most blocks a model has: an array with one value for each is whole
constexpr std::size_t kWholeText = 64 * 1024;

Json rounded(const std::optional<double>& value) {
  if (!value) return nullptr;
  return std::round(*value * 10'000) / 10'000;
}

// One number when all blocks share it, else one for each.
Json per_block(const gguf::PerBlock& values) {
  if (values.empty()) return nullptr;
  const auto same = gguf::uniform(values);
  return same ? Json(*same) : Json(values);
}

// A float as the decimal number that people wrote: 1e-05, not 9.999999747378752e-06.
Json shortest(double value, gguf::ValueType type) {
  if (type != gguf::ValueType::f32 || !std::isfinite(value)) return value;
  return std::strtod(fmt::format("{}", static_cast<float>(value)).c_str(), nullptr);
}

Json value_json(const gguf::Value& value);

Json array_json(const gguf::Array& array) {
  if (array.size() > kWholeArray) {
    return {{"type", std::string(gguf::to_string(array.element_type()))}, {"length", array.size()}};
  }
  Json elements = Json::array();
  array.for_each([&](const gguf::Value& element) {
    elements.push_back(value_json(element));
    return true;
  });
  return elements;
}

Json value_json(const gguf::Value& value) {
  if (const auto text = value.as_string()) {
    if (text->size() <= kWholeText) return std::string(*text);
    return {{"type", "string"}, {"length", text->size()}};
  }
  if (const gguf::Array* array = value.as_array()) return array_json(*array);
  if (const auto* number = std::get_if<double>(&value.data())) return shortest(*number, value.type());
  if (const auto* number = std::get_if<std::int64_t>(&value.data())) return *number;
  if (const auto flag = value.as_bool()) return *flag;
  return known(value.as_unsigned());
}

Json totals_json(std::string_view label, const std::string& name, const gguf::TensorTotals& totals) {
  return {{std::string(label), name},
          {"tensor_count", totals.tensors},
          {"parameter_count", known(totals.parameters)},
          {"bytes", known(totals.bytes)},
          {"bits_per_weight", rounded(totals.bits_per_weight())}};
}

Json files_json(const gguf::ModelFile& model) {
  Json files = Json::array();
  for (const gguf::ModelPart& part : model.parts()) {
    files.push_back({{"path", part.path.string()},
                     {"bytes", part.header.file_bytes},
                     {"data_offset", part.header.data_offset},
                     {"alignment", part.header.alignment},
                     {"tensor_count", part.header.tensors.size()}});
  }
  return files;
}

std::string_view kind_name(gguf::MemoryKind kind) {
  switch (kind) {
    case gguf::MemoryKind::unknown:
      return "unknown";
    case gguf::MemoryKind::none:
      return "none";
    case gguf::MemoryKind::attention:
      return "attention";
    case gguf::MemoryKind::recurrent:
      return "recurrent";
    case gguf::MemoryKind::hybrid:
      return "hybrid";
  }
  return "unknown";
}

Json memory_json(const gguf::ModelMemory& memory) {
  const bool is_known = memory.kind != gguf::MemoryKind::unknown;
  const auto count = [&](bool gguf::Block::*member) -> Json {
    if (!is_known) return nullptr;
    return std::ranges::count_if(memory.blocks, [&](const gguf::Block& b) { return b.*member; });
  };
  return {{"kind", std::string(kind_name(memory.kind))},
          {"why_unknown", is_known ? Json(nullptr) : Json(memory.why_unknown)},
          {"kv_bytes_per_token", known(memory.kv_bytes_per_token())},
          {"kv_bytes_per_token_beyond_window", known(memory.kv_bytes_per_token_beyond_window())},
          {"sliding_window", is_known && memory.window != 0 ? Json(memory.window) : Json(nullptr)},
          {"latent_attention", is_known ? Json(memory.latent) : Json(nullptr)},
          {"attention_blocks", count(&gguf::Block::attention)},
          {"windowed_blocks", count(&gguf::Block::windowed)},
          {"recurrent_blocks", count(&gguf::Block::recurrent)},
          {"draft_blocks", count(&gguf::Block::draft)},
          {"state_bytes_per_sequence", known(memory.state_bytes_per_sequence())}};
}

Json vocabulary_json(const gguf::Vocabulary& vocabulary) {
  Json special = Json::object();
  for (const gguf::SpecialToken& token : vocabulary.special) {
    special[std::string(token.role)] = {{"id", token.id}, {"text", known(token.text)}};
  }
  Json templates = Json::array();
  for (const gguf::ChatTemplate& t : vocabulary.templates) {
    templates.push_back({{"name", t.name.empty() ? Json(nullptr) : Json(t.name)},
                         {"bytes", t.bytes},
                         {"mentions_tools", t.mentions_tools}});
  }
  return {{"model", known(vocabulary.model)},
          {"pre", known(vocabulary.pre)},
          {"tokens", known(vocabulary.tokens)},
          {"merges", known(vocabulary.merges)},
          {"add_bos", known(vocabulary.add_bos)},
          {"add_eos", known(vocabulary.add_eos)},
          {"special", special},
          {"chat_templates", templates}};
}

void add_architecture(Json& document, const gguf::Architecture& a) {
  document["context_length"] = known(a.context_length);
  document["block_count"] = known(a.block_count);
  document["embedding_length"] = known(a.embedding_length);
  document["feed_forward_length"] = per_block(a.feed_forward_length);
  document["head_count"] = per_block(a.head_count);
  document["head_count_kv"] = per_block(a.head_count_kv);
  document["key_length"] = known(a.key_length);
  document["value_length"] = known(a.value_length);
  document["expert_count"] = known(a.expert_count);
  document["expert_used_count"] = per_block(a.expert_used_count);
  document["vocab_size"] = known(a.vocab_size);
}

}  // namespace

ModelReport::ModelReport(gguf::ModelFile opened)
    : model(std::move(opened)),
      architecture(gguf::read_architecture(model.metadata())),
      memory(gguf::model_memory(architecture)),
      summary(gguf::summarise(model)),
      vocabulary(gguf::read_vocabulary(model.metadata())),
      findings(gguf::check(model)) {}

Json model_json(const ModelReport& report) {
  const gguf::ModelFile& model = report.model;
  const gguf::TensorTotals& all = report.summary.all;
  Json roles = Json::array();
  for (const auto& role : report.summary.by_role) {
    roles.push_back(totals_json("role", std::string(gguf::to_string(role.role)), role.totals));
  }
  Json types = Json::array();
  for (const auto& type : report.summary.by_type) {
    types.push_back(totals_json("type", gguf::tensor_type_name(type.type), type.totals));
  }
  const std::string_view architecture = model.architecture();
  Json document = {
      {"architecture", architecture.empty() ? Json(nullptr) : Json(std::string(architecture))},
      {"name", model.name()},
      {"version", model.version()},
      {"byte_order", model.parts().front().header.order == gguf::ByteOrder::little ? "little" : "big"},
      {"parameter_count", known(all.parameters)},
      {"tensor_count", all.tensors},
      {"file_bytes", model.file_bytes()},
      {"tensor_bytes", known(all.bytes)},
      {"bits_per_weight", rounded(all.bits_per_weight())},
      {"kv_bytes_per_token", known(report.memory.kv_bytes_per_token())},
  };
  add_architecture(document, report.architecture);
  document["memory"] = memory_json(report.memory);
  document["tensor_roles"] = roles;
  document["tensor_types"] = types;
  document["vocabulary"] = vocabulary_json(report.vocabulary);
  document["files"] = files_json(model);
  document["metadata"] = metadata_json(model.metadata());
  return document;
}

Json metadata_json(const gguf::Metadata& metadata) {
  Json object = Json::object();
  // Appended as they come: looking each key up among those before it would take the square of their number.
  auto& members = object.get_ref<Json::object_t&>();
  std::unordered_set<std::string_view> seen;
  for (const gguf::MetadataEntry& entry : metadata.entries()) {
    if (seen.insert(entry.key).second) members.emplace_back(std::string(entry.key), value_json(entry.value));
  }
  return object;
}

Json tensors_json(const gguf::ModelFile& model) {
  Json tensors = Json::array();
  for (const gguf::Tensor& tensor : model.tensors()) {
    Json one = {{"name", std::string(tensor.name)},
                {"type", gguf::tensor_type_name(tensor.type)},
                {"shape", Json(std::vector<std::uint64_t>(tensor.shape().begin(), tensor.shape().end()))},
                {"offset", tensor.offset},
                {"bytes", known(tensor.bytes)}};
    if (model.parts().size() > 1) one["file"] = tensor.file;
    tensors.push_back(std::move(one));
  }
  return tensors;
}

Json findings_json(const std::vector<gguf::Finding>& findings) {
  Json list = Json::array();
  for (const gguf::Finding& finding : findings) {
    list.push_back({{"severity", std::string(gguf::to_string(finding.severity))},
                    {"where", finding.where},
                    {"message", finding.message}});
  }
  return list;
}

}  // namespace llt::app

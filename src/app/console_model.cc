#include "app/console_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>

#include "analytics/model_graph.h"
#include "app/gguf_report.h"
#include "app/json_text.h"
#include "app/machine_cards.h"
#include "app/plan_input.h"
#include "app/plan_report.h"
#include "gguf/summary.h"
#include "placement/layer_split.h"

namespace llt::app {
namespace {

using Json = nlohmann::ordered_json;
using Homes = std::vector<std::optional<std::size_t>>;

// Where a tensor lies. Token embeddings stay in RAM; what comes out of the last layer goes with the output.
std::optional<std::size_t> home_of(const gguf::Tensor& tensor, const Homes& homes) {
  if (homes.empty()) return std::nullopt;
  if (const auto layer = gguf::tensor_block(tensor.name))
    return *layer < homes.size() ? homes[static_cast<std::size_t>(*layer)] : std::nullopt;
  const bool behind = tensor.name.starts_with("output");
  return behind ? homes.back() : std::nullopt;
}

std::string where(const std::optional<std::size_t>& home) {
  return home ? fmt::format("GPU {}", *home) : std::string("RAM");
}

Json tensor_rows(const gguf::ModelFile& model, const Homes& homes) {
  Json rows = Json::array();
  for (const gguf::Tensor& tensor : model.tensors()) {
    const auto home = home_of(tensor, homes);
    rows.push_back({{"name", std::string(tensor.name)},
                    {"layer", known(gguf::tensor_block(tensor.name))},
                    {"role", std::string(gguf::to_string(gguf::tensor_role(tensor.name)))},
                    {"type", gguf::tensor_type_name(tensor.type)},
                    {"shape", std::vector<std::uint64_t>(tensor.shape().begin(), tensor.shape().end())},
                    {"bytes", known(tensor.bytes)},
                    {"gpu", home ? Json(*home) : Json(nullptr)}});
  }
  return rows;
}

Homes homes_of(const gguf::ModelFile& model, const std::optional<placement::Placement>& placement) {
  if (!placement || placement->cards.empty()) return {};
  const auto layers = gguf::read_architecture(model.metadata()).block_count.value_or(0);
  std::uint64_t places = 0;
  for (const placement::CardPlan& card : placement->cards)
    places += card.usage.layers + (card.usage.output ? 1U : 0U);
  return layer_gpus(static_cast<std::size_t>(std::min<std::uint64_t>(layers, 4096)), *placement, places);
}

// A parameter's text as a number.
Result<> take_number(const std::string& name, const std::string& text, std::optional<std::uint64_t>& out) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value == 0)
    return fail(ErrorCode::invalid_argument,
                fmt::format("the parameter '{}' is no whole number above 0", name));
  out = value;
  return {};
}

Result<> take_parameter(PlanOptions& options, const std::string& name, const std::string& text) {
  if (text.empty()) return {};
  if (name == "context") return take_number(name, text, options.context);
  if (name == "parallel") return take_number(name, text, options.parallel);
  if (name == "batch") return take_number(name, text, options.batch);
  if (name == "micro_batch") return take_number(name, text, options.micro_batch);
  if (name == "gpu_layers") return take_number(name, text, options.offloaded_layers);
  if (name == "kv_type")
    options.kv_type = text;
  else if (name == "tensor_split")
    options.tensor_split = text;
  else if (name == "flash_attention")
    options.flash_attention = text;
  else if (name == "gpus")
    options.gpu = text;
  else if (name == "preset")
    options.preset = text;
  else
    return fail(ErrorCode::invalid_argument, fmt::format("'{}' is not a parameter of a plan", name),
                "GET /api describes them");
  return {};
}

struct Cards {
  std::vector<placement::Card> cards;
  std::optional<std::uint64_t> ram_bytes;
  std::string from;
};

Result<Cards> cards_for(const PlanOptions& options) {
  if (options.gpu.empty() && options.preset.empty()) {
    MachineCards here = cards_here();
    return Cards{std::move(here.cards), here.ram_bytes, std::move(here.from)};
  }
  const std::string& text = options.gpu.empty() ? options.preset : options.gpu;
  auto cards = parse_cards(text);
  if (!cards) return std::unexpected(cards.error());
  return Cards{std::move(*cards), std::nullopt, text};
}

Json names_of(const std::string& list) {
  Json names = Json::array();
  std::size_t begin = 0;
  while (begin < list.size()) {
    const std::size_t comma = std::min(list.find(',', begin), list.size());
    std::string name = list.substr(begin, comma - begin);
    name.erase(0, name.find_first_not_of(' '));
    names.push_back(std::move(name));
    begin = comma + 1;
  }
  return names;
}

}  // namespace

Homes layer_gpus(std::size_t layers, const placement::Placement& placement,
                 std::optional<std::uint64_t> offloaded) {
  const bool on_cards = std::ranges::any_of(placement.tensor_split, [](double share) { return share > 0; });
  const std::vector<double> shares = on_cards ? placement.tensor_split : std::vector<double>{};
  Homes homes;
  for (const int home : placement::layer_homes(layers, shares, offloaded)) {
    if (home == placement::kHost || static_cast<std::size_t>(home) >= placement.cards.size())
      homes.emplace_back(std::nullopt);
    else
      homes.emplace_back(placement.cards[static_cast<std::size_t>(home)].card.index);
  }
  return homes;
}

Result<std::string> ConsoleModel::summary() const {
  auto opened = gguf::ModelFile::open(path_);
  if (!opened) return std::unexpected(opened.error());
  const ModelReport report(std::move(*opened));
  Json document = model_json(report);
  document.erase("metadata");
  document.erase("files");
  document["file"] = path_.filename().string();
  document["placement"] = placement_ ? Json(placement_->name) : Json(nullptr);
  document["tensors"] = tensor_rows(report.model, homes_of(report.model, placement_));
  document["findings"] = findings_json(report.findings);
  return to_text(document, -1);
}

Result<placement::ModelShape> ConsoleModel::shape() const {
  const std::scoped_lock lock(mutex_);
  if (shape_) return *shape_;
  const auto model = gguf::ModelFile::open(path_);
  if (!model) return std::unexpected(model.error());
  auto shape = placement::model_shape(*model);
  if (!shape) return std::unexpected(shape.error());
  shape_ = *shape;
  return shape;
}

Result<std::string> ConsoleModel::plan(const views::Parameters& parameters) const {
  PlanOptions options;
  for (const auto& [name, text] : parameters) {
    if (auto taken = take_parameter(options, name, text); !taken) return std::unexpected(taken.error());
  }
  auto engine = parse_engine_options(options);
  if (!engine) return std::unexpected(engine.error());
  auto cards = cards_for(options);
  if (!cards) return std::unexpected(cards.error());
  const auto model = shape();
  if (!model) return std::unexpected(model.error());
  const placement::PlanRequest request{
      .cards = std::move(cards->cards), .options = std::move(*engine), .ram_bytes = cards->ram_bytes};
  const auto plan = placement::plan(*model, request);
  if (!plan) return std::unexpected(plan.error());
  Json document = plan_json({.model = *model, .request = request, .plan = *plan, .cards_from = cards->from});
  for (std::size_t i = 0; i < plan->placements.size(); ++i) {
    Json homes = Json::array();
    for (const auto& home :
         layer_gpus(model->layers.size(), plan->placements[i], request.options.offloaded_layers))
      homes.push_back(home ? Json(*home) : Json(nullptr));
    document["placements"][i]["layer_gpus"] = std::move(homes);
  }
  document["layers"] = model->layers.size();
  document["trained_context"] = model->trained_context == 0 ? Json(nullptr) : Json(model->trained_context);
  document["running"] = placement_ ? Json(placement_->name) : Json(nullptr);
  document["presets"] = names_of(placement::preset_names());
  Json types = Json::array();
  for (const auto type : placement::cache_types()) types.push_back(gguf::tensor_type_name(type));
  document["kv_types"] = std::move(types);
  return to_text(document, -1);
}

Result<views::ModelDrawing> ConsoleModel::drawing() const {
  const auto model = gguf::ModelFile::open(path_);
  if (!model) return std::unexpected(model.error());
  views::ModelDrawing drawing{analytics::model_graph(*model), {}};
  const std::size_t count = drawing.graph.graph.edges.vertices;
  const std::vector<std::uint32_t> nothing(count, views::Categories::kMissing);
  views::Categories types{{}, nothing}, roles{{}, nothing}, places{{}, nothing};
  std::vector<float> bytes(count, std::numeric_limits<float>::quiet_NaN()), layers = bytes;
  const Homes homes = homes_of(*model, placement_);
  for (const gguf::Tensor& tensor : model->tensors()) {
    const auto vertex = drawing.graph.graph.ids.find(tensor.name);
    if (!vertex) continue;
    types.values[*vertex] = types.number(gguf::tensor_type_name(tensor.type));
    roles.values[*vertex] = roles.number(std::string(gguf::to_string(gguf::tensor_role(tensor.name))));
    if (!homes.empty()) places.values[*vertex] = places.number(where(home_of(tensor, homes)));
    if (tensor.bytes) bytes[*vertex] = static_cast<float>(*tensor.bytes);
    if (const auto layer = gguf::tensor_block(tensor.name)) layers[*vertex] = static_cast<float>(*layer);
  }
  drawing.columns.push_back({"bytes", "bytes", "size in the file", std::move(bytes)});
  drawing.columns.push_back({"layer", "", "number of the layer", std::move(layers)});
  drawing.columns.push_back({"quantisation", "", "type of its numbers", std::move(types)});
  drawing.columns.push_back({"role", "", "what it is for", std::move(roles)});
  if (!homes.empty()) drawing.columns.push_back({"place", "", "which memory holds it", std::move(places)});
  return drawing;
}

}  // namespace llt::app

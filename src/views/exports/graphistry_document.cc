#include "views/exports/graphistry_document.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>

namespace llt::views {
namespace {

using Json = nlohmann::ordered_json;

// Okabe and Ito's palette, which the colour-blind can tell apart; the rest is grey.
constexpr std::array<std::string_view, 8> kPalette{"#0072B2", "#E69F00", "#009E73", "#CC79A7",
                                                   "#56B4E9", "#D55E00", "#F0E442", "#882255"};
constexpr std::string_view kOther = "#999999";
// From few to many, dark to light.
constexpr std::array<std::string_view, 5> kScale{"#440154", "#3B528B", "#21918C", "#5EC962", "#FDE725"};

struct Icon {
  std::string_view value, name;
};
constexpr std::array kIcons{
    Icon{"SERVER", "server"},
    Icon{"CLIENT", "exchange"},
    Icon{"INTERNAL", "cog"},
    Icon{"PRODUCER", "sign-out"},
    Icon{"CONSUMER", "sign-in"},
    Icon{"chat", "comments"},
    Icon{"text_completion", "pencil"},
    Icon{"embeddings", "cube"},
    Icon{"rerank", "sort"},
    Icon{"infill", "code"},
    Icon{"ok", "check"},
};
constexpr std::string_view kOtherIcon = "circle";

std::string key_of(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* number = std::get_if<std::int64_t>(&cell)) return std::to_string(*number);
  return {};
}

/// The values of a column, the most frequent first.
std::vector<std::string> frequent_values(const Table& table, const TableColumn& column) {
  std::map<std::string, std::size_t> counts;
  for (std::size_t row = 0; row < table.rows; ++row) {
    const Cell cell = column.at(row);
    if (!std::holds_alternative<std::monostate>(cell)) ++counts[key_of(cell)];
  }
  std::vector<std::pair<std::string, std::size_t>> sorted(counts.begin(), counts.end());
  std::ranges::stable_sort(sorted, std::ranges::greater(), &std::pair<std::string, std::size_t>::second);
  std::vector<std::string> values;
  values.reserve(sorted.size());
  for (const auto& [value, count] : sorted) values.push_back(value);
  return values;
}

// Numbers that name something rather than measure it.
bool is_categorical(const TableColumn& column) {
  return column.type == ColumnType::text || column.name == "community";
}

Json encoding(std::string_view graph_type, std::string_view encoding_type, const TableColumn& column) {
  return {{"graphType", graph_type}, {"encodingType", encoding_type}, {"attribute", column.name}};
}

Json categorical(Json encoding, Json fixed, std::string_view other) {
  encoding["variation"] = "categorical";
  encoding["mapping"] = {{"categorical", {{"fixed", std::move(fixed)}, {"other", other}}}};
  return encoding;
}

Json color_encoding(const Table& nodes, const TableColumn& column) {
  Json color = encoding("point", "color", column);
  if (!is_categorical(column)) {
    color["variation"] = "continuous";
    color["colors"] = kScale;
    return color;
  }
  Json fixed = Json::object();
  const auto values = frequent_values(nodes, column);
  for (std::size_t i = 0; i < std::min(values.size(), kPalette.size()); ++i) fixed[values[i]] = kPalette[i];
  return categorical(std::move(color), std::move(fixed), kOther);
}

Json icon_encoding(const TableColumn& column) {
  Json fixed = Json::object();
  for (const Icon& icon : kIcons) fixed[std::string(icon.value)] = icon.name;
  Json icon = categorical(encoding("point", "icon", column), std::move(fixed), kOtherIcon);
  icon["asText"] = false;
  return icon;
}

Json node_encodings(const Table& nodes, const Encodings& encodings) {
  Json bindings = {{"node", "id"}};
  if (!encodings.label.empty()) bindings["node_label"] = encodings.label;
  if (!encodings.size.empty()) bindings["node_size"] = encodings.size;
  if (nodes.find("x") != nullptr) {
    bindings["node_x"] = "x";
    bindings["node_y"] = "y";
  }
  Json complex = Json::object();
  if (!encodings.color.empty())
    complex["pointColorEncoding"] = color_encoding(nodes, *nodes.find(encodings.color));
  if (!encodings.icon.empty()) complex["pointIconEncoding"] = icon_encoding(*nodes.find(encodings.icon));
  return {{"bindings", bindings}, {"complex", {{"default", complex}}}};
}

Json edge_encodings(const Table& edges) {
  Json bindings = {{"source", "src"}, {"destination", "dst"}};
  Json complex = Json::object();
  if (const TableColumn* weight = edges.find("weight")) {
    bindings["edge_weight"] = "weight";
    bindings["edge_label"] = "weight";
    Json color = encoding("edge", "color", *weight);
    color["variation"] = "continuous";
    color["colors"] = kScale;
    complex["edgeColorEncoding"] = color;
  }
  return {{"bindings", bindings}, {"complex", {{"default", complex}}}};
}

Result<> check_column(std::string_view option, const std::string& name, const Table& nodes, bool number) {
  if (name.empty()) return {};
  const TableColumn* column = nodes.find(name);
  if (column == nullptr) {
    std::string names;
    for (const TableColumn& known : nodes.columns) names += (names.empty() ? "" : ", ") + known.name;
    return fail(ErrorCode::invalid_argument, fmt::format("--{}: the nodes have no column '{}'", option, name),
                "they have " + names);
  }
  if (number && column->type == ColumnType::text)
    return fail(ErrorCode::invalid_argument,
                fmt::format("--{}: the column '{}' holds no numbers", option, name));
  return {};
}

}  // namespace

Encodings usual_encodings(std::string_view kind) {
  if (kind == "trace") return {"label", "service", "duration_ms", "kind"};
  if (kind == "services") return {"label", "community", "spans", ""};
  if (kind == "interference" || kind == "prefix") return {"label", "community", "total_ms", "operation"};
  if (kind == "model") return {"label", "part", "degree", ""};
  return {"label", "community", "pagerank", ""};
}

Result<> check_encodings(const Encodings& encodings, const Table& nodes) {
  if (auto checked = check_column("label", encodings.label, nodes, false); !checked) return checked;
  if (auto checked = check_column("color", encodings.color, nodes, false); !checked) return checked;
  if (auto checked = check_column("icon", encodings.icon, nodes, false); !checked) return checked;
  return check_column("size", encodings.size, nodes, true);
}

Json dataset_document(const GraphTables& tables, const Encodings& encodings, const ViewDescription& view,
                      const std::string& edges_file, const std::string& nodes_file) {
  Json document = {
      {"node_encodings", node_encodings(tables.nodes, encodings)},
      {"edge_encodings", edge_encodings(tables.edges)},
      {"metadata", {{"agent", "llamatelemetry"}, {"agentversion", view.agent_version}, {"apiversion", "3"}}},
      {"name", view.name},
      {"description", view.description},
      {"edge_files", {edges_file}},
      {"node_files", {nodes_file}}};
  if (!view.org.empty()) document["org_name"] = view.org;
  return document;
}

}  // namespace llt::views

#pragma once
// What a Graphistry server is told of a graph: which columns are what, and how they look.

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "views/exports/graph_tables.h"

namespace llt::views {

/// Columns of the nodes; empty: none.
struct Encodings {
  std::string label, color, size, icon;
};

/// What a graph of this kind is shown by when nothing else is asked for. Empty kind: an edge list.
[[nodiscard]] Encodings usual_encodings(std::string_view kind);

/// A column that is not there, or a size that is no number. The message names the option.
[[nodiscard]] Result<> check_encodings(const Encodings& encodings, const Table& nodes);

struct ViewDescription {
  std::string name, description;
  std::string agent_version;
  std::string org;  ///< empty: none
};

/// The body by which a dataset is made from two uploaded files.
[[nodiscard]] nlohmann::ordered_json dataset_document(const GraphTables& tables, const Encodings& encodings,
                                                      const ViewDescription& view,
                                                      const std::string& edges_file,
                                                      const std::string& nodes_file);

}  // namespace llt::views

#pragma once
// What the store knows of a graph's vertices beside their ids: the columns by which they can be coloured and sized.

#include <string_view>
#include <vector>

#include "analytics/described_graph.h"
#include "base/clock.h"
#include "base/error.h"
#include "views/graph/picture.h"

namespace llt::store {
class Reader;
}

namespace llt::views {

struct NodeColumns {
  std::vector<Column> columns;
  UnixNs origin = 0;  ///< from which the column `start` counts; 0: there is none
};

/// None for a graph whose vertices the store does not know. Errors: those of the store.
[[nodiscard]] Result<NodeColumns> read_node_columns(store::Reader& reader, std::string_view kind,
                                                    const analytics::NamedGraph& graph, UnixNs since);

}  // namespace llt::views

#pragma once
// A graph as GraphML, which Gephi, Cytoscape, yEd, NetworkX and igraph read.

#include "views/exports/byte_sink.h"
#include "views/exports/graph_tables.h"

namespace llt::views {

[[nodiscard]] Result<> write_graphml(const GraphTables& tables, bool directed, const ByteSink& sink);

/// A text inside XML: markup escaped, and what XML 1.0 has no place for, such as most control characters and
/// broken UTF-8, replaced by U+FFFD.
[[nodiscard]] std::string xml_text(std::string_view text);

/// 2026-01-01T00:00:00.000000000Z
[[nodiscard]] std::string iso_time(std::int64_t unix_ns);

}  // namespace llt::views

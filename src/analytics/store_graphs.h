#pragma once
// Graphs of what the store knows: each is one SELECT whose rows are edges.

#include <optional>
#include <span>
#include <string_view>

#include "analytics/algorithm.h"
#include "analytics/described_graph.h"
#include "base/clock.h"
#include "store/reader.h"

namespace llt::analytics {

struct StoreGraphKind {
  std::string_view name;
  std::string_view meaning;
  Algorithm algorithm;  ///< what is asked when nothing else is
  bool directed;
  std::string_view about;
  std::string_view evidence;  ///< what the edges rest on; said with every answer
  std::string_view sql;  ///< columns src, dst, weight, src_label, dst_label; {trace} and {since} filled in
  std::string_view
      left_out;  ///< SELECT of one number, how many rows could not be used; empty: none can be unusable
};

[[nodiscard]] std::span<const StoreGraphKind> store_graph_kinds();
[[nodiscard]] const StoreGraphKind* find_store_graph(std::string_view name);

struct StoreGraphRequest {
  std::optional<UnixNs> since;  ///< what began earlier is left out
  std::string trace;            ///< trace: only this one; empty: all
};

/// Errors: those of the store.
[[nodiscard]] Result<DescribedGraph> read_store_graph(store::Reader& reader, const StoreGraphKind& kind,
                                                      const StoreGraphRequest& request);

}  // namespace llt::analytics

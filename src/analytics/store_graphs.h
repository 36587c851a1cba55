#pragma once
// Graphs of what the store knows.

#include <optional>
#include <span>
#include <string_view>

#include "analytics/algorithm.h"
#include "analytics/described_graph.h"
#include "base/clock.h"
#include "store/reader.h"

namespace llt::analytics {

/// One SELECT whose rows are edges: columns src, dst, weight, src_label, dst_label. {trace} and {since} are
/// filled in.
struct EdgeSelect {
  std::string_view sql;
  bool directed;
  std::string_view evidence;  ///< what the edges rest on; said with every answer
  std::string_view
      left_out;  ///< SELECT of one number, how many rows could not be used; empty: none can be unusable
};

struct StoreGraphKind {
  std::string_view name;
  std::string_view meaning;
  Algorithm algorithm;  ///< what is asked when nothing else is
  std::string_view about;
  EdgeSelect edges;
  EdgeSelect exact;  ///< better evidence, taken when it gives any edge; without sql: there is none
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

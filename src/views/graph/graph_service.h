#pragma once
// Graphs for the console: read, analysed in a process of their own, kept for a while.

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>

#include "analytics/described_graph.h"
#include "base/clock.h"
#include "views/console.h"
#include "views/graph/graph_request.h"
#include "views/graph/picture.h"
#include "views/reply.h"

namespace llt::views {

/// Thread-safe. What takes long is done outside the lock.
class GraphService {
 public:
  explicit GraphService(const Sources& sources) : sources_(sources) {}

  /// What can be asked: kinds, algorithms.
  [[nodiscard]] Reply list() const;

  /// Keeps an edge list (CSV or Parquet bytes) under a name that follows from its content.
  [[nodiscard]] Reply upload(std::string_view bytes);

  /// The graph with its columns. Takes as long as its algorithms do; `stop` ends it.
  [[nodiscard]] Reply get(std::string_view graph, const Target& target, std::stop_token stop);

 private:
  using Graph = std::shared_ptr<const analytics::DescribedGraph>;
  using Drawn = std::shared_ptr<const Picture>;

  /// A graph and the columns that come with it.
  struct Input {
    Graph graph;
    std::vector<Column> columns;
    UnixNs origin = 0;
    bool settled = false;  ///< it cannot change: an upload, a model
  };
  struct Kept {
    std::string key;
    Drawn picture;
    SteadyNs at;
    bool settled;
  };

  [[nodiscard]] Result<Input> read(const GraphRequest& request);
  [[nodiscard]] Result<Input> read_store(const GraphRequest& request);
  [[nodiscard]] Result<Drawn> draw(const GraphRequest& request, std::stop_token stop);
  [[nodiscard]] Drawn kept(const std::string& key);
  void keep(const std::string& key, const Drawn& picture, bool settled);

  const Sources& sources_;
  std::mutex mutex_;
  std::list<Kept> pictures_;                        // used last first
  std::list<std::pair<std::string, Graph>> uploads_;  // likewise
};

}  // namespace llt::views

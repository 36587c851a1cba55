#include "analytics/read_edges.h"

#include <fmt/format.h>

#include <cmath>

#include "base/ascii.h"
#include "store/edge_file.h"

namespace llt::analytics {
namespace {

// Sums of weights and products of sums stay numbers within these bounds, for any number of edges.
constexpr double kLargestWeight = 1e100, kSmallestWeight = 1e-100;

class EdgeListBuilder {
 public:
  Result<> add(const store::EdgeRows& rows) {
    for (std::size_t i = 0; i < rows.sources.size(); ++i) {
      ++row_;
      if (auto added = add_edge(trimmed(rows.sources[i].value_or(std::string_view())),
                                trimmed(rows.targets[i].value_or(std::string_view())));
          !added)
        return added;
      if (rows.weights.empty()) continue;
      if (auto added = add_weight(rows.weights[i]); !added) return added;
    }
    return {};
  }

  NamedGraph take() {
    graph_.edges.vertices = static_cast<Vertex>(graph_.ids.size());
    return std::move(graph_);
  }

 private:
  Result<> add_edge(std::string_view source, std::string_view target) {
    if (source.empty()) return bad("has no src");
    if (target.empty()) return bad("has no dst");
    if (source == "src" && target == "dst") return bad("is the header again");
    if (graph_.ids.full())
      return fail(ErrorCode::resource_exhausted, "more than 4 294 967 294 different ids");
    const Vertex from = graph_.ids.intern(source);
    const Vertex to = graph_.ids.intern(target);
    graph_.edges.add(from, to);
    return {};
  }

  Result<> add_weight(const std::optional<double>& known) {
    if (!known) return bad("has no weight that is a number");
    const double weight = *known;
    if (std::isnan(weight)) return bad("has a weight that is not a number (NaN)");
    if (std::isinf(weight)) return bad("has an infinite weight");
    if (weight < 0) return bad(fmt::format("has a negative weight ({})", weight));
    if (weight > kLargestWeight)
      return bad(fmt::format("has a weight above {} ({})", kLargestWeight, weight));
    if (weight > 0 && weight < kSmallestWeight)
      return bad(fmt::format("has a weight below {} that is not 0 ({})", kSmallestWeight, weight));
    graph_.edges.weight.push_back(weight + 0.0);  // -0 becomes 0
    return {};
  }

  // Rows are counted from the one below the header; in a CSV file without line breaks inside fields and
  // without empty lines that is line row + 1.
  std::unexpected<Error> bad(std::string_view what) const {
    return fail(ErrorCode::data_loss, fmt::format("row {} (line {}) {}", row_, row_ + 1, what),
                "correct or remove it; lines are counted without empty ones");
  }

  NamedGraph graph_;
  std::uint64_t row_ = 0;
};

}  // namespace

Result<NamedGraph> read_edges(const std::filesystem::path& file) {
  EdgeListBuilder builder;
  const auto info =
      store::read_edge_file(file, [&](const store::EdgeRows& rows) { return builder.add(rows); });
  if (!info) return std::unexpected(info.error());
  NamedGraph graph = builder.take();
  if (info->text_ids) graph.ids.keep_as_text();
  return graph;
}

}  // namespace llt::analytics

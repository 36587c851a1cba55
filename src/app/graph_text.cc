#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "analytics/findings.h"
#include "app/graph_answer.h"
#include "app/text_table.h"
#include "app/units.h"

namespace llt::app {
namespace {

using analytics::Answer;
using analytics::Vertex;

class Text {
 public:
  Text(const GraphAnswer& answer, std::size_t rows, std::size_t width)
      : answer_(answer),
        outcome_(answer.run.outcome),
        rows_(rows),
        cells_(std::max<std::size_t>(12, width / 3)) {}

  std::string run() {
    std::string out = head();
    for (const std::string& sentence : analytics::findings(
             answer_.input.graph.edges, answer_.request, outcome_, [this](Vertex v) { return name(v); },
             [this](Vertex v) { return answer_.words(v); }))
      out += sentence + "\n";
    for (const std::string& note : answer_.input.notes) out += "Note: " + printable(note) + "\n";
    const std::string rows = table();
    return rows.empty() ? out : out + "\n" + rows;
  }

 private:
  std::string name(Vertex v) const { return shortened(printable(answer_.name(v)), cells_); }

  std::string head() const {
    const auto& run = answer_.run;
    const auto& edges = answer_.input.graph.edges;
    return fmt::format(
        "{} of {}: {} {}, {} taken as {}, {}{}\nby the {} ({}), {}: {}\n\n",
        analytics::info_of(answer_.request.algorithm).name, printable(answer_.input.about), edges.vertices,
        edges.vertices == 1 ? "vertex" : "vertices", counted(static_cast<std::int64_t>(edges.size()), "edge"),
        analytics::takes_direction(answer_.request) ? "directed" : "undirected",
        edges.weighted() ? "weighted" : "not weighted",
        answer_.request.samples ? fmt::format(", paths from {} of them", *answer_.request.samples) : "",
        run.backend, run.version, run.reason, format_duration(run.elapsed_ms * 1e6));
  }

  std::string table() const {
    switch (analytics::info_of(answer_.request.algorithm).answer) {
      case Answer::ranking:
        return vertices(analytics::ranked(outcome_.values), "value",
                        [this](Vertex v) { return number(outcome_.values[v]); });
      case Answer::communities:
        return vertices(by_group(), "community",
                        [this](Vertex v) { return std::to_string(outcome_.groups[v]); });
      case Answer::components:
        return vertices(by_group(), "component",
                        [this](Vertex v) { return std::to_string(outcome_.groups[v]); });
      case Answer::edge_ranking:
        return edges();
      case Answer::paths:
      case Answer::neighbourhood:
        return vertices(by_distance(), "distance",
                        [this](Vertex v) { return number(outcome_.distances[v]); });
      case Answer::positions:
        break;
    }
    std::vector<Vertex> all(outcome_.x.size());
    std::iota(all.begin(), all.end(), Vertex{0});
    return vertices(all, "place",
                    [this](Vertex v) { return fmt::format("{:.2f} {:.2f}", outcome_.x[v], outcome_.y[v]); });
  }

  static std::string number(double value) { return fmt::format("{:.6g}", value); }

  template <class Cell>
  std::string vertices(const std::vector<Vertex>& order, std::string heading, Cell&& cell) const {
    TextTable table({"vertex", std::move(heading)}, 1);
    const std::size_t shown = std::min(rows_, order.size());
    for (std::size_t i = 0; i < shown; ++i) table.add({name(order[i]), cell(order[i])});
    return order.empty() ? "" : table.to_string() + rest(order.size() - shown);
  }

  std::string edges() const {
    auto order = outcome_.edge_values;
    std::ranges::stable_sort(order, std::greater<>(), &analytics::EdgeValue::value);
    TextTable table({"from", "to", "value"}, 2);
    const std::size_t shown = std::min(rows_, order.size());
    for (std::size_t i = 0; i < shown; ++i)
      table.add({name(order[i].source), name(order[i].target), number(order[i].value)});
    return order.empty() ? "" : table.to_string() + rest(order.size() - shown);
  }

  static std::string rest(std::size_t count) {
    return count == 0 ? "" : fmt::format("and {} more: --rows shows more of them, --json all\n", count);
  }

  std::vector<Vertex> by_group() const {
    std::vector<Vertex> order(outcome_.groups.size());
    std::iota(order.begin(), order.end(), Vertex{0});
    std::ranges::stable_sort(order, {}, [this](Vertex v) { return outcome_.groups[v]; });
    return order;
  }

  std::vector<Vertex> by_distance() const {
    std::vector<Vertex> order;
    for (Vertex v = 0; v < outcome_.distances.size(); ++v) {
      if (std::isfinite(outcome_.distances[v])) order.push_back(v);
    }
    std::ranges::stable_sort(order, {}, [this](Vertex v) { return outcome_.distances[v]; });
    return order;
  }

  const GraphAnswer& answer_;
  const analytics::Outcome& outcome_;
  std::size_t rows_, cells_;
};

}  // namespace

std::string graph_text(const GraphAnswer& answer, std::size_t rows, std::size_t width) {
  return Text(answer, rows, width).run();
}

}  // namespace llt::app

#include <fmt/format.h>

#include <cmath>
#include <concepts>
#include <nlohmann/json.hpp>

#include "analytics/findings.h"
#include "analytics/group_names.h"
#include "app/graph_answer.h"

namespace llt::app {
namespace {

using analytics::Answer;
using analytics::Vertex;

std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// A number with as many digits as bring it back; JSON knows no infinity.
std::string number(std::floating_point auto value) {
  return std::isfinite(value) ? fmt::format("{}", value) : "null";
}

std::string text_list(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) out += (out.size() > 1 ? "," : "") + quoted(text);
  return out + "]";
}

class Writer {
 public:
  Writer(const GraphAnswer& answer, const Print& print)
      : answer_(answer), outcome_(answer.run.outcome), ids_(answer.input.graph.ids), print_(print) {}

  bool run() {
    head();
    switch (analytics::info_of(answer_.request.algorithm).answer) {
      case Answer::ranking:
        ranking();
        break;
      case Answer::communities:
        groups("community");
        break;
      case Answer::components:
        groups("component");
        break;
      case Answer::edge_ranking:
        list(outcome_.edge_values.size(),
             [this](std::size_t i) { return edge(outcome_.edge_values[i], "value"); });
        break;
      case Answer::paths:
        list(outcome_.distances.size(), [this](std::size_t i) { return path(static_cast<Vertex>(i)); });
        break;
      case Answer::neighbourhood:
        neighbourhood();
        break;
      case Answer::positions:
        list(outcome_.x.size(), [this](std::size_t i) {
          return fmt::format(R"({{"id":{},"x":{},"y":{}{}}})", id(static_cast<Vertex>(i)),
                             number(outcome_.x[i]), number(outcome_.y[i]), label(static_cast<Vertex>(i)));
        });
    }
    if (answer_.input.show_edges) links();
    add("}\n");
    return open_ && print_(text_);
  }

 private:
  void add(std::string_view text) {
    constexpr std::size_t kPiece = 256 * 1024;
    text_ += text;
    if (text_.size() < kPiece || !open_) return;
    open_ = print_(text_);
    text_.clear();
  }

  std::string id(Vertex v) const { return ids_.numeric() ? ids_.text(v) : quoted(ids_.text(v)); }
  std::string label(Vertex v) const {
    const auto& labels = answer_.input.labels;
    return labels.empty() ? "" : ",\"label\":" + quoted(labels[v]);
  }

  void head() {
    const auto& run = answer_.run;
    add(fmt::format(
        R"({{"backend":{},"algorithm":{},"nodes":{},"edges":{},"elapsed_ms":{:.3f},"build_ms":{},"directed":{},)",
        quoted(run.backend), quoted(std::string(analytics::info_of(answer_.request.algorithm).name)),
        answer_.input.graph.edges.vertices, answer_.input.graph.edges.size(), run.elapsed_ms,
        run.build_ms ? fmt::format("{:.3f}", *run.build_ms) : "null",
        analytics::takes_direction(answer_.request)));
    if (analytics::info_of(answer_.request.algorithm).answer == Answer::communities)
      add(fmt::format(R"("modularity":{},)", outcome_.modularity ? number(*outcome_.modularity) : "null"));
    const auto said = analytics::findings(
        answer_.input.graph.edges, answer_.request, outcome_, [this](Vertex v) { return answer_.name(v); },
        [this](Vertex v) { return answer_.words(v); });
    add(fmt::format(
        "\"version\":{},\"reason\":{},\"findings\":{},\"notes\":{},\n\"result\":", quoted(run.version),
        quoted(run.reason), text_list(said), text_list(answer_.input.notes)));
  }

  template <class Item>
  void list(std::size_t count, Item&& item) {
    add("[");
    for (std::size_t i = 0; i < count; ++i) {
      add(i == 0 ? "\n" : ",\n");
      add(item(i));
    }
    add("]");
  }

  void ranking() {
    const auto order = analytics::ranked(outcome_.values);
    list(order.size(), [&](std::size_t i) {
      return fmt::format(R"({{"id":{},"value":{}{}}})", id(order[i]), number(outcome_.values[order[i]]),
                         label(order[i]));
    });
  }

  // What the largest groups share, beside the sentences about it.
  void group_names(std::string_view member) {
    const auto names = analytics::name_groups(outcome_, analytics::kNamedGroups,
                                              [this](Vertex v) { return answer_.words(v); });
    add(",\n\"names\":");
    list(names.size(), [&](std::size_t i) {
      const auto& name = names[i];
      return fmt::format(R"({{"{}":{},"size":{},"words":{},"inside":{:.6g},"elsewhere":{:.6g}}})", member,
                         name.group, name.size, text_list(name.terms), name.inside, name.elsewhere);
    });
  }

  void groups(std::string_view member) {
    list(outcome_.groups.size(), [&](std::size_t i) {
      return fmt::format(R"({{"id":{},"{}":{}{}}})", id(static_cast<Vertex>(i)), member, outcome_.groups[i],
                         label(static_cast<Vertex>(i)));
    });
    group_names(member);
  }

  std::string edge(const analytics::EdgeValue& e, std::string_view member) const {
    return fmt::format(R"({{"src":{},"dst":{},"{}":{}}})", id(e.source), id(e.target), member,
                       number(e.value));
  }

  // The edges of the graph itself, for those that are made rather than read.
  void links() {
    add(",\n\"links\":");
    list(answer_.input.graph.edges.size(), [this](std::size_t i) { return link(i); });
  }

  std::string link(std::size_t i) const {
    const auto& edges = answer_.input.graph.edges;
    const std::string ends = fmt::format(R"("src":{},"dst":{})", id(edges.source[i]), id(edges.target[i]));
    if (answer_.input.edge_notes.empty())
      return fmt::format(R"({{{},"weight":{}}})", ends, edges.weighted() ? number(edges.weight[i]) : "1");
    const analytics::EdgeNote& note = answer_.input.edge_notes[i];
    return fmt::format(R"({{{},"relation":{},"sentence":{},"document":{}}})", ends, quoted(note.relation),
                       quoted(note.sentence), quoted(note.document));
  }

  std::string path(Vertex v) const {
    const Vertex before = outcome_.predecessors[v];
    return fmt::format(R"({{"id":{},"distance":{},"predecessor":{}{}}})", id(v),
                       number(outcome_.distances[v]), before == analytics::kNoVertex ? "null" : id(before),
                       label(v));
  }

  void neighbourhood() {
    std::vector<Vertex> inside;
    for (Vertex v = 0; v < outcome_.distances.size(); ++v) {
      if (std::isfinite(outcome_.distances[v])) inside.push_back(v);
    }
    add("{\"nodes\":");
    list(inside.size(), [&](std::size_t i) {
      return fmt::format(R"({{"id":{},"distance":{}{}}})", id(inside[i]),
                         number(outcome_.distances[inside[i]]), label(inside[i]));
    });
    add(",\n\"edges\":");
    list(outcome_.edge_values.size(),
         [this](std::size_t i) { return edge(outcome_.edge_values[i], "weight"); });
    add("}");
  }

  const GraphAnswer& answer_;
  const analytics::Outcome& outcome_;
  const analytics::IdTable& ids_;
  const Print& print_;
  std::string text_;
  bool open_ = true;
};

}  // namespace

std::string GraphAnswer::name(Vertex v) const {
  return input.labels.empty() || input.labels[v].empty() ? input.graph.ids.text(v) : input.labels[v];
}

std::string GraphAnswer::words(Vertex v) const {
  if (!input.words.empty()) return input.words[v];
  if (!input.labels.empty()) return input.labels[v];
  return input.graph.ids.numeric() ? std::string() : input.graph.ids.text(v);
}

bool write_graph_json(const GraphAnswer& answer, const Print& print) { return Writer(answer, print).run(); }

}  // namespace llt::app

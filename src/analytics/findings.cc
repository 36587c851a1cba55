#include "analytics/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace llt::analytics {
namespace {

constexpr std::size_t kNamedMembers = 3;
constexpr Vertex kNamedGroups = 5;

std::string percent(double part, double whole) { return fmt::format("{:.3g} %", 100 * part / whole); }

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i)
    text += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
  return text;
}

class Reporter {
 public:
  Reporter(const EdgeList& edges, const Request& request, const Outcome& outcome, const NameOf& name)
      : edges_(edges), request_(request), outcome_(outcome), name_(name) {}

  std::vector<std::string> run() {
    if (edges_.vertices == 0) return {"The graph is empty."};
    switch (info_of(request_.algorithm).answer) {
      case Answer::ranking:
        ranking();
        break;
      case Answer::communities:
      case Answer::components:
        groups();
        break;
      case Answer::edge_ranking:
        edges();
        break;
      case Answer::paths:
      case Answer::neighbourhood:
        paths();
        break;
      case Answer::positions:
        break;
    }
    return std::move(said_);
  }

 private:
  void say(std::string sentence) { said_.push_back(std::move(sentence)); }

  void ranking() {
    const auto order = ranked(outcome_.values);
    const double total = std::accumulate(outcome_.values.begin(), outcome_.values.end(), 0.0);
    const double most = outcome_.values[order.front()];
    const std::string top = name_(order.front());
    switch (request_.algorithm) {
      case Algorithm::pagerank:
        say(fmt::format("{} has the highest rank, {} of all; an average vertex has {}.", top,
                        percent(most, total), percent(1, static_cast<double>(edges_.vertices))));
        half_of(order, total, "rank");
        why_ranked(order.front());
        break;
      case Algorithm::betweenness:
        if (most <= 0) return say("No shortest path leads through a third vertex.");
        say(fmt::format(
            "{} lies on {} of all shortest paths between others: without it they get longer or break.", top,
            percent(most, 1)));
        half_of(order, total, "betweenness");
        break;
      case Algorithm::kcore: {
        const auto inner = std::ranges::count(outcome_.values, most);
        say(
            fmt::format("The innermost core has k = {:.0f}: {} vertices, each with at least {:.0f} "
                        "neighbours among them.",
                        most, inner, most));
        break;
      }
      case Algorithm::triangles:
        say(fmt::format("There are {:.0f} triangles; {} is part of {:.0f}.", total / 3, top, most));
        break;
      default:
        say(fmt::format("{} has the most edges, {:.0f}; the average is {:.3g}.", top, most,
                        total / static_cast<double>(edges_.vertices)));
    }
  }

  void half_of(const std::vector<Vertex>& order, double total, std::string_view what) {
    double sum = 0;
    std::size_t count = 0;
    while (count < order.size() && sum < total / 2) sum += outcome_.values[order[count++]];
    say(fmt::format("{} of {} vertices hold half of all {}.", count, order.size(), what));
  }

  // Why the first of a ranking is there: the heaviest edges to it.
  void why_ranked(Vertex top) {
    std::vector<std::pair<double, Vertex>> givers;
    for (std::size_t e = 0; e < edges_.size(); ++e) {
      if (edges_.target[e] == top && edges_.source[e] != top)
        givers.emplace_back(outcome_.values[edges_.source[e]] * (edges_.weighted() ? edges_.weight[e] : 1),
                            edges_.source[e]);
    }
    if (givers.empty()) return;
    std::ranges::sort(givers, std::greater<>());
    std::vector<std::string> names;
    for (const auto& [value, giver] : givers) {
      const std::string name = name_(giver);
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
      if (names.size() == kNamedMembers) break;
    }
    say(fmt::format("What lifts it most are its edges from {}.", listed(names)));
  }

  void groups() {
    const bool communities = info_of(request_.algorithm).answer == Answer::communities;
    const std::string_view noun = communities ? "communit" : "component";
    std::vector<std::vector<Vertex>> members(std::min(kNamedGroups, outcome_.group_count));
    std::vector<Vertex> size(outcome_.group_count, 0);
    for (Vertex v = 0; v < outcome_.groups.size(); ++v) {
      const Vertex group = outcome_.groups[v];
      ++size[group];
      if (group < members.size()) members[group].push_back(v);
    }
    const auto alone = std::ranges::count(size, Vertex{1});
    say(fmt::format(
        "There {} {} {}{}; the largest has {} of {} vertices{}.", outcome_.group_count == 1 ? "is" : "are",
        outcome_.group_count, noun,
        communities ? (outcome_.group_count == 1 ? "y" : "ies") : (outcome_.group_count == 1 ? "" : "s"),
        size.front(), edges_.vertices, alone == 0 ? "" : fmt::format(", {} are single vertices", alone)));
    if (communities && outcome_.modularity) {
      const double q = *outcome_.modularity;
      say(fmt::format("Modularity {:.3f}: {}.", q,
                      q < 0.3   ? "the graph hardly falls into communities"
                      : q < 0.6 ? "the communities are clear"
                                : "the communities are very clear"));
    }
    if (!communities) return;
    const auto degree = inner_degrees();
    for (Vertex group = 0; group < members.size() && members[group].size() > 1; ++group) {
      auto& all = members[group];
      const std::size_t shown = std::min(kNamedMembers, all.size());
      std::partial_sort(
          all.begin(), all.begin() + static_cast<std::ptrdiff_t>(shown), all.end(),
          [&](Vertex a, Vertex b) { return degree[a] != degree[b] ? degree[a] > degree[b] : a < b; });
      std::vector<std::string> names;
      for (std::size_t i = 0; i < shown; ++i) names.push_back(name_(all[i]));
      say(fmt::format("Community {} ({} vertices) is around {}.", group, all.size(), listed(names)));
    }
  }

  // The weight of the edges that join each vertex to its own community.
  std::vector<double> inner_degrees() const {
    std::vector<double> degree(edges_.vertices, 0.0);
    for (std::size_t e = 0; e < edges_.size(); ++e) {
      const Vertex u = edges_.source[e], v = edges_.target[e];
      if (u == v || outcome_.groups[u] != outcome_.groups[v]) continue;
      const double weight = edges_.weighted() ? edges_.weight[e] : 1;
      degree[u] += weight;
      degree[v] += weight;
    }
    return degree;
  }

  void edges() {
    const auto top = std::ranges::max_element(outcome_.edge_values, {}, &EdgeValue::value);
    if (top == outcome_.edge_values.end()) return say("There is no edge between two different vertices.");
    const std::string pair = fmt::format("{} and {}", name_(top->source), name_(top->target));
    if (request_.algorithm == Algorithm::edge_betweenness)
      say(fmt::format("The edge between {} carries {} of all shortest paths.", pair, percent(top->value, 1)));
    else
      say(fmt::format("The most alike are {}, at {:.3g}.", pair, top->value));
  }

  void paths() {
    double farthest = 0, reached = 0;
    Vertex at = request_.from.front();
    for (Vertex v = 0; v < outcome_.distances.size(); ++v) {
      if (std::isinf(outcome_.distances[v])) continue;
      ++reached;
      if (outcome_.distances[v] > farthest) {
        farthest = outcome_.distances[v];
        at = v;
      }
    }
    say(fmt::format("{:.0f} of {} vertices are reached; the farthest is {}, at {:.6g}.", reached,
                    edges_.vertices, name_(at), farthest));
  }

  const EdgeList& edges_;
  const Request& request_;
  const Outcome& outcome_;
  const NameOf& name_;
  std::vector<std::string> said_;
};

}  // namespace

std::vector<std::string> findings(const EdgeList& edges, const Request& request, const Outcome& outcome,
                                  const NameOf& name) {
  return Reporter(edges, request, outcome, name).run();
}

std::vector<Vertex> ranked(const std::vector<double>& values) {
  std::vector<Vertex> order(values.size());
  std::iota(order.begin(), order.end(), Vertex{0});
  std::ranges::stable_sort(order, [&](Vertex a, Vertex b) { return values[a] > values[b]; });
  return order;
}

}  // namespace llt::analytics

#include "analytics/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <numeric>

#include "analytics/group_names.h"
#include "analytics/why.h"

namespace llt::analytics {
namespace {

constexpr std::size_t kNamedMembers = 3;
// Looking at every edge again takes as long as some algorithms.
constexpr std::size_t kMostEdgesLookedAt = 20'000'000;

std::string percent(double part, double whole) { return fmt::format("{:.3g} %", 100 * part / whole); }

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i)
    text += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
  return text;
}

class Reporter {
 public:
  Reporter(const EdgeList& edges, const Request& request, const Outcome& outcome, const NameOf& name,
           const NameOf& words)
      : edges_(edges), request_(request), outcome_(outcome), name_(name), words_(words) {}

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
  [[nodiscard]] bool small() const { return edges_.size() <= kMostEdgesLookedAt; }

  std::string names_of(const std::vector<Vertex>& vertices, std::size_t most = kNamedMembers) const {
    std::vector<std::string> names;
    for (const Vertex v : vertices) {
      std::string name = name_(v);
      if (names.size() < most && std::ranges::find(names, name) == names.end())
        names.push_back(std::move(name));
    }
    return listed(names);
  }

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
        why_ranked(order, total);
        break;
      case Algorithm::betweenness:
        if (most <= 0) return say("No shortest path leads through a third vertex.");
        say(fmt::format(
            "{} lies on {} of all shortest paths between others: without it they get longer or break.", top,
            percent(most, 1)));
        half_of(order, total, "betweenness");
        if (small()) say(parts("Without " + top + " what it joins", parts_without(edges_, order.front())));
        break;
      case Algorithm::kcore: {
        const auto inner = std::ranges::count(outcome_.values, most);
        say(
            fmt::format("The innermost core has k = {:.0f}: {} vertices, each with at least {:.0f} "
                        "neighbours among them.",
                        most, inner, most));
        if (most > 0)
          say("Among them: " +
              names_of(order, std::min<std::size_t>(kNamedMembers, static_cast<std::size_t>(inner))) + ".");
        break;
      }
      case Algorithm::triangles:
        say(fmt::format("There are {:.0f} triangles; {} is part of {:.0f}.", total / 3, top, most));
        why_triangles(order.front(), most);
        break;
      default:
        say(fmt::format("{} has the most edges, {:.0f}; the average is {:.3g}.", top, most,
                        total / static_cast<double>(edges_.vertices)));
        why_degree(order.front());
    }
  }

  static std::string parts(const std::string& without, const std::vector<Vertex>& sizes) {
    if (sizes.size() < 2) return without + " stays connected: there are ways around it.";
    std::vector<std::string> largest;
    for (std::size_t i = 0; i < std::min(kNamedMembers, sizes.size()); ++i)
      largest.push_back(std::to_string(sizes[i]));
    return fmt::format("{} falls into {} parts, {} of {} vertices.", without, sizes.size(),
                       sizes.size() > kNamedMembers ? "the largest" : "those", listed(largest));
  }

  void why_triangles(Vertex top, double triangles) {
    if (triangles <= 0 || !small()) return;
    const auto neighbours = static_cast<double>(neighbours_of(edges_, top).size());
    say(fmt::format("It has {:.0f} neighbours: {} of their pairs are joined.", neighbours,
                    percent(triangles, neighbours * (neighbours - 1) / 2)));
  }

  void why_degree(Vertex top) {
    if (edges_.size() == 0) return;
    const auto out = std::ranges::count(edges_.source, top), in = std::ranges::count(edges_.target, top);
    const std::vector<double> same(edges_.vertices, 1.0);
    say(fmt::format("{} lead to it and {} from it; most are with {}.", in, out,
                    names_of(strongest_givers(edges_, same, top, false, kNamedMembers))));
  }

  void half_of(const std::vector<Vertex>& order, double total, std::string_view what) {
    double sum = 0;
    std::size_t count = 0;
    while (count < order.size() && sum < total / 2) sum += outcome_.values[order[count++]];
    say(fmt::format("{} of {} vertices {} half of all {}.", count, order.size(),
                    count == 1 ? "holds" : "hold", what));
  }

  // Why the first ones are there: the edges that bring most.
  void why_ranked(const std::vector<Vertex>& order, double total) {
    if (!small()) return;
    constexpr std::array kPlace{"What lifts it most are its edges from", "second", "third"};
    for (std::size_t i = 0; i < std::min(kPlace.size(), order.size()); ++i) {
      const auto givers =
          strongest_givers(edges_, outcome_.values, order[i], takes_direction(request_), kNamedMembers);
      if (givers.empty()) return;
      if (i == 0)
        say(fmt::format("{} {}.", kPlace[i], names_of(givers)));
      else
        say(fmt::format("The {} is {} with {}, lifted most by {}.", kPlace[i], name_(order[i]),
                        percent(outcome_.values[order[i]], total), names_of(givers)));
    }
  }

  void groups() {
    const bool communities = info_of(request_.algorithm).answer == Answer::communities;
    const std::string_view noun = communities ? "communit" : "component";
    std::vector<Vertex> size(outcome_.group_count, 0);
    for (const Vertex group : outcome_.groups) ++size[group];
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
    const auto names = words_ ? name_groups(outcome_, kNamedGroups, words_) : std::vector<GroupName>();
    const auto around = middles(size);
    for (Vertex group = 0; group < around.size() && size[group] > 1; ++group) {
      const std::string name = group < names.size() ? named(names[group]) : std::string();
      if (name.empty() && !communities) continue;
      say(fmt::format("{} {} ({} vertices) {}is around {}.", communities ? "Community" : "Component", group,
                      size[group], name, names_of(around[group])));
    }
  }

  // "is about gpu, memory (shared by 92 % of it and 3 % of all others) and "
  std::string named(const GroupName& name) const {
    if (name.terms.empty()) return {};
    const std::string elsewhere =
        name.size == edges_.vertices ? "" : fmt::format(" and {} of all others", percent(name.elsewhere, 1));
    return fmt::format("is about {} (the first in {} of it{}) and ", listed(name.terms),
                       percent(name.inside, 1), elsewhere);
  }

  // Of each of the first groups the members with the heaviest edges inside it.
  std::vector<std::vector<Vertex>> middles(const std::vector<Vertex>& size) const {
    const auto degree = inner_degrees();
    std::vector<std::vector<Vertex>> members(std::min<std::size_t>(kNamedGroups, size.size()));
    for (Vertex v = 0; v < outcome_.groups.size(); ++v) {
      if (outcome_.groups[v] < members.size()) members[outcome_.groups[v]].push_back(v);
    }
    for (auto& all : members) {
      const std::size_t shown = std::min(kNamedMembers, all.size());
      std::ranges::partial_sort(
          all, all.begin() + static_cast<std::ptrdiff_t>(shown),
          [&](Vertex a, Vertex b) { return degree[a] != degree[b] ? degree[a] > degree[b] : a < b; });
      all.resize(shown);
    }
    return members;
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
    if (!small()) return;
    if (request_.algorithm == Algorithm::edge_betweenness)
      return say(parts("Without it what it joins", parts_without(edges_, top->source, top->target)));
    std::vector<Vertex> common;
    std::ranges::set_intersection(neighbours_of(edges_, top->source), neighbours_of(edges_, top->target),
                                  std::back_inserter(common));
    if (!common.empty())
      say(fmt::format("{} neighbours are common to them, such as {}.", common.size(), names_of(common)));
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
  const NameOf& words_;
  std::vector<std::string> said_;
};

}  // namespace

std::vector<std::string> findings(const EdgeList& edges, const Request& request, const Outcome& outcome,
                                  const NameOf& name, const NameOf& words) {
  return Reporter(edges, request, outcome, name, words).run();
}

std::vector<Vertex> ranked(const std::vector<double>& values) {
  std::vector<Vertex> order(values.size());
  std::iota(order.begin(), order.end(), Vertex{0});
  std::ranges::stable_sort(order, [&](Vertex a, Vertex b) { return values[a] > values[b]; });
  return order;
}

}  // namespace llt::analytics

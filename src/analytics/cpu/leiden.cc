// Traag, Waltman, van Eck: From Louvain to Leiden (2019). Vertices move to the neighbouring group with the
// most gain until none gains; each group is then split into parts that hold together (Leiden only); the
// parts, or the groups themselves, become the vertices of a smaller graph, and so on. On the way back to the
// first graph the vertices of each may move again, as in NetworKit's Louvain: that finds more than a further
// round on graphs without much structure, and takes less time.

#include "analytics/cpu/leiden.h"

#include <algorithm>
#include <deque>
#include <numeric>
#include <random>
#include <utility>

namespace llt::analytics::cpu {
namespace {

using Random = std::mt19937_64;

// A gain below this share of a vertex's weight is rounding: moving for it might never end.
constexpr double kRounding = 1e-10;

std::vector<Vertex> counting(Vertex size) {
  std::vector<Vertex> numbers(size);
  std::iota(numbers.begin(), numbers.end(), Vertex{0});
  return numbers;
}

std::vector<Vertex> shuffled(Vertex size, Random& random) {
  auto order = counting(size);
  // Not std::shuffle: its result is the library's choice.
  for (Vertex i = size; i > 1; --i) std::swap(order[i - 1], order[random() % i]);
  return order;
}

// One of the graphs: the first, or one whose vertices are parts of the one before. What is inside a vertex
// counts in its weight only.
struct Level {
  const Csr& graph;
  std::vector<double> weight;        // of each vertex: of all edges at it, a loop twice
  std::vector<Vertex> part_of = {};  // of each vertex: the part that it is in
  Csr smaller = {};                  // of the parts

  [[nodiscard]] Vertex vertices() const { return graph.vertices(); }
};

std::vector<double> vertex_weights(const Csr& both) {
  std::vector<double> weight(both.vertices(), 0.0);
  for (Vertex u = 0; u < both.vertices(); ++u) {
    for (std::uint64_t arc = both.offsets[u]; arc < both.offsets[u + 1]; ++arc)
      weight[u] += both.weight(arc) * (both.targets[arc] == u ? 2 : 1);
  }
  return weight;
}

// Which vertex is in which group. Groups may be empty.
struct Groups {
  std::vector<Vertex> of;
  std::vector<double> weight;   // of each group: of its vertices
  std::vector<Vertex> members;  // of each group: how many

  Groups(std::vector<Vertex> groups, const Level& level)
      : of(std::move(groups)), weight(level.vertices(), 0.0), members(level.vertices(), 0) {
    for (Vertex v = 0; v < level.vertices(); ++v) {
      weight[of[v]] += level.weight[v];
      ++members[of[v]];
    }
  }

  static Groups alone(const Level& level) { return {counting(level.vertices()), level}; }

  void move(Vertex v, double vertex_weight, Vertex to) {
    const Vertex from = std::exchange(of[v], to);
    weight[from] -= vertex_weight;
    weight[to] += vertex_weight;
    --members[from];
    ++members[to];
  }

  // Renumbers the groups without gaps, in the order of their first vertices; says how many there are.
  Vertex close_gaps() {
    std::vector<Vertex> number(members.size(), kNoVertex);
    Vertex count = 0;
    for (Vertex& group : of) {
      if (number[group] == kNoVertex) number[group] = count++;
      group = number[group];
    }
    return count;
  }
};

// The weight between one vertex and each group that it has an edge to.
class Links {
 public:
  explicit Links(Vertex groups) : weight_(groups, 0.0), found_(std::size_t{groups} + 1) {}

  // A weight of 0 joins nothing.
  void add(Vertex group, double weight) {
    found_[count_] = group;
    count_ += static_cast<std::size_t>(!(weight_[group] > 0)) & static_cast<std::size_t>(weight > 0);
    weight_[group] += weight;
  }
  void clear() {
    for (const Vertex group : found()) weight_[group] = 0;
    count_ = 0;
  }
  [[nodiscard]] std::span<const Vertex> found() const { return {found_.data(), count_}; }
  [[nodiscard]] double to(Vertex group) const { return weight_[group]; }

 private:
  std::vector<double> weight_;
  std::vector<Vertex> found_;
  std::size_t count_ = 0;
};

// Vertices that wait to be looked at, each at most once.
class Queue {
 public:
  explicit Queue(std::vector<Vertex> order)
      : ring_(std::move(order)), waits_(ring_.size(), true), count_(ring_.size()) {}

  [[nodiscard]] bool empty() const { return count_ == 0; }
  Vertex pop() {
    const Vertex v = ring_[first_];
    if (++first_ == ring_.size()) first_ = 0;
    --count_;
    waits_[v] = false;
    return v;
  }
  // One that comes soon: the row that will be read then can be fetched.
  [[nodiscard]] Vertex soon() const {
    constexpr std::size_t kSoon = 4;
    const std::size_t place = first_ + kSoon;
    return ring_[place < ring_.size() ? place : first_];
  }
  void push(Vertex v) {
    if (waits_[v]) return;
    waits_[v] = true;
    const std::size_t place = first_ + count_++;
    ring_[place < ring_.size() ? place : place - ring_.size()] = v;
  }

 private:
  std::vector<Vertex> ring_;
  std::vector<char> waits_;
  std::size_t first_ = 0, count_;
};

// Vertices move until none gains by it.
class Moving {
 public:
  // `expected`: the resolution divided by twice the weight of all edges.
  Moving(const Level& level, Groups& groups, double resolution, double expected)
      : level_(level),
        groups_(groups),
        tolerance_(kRounding * std::max(1.0, resolution)),
        expected_(expected),
        links_(level.vertices()) {
    for (Vertex group = level.vertices(); group-- > 0;) {
      if (groups.members[group] == 0) empty_.push_back(group);
    }
  }

  // Whether any did.
  bool run(Random& random) {
    bool moved = false;
    Queue queue(shuffled(level_.vertices(), random));
    while (!queue.empty()) {
      fetch_row(queue.soon());
      const Vertex v = queue.pop(), from = groups_.of[v], to = best_for(v);
      if (to == from) continue;
      moved = true;
      if (groups_.members[to] == 0) empty_.pop_back();
      groups_.move(v, level_.weight[v], to);
      if (groups_.members[from] == 0) empty_.push_back(from);
      for (const Vertex u : level_.graph.row(v)) {
        if (groups_.of[u] != to) queue.push(u);
      }
    }
    return moved;
  }

 private:
  void fetch_row(Vertex v) const {
    const Vertex* row = level_.graph.targets.data() + level_.graph.offsets[v];
    __builtin_prefetch(row);
    __builtin_prefetch(row + 16);
  }

  Vertex best_for(Vertex v) {
    const Csr& graph = level_.graph;
    const Vertex own = groups_.of[v];
    double to_own = 0;  // apart from the others: most arcs of most vertices
    links_.clear();
    for (std::uint64_t arc = graph.offsets[v]; arc < graph.offsets[v + 1]; ++arc) {
      const Vertex u = graph.targets[arc], group = groups_.of[u];
      if (group != own)
        links_.add(group, graph.weight(arc));
      else if (u != v)
        to_own += graph.weight(arc);
    }
    const double weight = level_.weight[v], by_chance = weight * expected_;
    Vertex best = own;
    double most = to_own - by_chance * (groups_.weight[own] - weight) + tolerance_ * weight;
    for (const Vertex group : links_.found()) {
      const double gain = links_.to(group) - by_chance * groups_.weight[group];
      if (gain > most) best = group, most = gain;
    }
    return most < 0 && groups_.members[own] > 1 ? empty_.back() : best;
  }

  const Level& level_;
  Groups& groups_;
  double tolerance_, expected_;
  Links links_;
  std::vector<Vertex> empty_;
};

// Splits every group into parts: vertices begin alone and join a part of their group, by edges that weigh
// something and without loss, as long as they and it hold on to the rest of the group.
class Refinement {
 public:
  Refinement(const Level& level, const Groups& groups, double expected)
      : level_(level),
        groups_(groups),
        parts_(Groups::alone(level)),
        expected_(expected),
        held_(level.vertices(), 0.0),
        links_(level.vertices()) {
    for (Vertex v = 0; v < level.vertices(); ++v) {
      double held = 0;
      each_inside(v, [&](Vertex, double weight) { held += weight; });
      held_[v] = held;
    }
  }

  Groups run(Random& random) {
    for (const Vertex v : shuffled(level_.vertices(), random)) {
      if (parts_.members[parts_.of[v]] == 1 && holds(v)) join(v);
    }
    return std::move(parts_);
  }

 private:
  template <class Visit>
  void each_inside(Vertex v, Visit&& visit) const {
    const Csr& graph = level_.graph;
    for (std::uint64_t arc = graph.offsets[v]; arc < graph.offsets[v + 1]; ++arc) {
      const Vertex u = graph.targets[arc];
      if (u != v && groups_.of[u] == groups_.of[v]) visit(u, graph.weight(arc));
    }
  }

  // Whether a part is joined to the rest of its group at least as much as chance would; `part` is also one of
  // its vertices, the one that it began with.
  [[nodiscard]] bool holds(Vertex part) const {
    const double weight = parts_.weight[part];
    return held_[part] >= expected_ * weight * (groups_.weight[groups_.of[part]] - weight);
  }

  void join(Vertex v) {
    links_.clear();
    each_inside(v, [&](Vertex u, double weight) { links_.add(parts_.of[u], weight); });
    const double by_chance = level_.weight[v] * expected_;
    Vertex best = v;
    double most = 0;
    for (const Vertex part : links_.found()) {
      const double gain = links_.to(part) - by_chance * parts_.weight[part];
      if (gain >= most && (best == v || gain > most) && holds(part)) best = part, most = gain;
    }
    if (best == v) return;
    held_[best] += held_[v] - 2 * links_.to(best);
    parts_.move(v, level_.weight[v], best);
  }

  const Level& level_;
  const Groups& groups_;
  Groups parts_;
  double expected_;
  std::vector<double> held_;  // of each part: the weight to the rest of its group
  Links links_;
};

// The graph whose vertices are the parts of this one, of which there are `count`.
Csr joined(const Level& level, Vertex count) {
  const auto& part_of = level.part_of;
  std::vector<Vertex> begin(std::size_t{count} + 1, 0), members(part_of.size());
  for (const Vertex part : part_of) ++begin[part + 1];
  std::partial_sum(begin.begin(), begin.end(), begin.begin());
  std::vector<Vertex> next(begin.begin(), begin.end() - 1);
  for (Vertex v = 0; v < level.vertices(); ++v) members[next[part_of[v]]++] = v;
  Csr smaller;
  Links links(count);
  for (Vertex part = 0; part < count; ++part) {
    links.clear();
    for (const Vertex v : std::span(members).subspan(begin[part], begin[part + 1] - begin[part])) {
      for (std::uint64_t arc = level.graph.offsets[v]; arc < level.graph.offsets[v + 1]; ++arc) {
        const Vertex to = part_of[level.graph.targets[arc]];
        if (to != part) links.add(to, level.graph.weight(arc));
      }
    }
    for (const Vertex to : links.found()) {
      smaller.targets.push_back(to);
      smaller.weights.push_back(links.to(to));
    }
    smaller.offsets.push_back(smaller.targets.size());
  }
  return smaller;
}

// A vertex that moves away may leave its group in pieces, which are worth more apart.
void split_unconnected(const Csr& both, std::vector<Vertex>& groups) {
  auto parent = counting(both.vertices());
  const auto root = [&](Vertex v) {
    while (parent[v] != v) v = parent[v] = parent[parent[v]];
    return v;
  };
  for (Vertex u = 0; u < both.vertices(); ++u) {
    for (std::uint64_t arc = both.offsets[u]; arc < both.offsets[u + 1]; ++arc) {
      const Vertex v = both.targets[arc];
      if (v >= u || groups[u] != groups[v] || both.weight(arc) == 0) continue;
      const Vertex a = root(u), b = root(v);
      parent[std::max(a, b)] = std::min(a, b);
    }
  }
  for (Vertex v = 0; v < both.vertices(); ++v) groups[v] = root(v);
}

class Search {
 public:
  Search(const Csr& both, const GroupSearch& how)
      : both_(both), how_(how), random_(how.seed), weight_(vertex_weights(both)) {
    const double total = std::accumulate(weight_.begin(), weight_.end(), 0.0);
    expected_ = total > 0 ? how.resolution / total : 0;
  }

  std::vector<Vertex> run() {
    auto groups = how_.begin.empty() ? counting(both_.vertices()) : how_.begin;
    int rounds = 0;
    while (rounds < how_.rounds && improve(groups)) ++rounds;
    if (how_.refine) split_unconnected(both_, groups);
    return groups;
  }

 private:
  // One round, from the graph itself to the smallest and back. Whether anything moved.
  bool improve(std::vector<Vertex>& group_of) {
    std::deque<Level> levels;
    levels.push_back({both_, weight_});
    Groups groups(std::move(group_of), levels.back());
    bool moved = move(levels.back(), groups);
    while (shrink(levels, groups)) moved = move(levels.back(), groups) || moved;
    while (levels.size() > 1) {
      expand(levels, groups);
      moved = move(levels.back(), groups) || moved;
    }
    group_of = std::move(groups.of);
    return moved;
  }

  bool move(const Level& level, Groups& groups) {
    return Moving(level, groups, how_.resolution, expected_).run(random_);
  }

  // Adds the level of the parts of the last one. False when there is nothing to join.
  bool shrink(std::deque<Level>& levels, Groups& groups) {
    Level& level = levels.back();
    Groups parts = how_.refine ? Refinement(level, groups, expected_).run(random_) : groups;
    const Vertex count = parts.close_gaps();
    if (count == level.vertices()) return false;
    groups.close_gaps();
    std::vector<double> weight(count, 0.0);
    std::vector<Vertex> group_of(count);
    for (Vertex v = 0; v < level.vertices(); ++v) {
      weight[parts.of[v]] += level.weight[v];
      group_of[parts.of[v]] = groups.of[v];
    }
    level.part_of = std::move(parts.of);
    level.smaller = joined(level, count);
    levels.push_back({level.smaller, std::move(weight)});
    groups = Groups(std::move(group_of), levels.back());
    return true;
  }

  // Drops the last level: its vertices' groups are those of the vertices in them.
  static void expand(std::deque<Level>& levels, Groups& groups) {
    levels.pop_back();
    const Level& level = levels.back();
    std::vector<Vertex> group_of(level.vertices());
    for (Vertex v = 0; v < level.vertices(); ++v) group_of[v] = groups.of[level.part_of[v]];
    groups = Groups(std::move(group_of), level);
  }

  const Csr& both_;
  const GroupSearch& how_;
  Random random_;
  std::vector<double> weight_;
  double expected_ = 0;
};

}  // namespace

std::vector<Vertex> find_groups(const Csr& both, const GroupSearch& how) { return Search(both, how).run(); }

}  // namespace llt::analytics::cpu

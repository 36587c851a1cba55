// ForceAtlas2 (Jacomy, Venturini, Heymann, Bastian, 2014): vertices repel each other by degree, edges pull,
// gravity keeps the parts together. Repulsion is summed over the cells of a quadtree (Barnes and Hut).

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <random>

#include "analytics/cpu/kernels.h"
#include "analytics/cpu/parallel.h"

namespace llt::analytics::cpu {
namespace {

constexpr double kFarEnough = 1.2;  // a cell that looks smaller than this acts as one point
constexpr double kGravity = 1.0, kRepulsion = 2.0, kTolerance = 1.0;
constexpr unsigned kDeepest = 48;
constexpr std::size_t kPlacesATask = 512;

struct Point {
  double x = 0, y = 0;
  Point operator+(Point o) const { return {x + o.x, y + o.y}; }
  Point operator-(Point o) const { return {x - o.x, y - o.y}; }
  Point operator*(double f) const { return {x * f, y * f}; }
  [[nodiscard]] double length() const { return std::hypot(x, y); }
};

/// A quadtree over points with masses, rebuilt in every round.
class QuadTree {
 public:
  void build(const std::vector<Point>& at, const std::vector<double>& mass) {
    at_ = &at;
    mass_ = &mass;
    order_.resize(at.size());
    std::iota(order_.begin(), order_.end(), Vertex{0});
    cells_.clear();
    Point low = at.front(), high = at.front();
    for (const Point p : at) {
      low = {std::min(low.x, p.x), std::min(low.y, p.y)};
      high = {std::max(high.x, p.x), std::max(high.y, p.y)};
    }
    const double size = std::max({high.x - low.x, high.y - low.y, 1e-9});
    add_cell({0, at.size()}, low, size, 0);
  }

  /// The sum of mass / distance^2 * (own - other) over all others: to be multiplied by the own mass.
  [[nodiscard]] Point push(Vertex own) const {
    Point force;
    visit(0, own, force);
    return force;
  }

 private:
  struct Range {
    std::size_t begin, end;
  };
  struct Cell {
    Range range;
    Point centre;
    double mass, size;
    std::array<std::int64_t, 4> parts{-1, -1, -1, -1};
    bool leaf;
  };

  std::int64_t add_cell(Range range, Point corner, double size, unsigned depth) {
    constexpr std::size_t kLeaf = 8;
    const std::size_t index = cells_.size();
    cells_.push_back(
        {range, {}, 0, size, {-1, -1, -1, -1}, range.end - range.begin <= kLeaf || depth >= kDeepest});
    weigh(cells_.back());
    if (cells_[index].leaf) return static_cast<std::int64_t>(index);
    const double half = size / 2;
    const Point middle = corner + Point{half, half};
    const auto begin = order_.begin() + static_cast<std::ptrdiff_t>(range.begin);
    const auto end = order_.begin() + static_cast<std::ptrdiff_t>(range.end);
    const auto left_end = std::partition(begin, end, [&](Vertex v) { return (*at_)[v].x < middle.x; });
    const auto below = [&](Vertex v) { return (*at_)[v].y < middle.y; };
    const std::array borders{begin, std::partition(begin, left_end, below), left_end,
                             std::partition(left_end, end, below), end};
    for (std::size_t part = 0; part < 4; ++part) {
      const Range inner{static_cast<std::size_t>(borders[part] - order_.begin()),
                        static_cast<std::size_t>(borders[part + 1] - order_.begin())};
      if (inner.begin == inner.end) continue;
      const Point at = corner + Point{part >= 2 ? half : 0, part % 2 == 1 ? half : 0};
      const std::int64_t made = add_cell(inner, at, half, depth + 1);
      cells_[index].parts[part] = made;
    }
    return static_cast<std::int64_t>(index);
  }

  void weigh(Cell& cell) const {
    for (std::size_t i = cell.range.begin; i < cell.range.end; ++i) {
      const double mass = (*mass_)[order_[i]];
      cell.mass += mass;
      cell.centre = cell.centre + (*at_)[order_[i]] * mass;
    }
    cell.centre = cell.centre * (1 / cell.mass);
  }

  static void add_push(Point own, Point other, double mass, Point& force) {
    const Point away = own - other;
    const double squared = away.x * away.x + away.y * away.y;
    if (squared > 0) force = force + away * (mass / squared);
  }

  void visit(std::int64_t index, Vertex own, Point& force) const {
    const Cell& cell = cells_[static_cast<std::size_t>(index)];
    const Point at = (*at_)[own];
    if (cell.leaf) {
      for (std::size_t i = cell.range.begin; i < cell.range.end; ++i)
        add_push(at, (*at_)[order_[i]], (*mass_)[order_[i]], force);
      return;
    }
    if ((at - cell.centre).length() > kFarEnough * cell.size)
      return add_push(at, cell.centre, cell.mass, force);
    for (const std::int64_t part : cell.parts) {
      if (part >= 0) visit(part, own, force);
    }
  }

  const std::vector<Point>* at_ = nullptr;
  const std::vector<double>* mass_ = nullptr;
  std::vector<Vertex> order_;
  std::vector<Cell> cells_;
};

class ForceAtlas {
 public:
  ForceAtlas(const Csr& both, const Request& request)
      : graph_(both),
        threads_(thread_count(request.threads)),
        force_(both.vertices()),
        before_(both.vertices()) {
    // Not std::uniform_real_distribution: its results are the library's choice.
    std::mt19937_64 random(request.seed);
    const auto unit = [&] { return static_cast<double>(random() >> 11) * 0x1p-53 - 0.5; };
    const double spread = 10 * std::sqrt(static_cast<double>(both.vertices()) + 1);
    for (Vertex v = 0; v < both.vertices(); ++v) {
      const double x = unit() * spread;
      at_.push_back({x, unit() * spread});
      mass_.push_back(1.0 + static_cast<double>(both.degree(v)));
    }
  }

  void round() {
    tree_.build(at_, mass_);
    each_task((at_.size() + kPlacesATask - 1) / kPlacesATask, threads_, [&](std::size_t task, unsigned) {
      const std::size_t end = std::min(at_.size(), (task + 1) * kPlacesATask);
      for (std::size_t v = task * kPlacesATask; v < end; ++v) force_[v] = force_on(static_cast<Vertex>(v));
    });
    move();
    before_ = force_;
  }

  [[nodiscard]] const std::vector<Point>& places() const { return at_; }

 private:
  Point force_on(Vertex v) const {
    const Point at = at_[v];
    Point force = tree_.push(v) * (kRepulsion * mass_[v]);
    for (std::uint64_t arc = graph_.offsets[v]; arc < graph_.offsets[v + 1]; ++arc)
      force = force + (at_[graph_.targets[arc]] - at) * graph_.weight(arc);
    const double away = at.length();
    return away > 0 ? force - at * (kGravity * mass_[v] / away) : force;
  }

  // A vertex that swings back and forth goes slowly; the whole goes as fast as its vertices agree.
  void move() {
    double swinging = 0, going = 0;
    for (std::size_t v = 0; v < at_.size(); ++v) {
      swinging += mass_[v] * (force_[v] - before_[v]).length();
      going += mass_[v] * (force_[v] + before_[v]).length() / 2;
    }
    const double n = static_cast<double>(at_.size());
    const double jitter =
        kTolerance * std::clamp(0.05 * std::sqrt(n) * going / (n * n), std::sqrt(0.05 * std::sqrt(n)), 10.0);
    const double wanted = swinging > 0 ? jitter * efficiency_ * going / swinging : speed_ * 1.5;
    if (swinging > jitter * going)
      efficiency_ = std::max(efficiency_ * 0.7, 0.05);
    else if (speed_ < 1000)
      efficiency_ *= 1.3;
    speed_ += std::min(wanted - speed_, 0.5 * speed_);
    for (std::size_t v = 0; v < at_.size(); ++v) {
      const double swing = mass_[v] * (force_[v] - before_[v]).length();
      at_[v] = at_[v] + force_[v] * (speed_ / (1 + std::sqrt(speed_ * swing)));
    }
  }

  const Csr& graph_;
  unsigned threads_;
  std::vector<Point> at_, force_, before_;
  std::vector<double> mass_;
  QuadTree tree_;
  double speed_ = 1, efficiency_ = 1;
};

unsigned default_rounds(Vertex vertices) { return vertices <= 20'000 ? 500 : 100; }

}  // namespace

Outcome layout(const Csr& both, const Request& request, const Progress& progress) {
  Outcome outcome;
  if (both.vertices() == 0) return outcome;
  ForceAtlas atlas(both, request);
  const unsigned rounds =
      both.vertices() == 1 ? 0 : request.iterations.value_or(default_rounds(both.vertices()));
  for (unsigned i = 0; i < rounds; ++i) {
    atlas.round();
    if (progress) progress(static_cast<double>(i + 1) / rounds);
  }
  for (const Point place : atlas.places()) {
    outcome.x.push_back(static_cast<float>(place.x));
    outcome.y.push_back(static_cast<float>(place.y));
  }
  return outcome;
}

}  // namespace llt::analytics::cpu

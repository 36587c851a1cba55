#include "views/trace/span_rows.h"

#include <algorithm>
#include <array>
#include <bit>
#include <boost/unordered/unordered_flat_map.hpp>
#include <numeric>
#include <tuple>
#include <utility>

namespace llt::views {
namespace {

using analytics::kNoSpan;
using Rows = std::deque<SpanRow>;
using Order = std::vector<std::uint32_t>;  // which row stands at each place

constexpr unsigned kDigitBits = 11;
constexpr std::size_t kDigits = std::size_t{1} << kDigitBits;

struct Key {
  std::uint64_t time;  // from the first start
  std::uint32_t row;
};

bool before(const SpanRow& a, const SpanRow& b) {
  return std::tuple(a.start, -a.duration, a.id) < std::tuple(b.start, -b.duration, b.id);
}

std::vector<Key> keys_of(const Rows& rows) {
  UnixNs first = rows.front().start;
  for (const SpanRow& row : rows) first = std::min(first, row.start);
  std::vector<Key> keys;
  keys.reserve(rows.size());
  for (const SpanRow& row : rows) {
    const std::uint64_t time = static_cast<std::uint64_t>(row.start) - static_cast<std::uint64_t>(first);
    keys.push_back({time, static_cast<std::uint32_t>(keys.size())});
  }
  return keys;
}

// One pass: `from` in order of the digit at `shift`, otherwise as it stood.
void distribute(const std::vector<Key>& from, std::vector<Key>& to, unsigned shift) {
  std::array<std::uint32_t, kDigits> next{};
  for (const Key& key : from) ++next[key.time >> shift & (kDigits - 1)];
  std::uint32_t sum = 0;
  for (std::uint32_t& count : next) sum += std::exchange(count, sum);
  for (const Key& key : from) to[next[key.time >> shift & (kDigits - 1)]++] = key;
}

void sort_by_time(std::vector<Key>& keys) {
  std::uint64_t all = 0;
  for (const Key& key : keys) all |= key.time;
  std::vector<Key> other(keys.size());
  const auto bits = static_cast<unsigned>(std::bit_width(all));
  for (unsigned shift = 0; shift < bits; shift += kDigitBits) {
    distribute(keys, other, shift);
    keys.swap(other);
  }
}

// Spans that start at once stand together: only these are compared.
void sort_ties(const Rows& rows, const std::vector<Key>& keys, Order& order) {
  for (std::size_t begin = 0, end = 0; begin < keys.size(); begin = end) {
    while (end < keys.size() && keys[end].time == keys[begin].time) ++end;
    if (end - begin < 2) continue;
    std::sort(order.begin() + static_cast<std::ptrdiff_t>(begin),
              order.begin() + static_cast<std::ptrdiff_t>(end),
              [&](std::uint32_t a, std::uint32_t b) { return before(rows[a], rows[b]); });
  }
}

Order order_of(const Rows& rows) {
  Order order(rows.size());
  if (std::ranges::is_sorted(rows, before)) {
    std::iota(order.begin(), order.end(), 0U);
    return order;
  }
  std::vector<Key> keys = keys_of(rows);
  sort_by_time(keys);
  std::ranges::transform(keys, order.begin(), &Key::row);
  sort_ties(rows, keys, order);
  return order;
}

using Places = boost::unordered_flat_map<std::uint64_t, std::uint32_t>;

// Where each span stands that others name as their parent. Few are, so few are looked up.
Places places_of_parents(const Rows& rows, const std::vector<std::uint64_t>& ids) {
  Places places;
  std::uint64_t last = 0;
  for (const SpanRow& row : rows) {
    if (row.parent != last && row.parent != 0) places.emplace(row.parent, kNoSpan);
    last = row.parent;
  }
  for (std::uint32_t i = 0; i < ids.size(); ++i) {
    const auto found = places.find(ids[i]);
    if (found != places.end() && found->second == kNoSpan) found->second = i;
  }
  return places;
}

void link(const Rows& rows, const Order& order, OrderedSpans& spans) {
  const Places places = places_of_parents(rows, spans.ids);
  std::uint64_t last = 0;  // siblings often follow each other
  std::uint32_t parent = kNoSpan;
  for (std::uint32_t i = 0; i < order.size(); ++i) {
    const SpanRow& row = rows[order[i]];
    if (row.parent != last) {
      last = row.parent;
      parent = last == 0 ? kNoSpan : places.find(last)->second;
    }
    if (last != 0 && parent == kNoSpan) ++spans.orphans;
    spans.times.push_back({row.start, row.duration, parent == i ? kNoSpan : parent});
  }
}

}  // namespace

OrderedSpans order_spans(const Rows& rows) {
  OrderedSpans spans;
  if (rows.empty()) return spans;
  spans.ids.reserve(rows.size());
  spans.labels.reserve(rows.size());
  spans.times.reserve(rows.size());
  const Order order = order_of(rows);
  for (const std::uint32_t row : order) {
    spans.ids.push_back(rows[row].id);
    spans.labels.push_back(rows[row].label);
  }
  link(rows, order, spans);
  return spans;
}

}  // namespace llt::views

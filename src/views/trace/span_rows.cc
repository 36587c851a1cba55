#include "views/trace/span_rows.h"

#include <algorithm>
#include <array>
#include <bit>
#include <boost/unordered/unordered_flat_map.hpp>
#include <tuple>
#include <utility>

namespace llt::views {
namespace {

constexpr unsigned kDigitBits = 11;
constexpr std::size_t kDigits = std::size_t{1} << kDigitBits;

struct Key {
  std::uint64_t time;  // from the first start
  std::uint32_t span;
};

bool before(const SpanRow& a, const SpanRow& b) {
  return std::tuple(a.start, -a.duration, a.id) < std::tuple(b.start, -b.duration, b.id);
}

std::vector<Key> keys_of(const std::vector<SpanRow>& spans) {
  const auto first = static_cast<std::uint64_t>(std::ranges::min(spans, {}, &SpanRow::start).start);
  std::vector<Key> keys(spans.size());
  for (std::uint32_t i = 0; i < spans.size(); ++i)
    keys[i] = {static_cast<std::uint64_t>(spans[i].start) - first, i};
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
  std::uint64_t most = 0;
  for (const Key& key : keys) most |= key.time;
  std::vector<Key> other(keys.size());
  const auto bits = static_cast<unsigned>(std::bit_width(most));
  for (unsigned shift = 0; shift < bits; shift += kDigitBits) {
    distribute(keys, other, shift);
    keys.swap(other);
  }
}

// Spans that start at once stand together: only these are compared.
void sort_ties(std::vector<SpanRow>& spans) {
  for (std::size_t begin = 0, end = 0; begin < spans.size(); begin = end) {
    while (end < spans.size() && spans[end].start == spans[begin].start) ++end;
    if (end - begin < 2) continue;
    std::sort(spans.begin() + static_cast<std::ptrdiff_t>(begin),
              spans.begin() + static_cast<std::ptrdiff_t>(end), before);
  }
}

using Places = boost::unordered_flat_map<std::uint64_t, std::uint32_t>;

// Where each span is that others name as their parent. Few are, so few are looked up.
Places places_of_parents(const std::vector<SpanRow>& spans) {
  Places places;
  std::uint64_t last = 0;
  for (const SpanRow& span : spans) {
    if (span.parent != last && span.parent != 0) places.emplace(span.parent, analytics::kNoSpan);
    last = span.parent;
  }
  for (std::uint32_t i = 0; i < spans.size(); ++i) {
    const auto found = places.find(spans[i].id);
    if (found != places.end() && found->second == analytics::kNoSpan) found->second = i;
  }
  return places;
}

}  // namespace

void sort_spans(std::vector<SpanRow>& spans) {
  if (std::ranges::is_sorted(spans, before)) return;
  std::vector<Key> keys = keys_of(spans);
  sort_by_time(keys);
  std::vector<SpanRow> sorted;
  sorted.reserve(spans.size());
  for (const Key& key : keys) sorted.push_back(spans[key.span]);
  spans = std::move(sorted);
  sort_ties(spans);
}

LinkedSpans link_spans(const std::vector<SpanRow>& spans) {
  const Places places = places_of_parents(spans);
  LinkedSpans linked;
  linked.times.reserve(spans.size());
  std::uint64_t last = 0;  // siblings follow each other
  std::uint32_t place = analytics::kNoSpan;
  for (std::uint32_t i = 0; i < spans.size(); ++i) {
    if (spans[i].parent != last) {
      last = spans[i].parent;
      place = last == 0 ? analytics::kNoSpan : places.find(last)->second;
    }
    if (last != 0 && place == analytics::kNoSpan) ++linked.orphans;
    linked.times.push_back({spans[i].start, spans[i].duration, place == i ? analytics::kNoSpan : place});
  }
  return linked;
}

}  // namespace llt::views

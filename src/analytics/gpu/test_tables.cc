#include "analytics/gpu/test_tables.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <string_view>
#include <utility>

namespace llt::analytics {
namespace {

using Real = std::optional<double>;
using Number = std::optional<std::int64_t>;

/// A struct array that owns its columns.
struct Answer {
  std::vector<std::vector<std::uint64_t>> values;
  std::vector<std::vector<std::uint8_t>> known;
  std::vector<std::vector<const void*>> buffers;
  std::vector<ArrowArray> arrays;
  std::vector<ArrowArray*> list;
  std::vector<const void*> none{nullptr};

  explicit Answer(std::size_t columns) : values(columns), known(columns) {}

  template <class T>
  void add(std::size_t column, const std::optional<T>& value) {
    const std::size_t row = values[column].size();
    if (row % 8 == 0) known[column].push_back(0);
    std::uint64_t bits = 0;
    if (value) {
      std::memcpy(&bits, &*value, sizeof bits);
      known[column].back() |= static_cast<std::uint8_t>(1U << (row % 8));
    }
    values[column].push_back(bits);
  }

  static void give(std::unique_ptr<Answer> answer, ArrowArray& out) {
    out = {};
    out.length = static_cast<std::int64_t>(answer->values.front().size());
    out.n_children = static_cast<std::int64_t>(answer->values.size());
    answer->arrays.resize(answer->values.size());
    for (std::size_t i = 0; i < answer->arrays.size(); ++i) {
      answer->buffers.push_back({answer->known[i].data(), answer->values[i].data()});
      answer->arrays[i].length = out.length;
      answer->arrays[i].n_buffers = 2;
      answer->list.push_back(&answer->arrays[i]);
    }
    for (std::size_t i = 0; i < answer->arrays.size(); ++i)
      answer->arrays[i].buffers = answer->buffers[i].data();
    out.n_buffers = 1;
    out.buffers = answer->none.data();
    out.children = answer->list.data();
    out.release = [](ArrowArray* array) {
      delete static_cast<Answer*>(array->private_data);
      array->release = nullptr;
    };
    out.private_data = answer.release();
  }
};

bool less(double a, double b) { return std::isnan(b) ? !std::isnan(a) : a < b; }

Real quantile(std::vector<double> values, double q) {
  if (values.empty()) return std::nullopt;
  std::ranges::sort(values, less);
  const double at = static_cast<double>(values.size() - 1) * q, part = at - std::floor(at);
  const double low = values[static_cast<std::size_t>(at)];
  if (part == 0) return low;
  return low * (1 - part) + values[static_cast<std::size_t>(std::ceil(at))] * part;
}

void add_quantiles(Answer& answer, std::size_t column, const std::vector<double>& values,
                   const llt_rapids_question& question) {
  for (std::uint32_t i = 0; i < question.quantile_count; ++i)
    answer.add(column + i, quantile(values, question.quantiles[i]));
}

void add_figures(Answer& answer, std::size_t column, const std::vector<Real>& values,
                 const llt_rapids_question& question) {
  std::vector<double> known;
  Real sum;
  for (const Real& value : values) {
    if (!value) continue;
    known.push_back(*value);
    sum = sum.value_or(0) + *value;
  }
  answer.add(column, Number(values.size()));
  answer.add(column + 1, Number(known.size()));
  answer.add(column + 2, sum);
  add_quantiles(answer, column + 3, known, question);
}

std::unique_ptr<Answer> figures(const TestTable& table, const llt_rapids_question& question, bool by_time) {
  std::map<std::pair<std::int64_t, std::int64_t>, std::vector<Real>> groups;
  for (std::size_t row = 0; row < table.values.size(); ++row) {
    const std::int64_t time = by_time ? *table.times[row] : 0;
    const std::int64_t start =
        by_time ? time - ((time % question.every) + question.every) % question.every : 0;
    groups[{table.keys[row], start}].push_back(table.values[row]);
  }
  const std::size_t keys = by_time ? 2 : 1;
  auto answer = std::make_unique<Answer>(keys + 3 + question.quantile_count);
  for (const auto& [key, values] : groups) {
    answer->add(0, Number(key.first));
    if (by_time) answer->add(1, Number(key.second));
    add_figures(*answer, keys, values, question);
  }
  return answer;
}

std::unique_ptr<Answer> bins(const TestTable& table, const llt_rapids_question& question) {
  double low = INFINITY, high = -INFINITY;
  for (const Real& value : table.values) {
    low = std::min(low, *value);
    high = std::max(high, *value);
  }
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> counts;
  for (std::size_t row = 0; row < table.values.size(); ++row) {
    const double bin =
        high == low ? 0 : std::floor((*table.values[row] - low) / (high - low) * question.bins);
    const double last = question.bins - 1;
    ++counts[{table.keys[row],
              static_cast<std::int64_t>(std::isnan(bin) ? last : std::clamp(bin, 0.0, last))}];
  }
  auto answer = std::make_unique<Answer>(5);
  for (const auto& [key, count] : counts) {
    answer->add(0, Number(key.first));
    answer->add(1, Number(key.second));
    answer->add(2, Number(count));
    answer->add(3, Real(low));
    answer->add(4, Real(high));
  }
  return answer;
}

// Rows without a time are one another's window.
std::vector<double> window_of(const TestTable& table, std::size_t row, std::int64_t length, bool itself) {
  std::vector<double> values;
  for (std::size_t other = 0; other < table.values.size(); ++other) {
    const Number &at = table.times[row], &then = table.times[other];
    const bool inside = at ? then && *then >= *at - length && *then <= *at : !then;
    if (inside && table.keys[other] == table.keys[row] && table.values[other] && (itself || other != row))
      values.push_back(*table.values[other]);
  }
  return values;
}

std::unique_ptr<Answer> rolling(const TestTable& table, const llt_rapids_question& question) {
  auto answer = std::make_unique<Answer>(1 + question.quantile_count);
  for (std::size_t row = 0; row < table.values.size(); ++row) {
    const auto values = window_of(table, row, question.window, true);
    answer->add(0, Number(values.size()));
    add_quantiles(*answer, 1, values, question);
  }
  return answer;
}

std::unique_ptr<Answer> outliers(const TestTable& table, const llt_rapids_question& question) {
  auto answer = std::make_unique<Answer>(4);
  for (std::size_t row = 0; row < table.values.size(); ++row) {
    std::vector<double> values = window_of(table, row, question.window, false);
    if (values.empty() || values.size() < question.least) continue;
    const double median = *quantile(values, 0.5);
    for (double& value : values) value = std::abs(value - median);
    const double mad = *quantile(values, 0.5);
    const double z = 0.6744897501960817 * (*table.values[row] - median) / mad;
    if (mad == 0 || !(std::isnan(z) || std::abs(z) >= question.threshold)) continue;
    answer->add(0, Number(row));
    answer->add(1, Real(median));
    answer->add(2, Real(mad));
    answer->add(3, Number(values.size()));
  }
  return answer;
}

}  // namespace

TestTable copy_table(const ArrowSchema& schema, const ArrowArray& rows) {
  const auto length = static_cast<std::size_t>(rows.length);
  TestTable table{std::vector<std::int32_t>(length), std::vector<Number>(length), std::vector<Real>(length)};
  for (std::int64_t i = 0; i < schema.n_children; ++i) {
    const std::string_view name = schema.children[i]->name;
    const ArrowArray& column = *rows.children[i];
    const auto* bits = static_cast<const std::uint8_t*>(column.buffers[0]);
    for (std::size_t row = 0; row < length; ++row) {
      if (bits != nullptr && (unsigned{bits[row / 8]} >> (row % 8) & 1U) == 0) continue;
      if (name == "key") table.keys[row] = static_cast<const std::int32_t*>(column.buffers[1])[row];
      if (name == "time") table.times[row] = static_cast<const std::int64_t*>(column.buffers[1])[row];
      if (name == "value") table.values[row] = static_cast<const double*>(column.buffers[1])[row];
    }
  }
  return table;
}

void answer_table(const TestTable& table, const llt_rapids_question& question, ArrowArray& answer) {
  switch (question.kind) {
    case LLT_RAPIDS_FIGURES:
      return Answer::give(figures(table, question, false), answer);
    case LLT_RAPIDS_BUCKETS:
      return Answer::give(figures(table, question, true), answer);
    case LLT_RAPIDS_BINS:
      return Answer::give(bins(table, question), answer);
    case LLT_RAPIDS_ROLLING:
      return Answer::give(rolling(table, question), answer);
    default:
      return Answer::give(outliers(table, question), answer);
  }
}

}  // namespace llt::analytics

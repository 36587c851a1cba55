// libcudf has no quantile over a window. Windows are therefore written out, as lists of rows, and the lists
// are sorted: so many rows at a time as the memory allows.

#include "analytics/gpu/plugin/table_windows.h"

#include <algorithm>
#include <cudf/column/column_factories.hpp>
#include <cudf/concatenate.hpp>
#include <cudf/filling.hpp>
#include <cudf/lists/filling.hpp>
#include <cudf/lists/lists_column_view.hpp>
#include <cudf/search.hpp>
#include <cudf/stream_compaction.hpp>
#include <cudf/utilities/default_stream.hpp>
#include <functional>
#include <stdexcept>

#include "analytics/gpu/plugin/arrow_device.h"

namespace llt::rapids {
namespace {

using cudf::binary_operator;
using cudf::table_view;
using Table = std::unique_ptr<cudf::table>;

constexpr double kNormal = 0.6744897501960817;  // as in table_question.cc
constexpr std::uint64_t kBytesPerValue =
    200;  // of a window that is written out: rows, values, their sorted copies
constexpr std::int64_t kFewestAtOnce = 1'000'000, kMostAtOnce = 256'000'000;
constexpr std::int64_t kMostInAll = 100'000'000'000;

const std::vector<cudf::order> kAscending(2, cudf::order::ASCENDING);
const std::vector<cudf::null_order> kNullLast(2, cudf::null_order::AFTER);

/// Rows sorted by key and time, and for each of them which of the rows with a value are in its window.
struct Windows {
  Column order;        ///< sorted rows as rows of the input
  Column values;       ///< of rows that have one, sorted
  Column begin, size;  ///< where in `values` the window of each sorted row is
};

Windows find_windows(const Rows& rows, std::int64_t length) {
  Windows windows;
  windows.order = order_by({rows.key, rows.time});
  const Table sorted = cudf::gather(table_view{{rows.key, rows.time, rows.value}}, windows.order->view());
  const Table known = cudf::drop_nulls(sorted->view(), {2});
  const table_view places = known->view().select({0, 1}), ends = sorted->view().select({0, 1});
  const Column since = apply_long(ends.column(1), binary_operator::SUB, length);
  windows.begin =
      cudf::lower_bound(places, table_view{{ends.column(0), since->view()}}, kAscending, kNullLast);
  const Column end = cudf::upper_bound(places, ends, kAscending, kNullLast);
  windows.size = apply(end->view(), binary_operator::SUB, windows.begin->view(), kInt);
  windows.values = std::make_unique<cudf::column>(known->view().column(2));
  return windows;
}

std::vector<std::int32_t> to_host(const View& column) {
  if (column.is_empty()) return {};
  const auto array = cudf::to_arrow_host(column);
  cudf::get_default_stream().sync();
  const auto* numbers = static_cast<const std::int32_t*>(array->array.buffers[1]);
  return {numbers, numbers + column.size()};
}

/// Calls work(first, last) for runs of rows whose windows fit beside one another.
void in_steps(const View& sizes, std::uint64_t room,
              const std::function<void(cudf::size_type, cudf::size_type)>& work) {
  const std::vector<std::int32_t> all = to_host(sizes);
  const std::int64_t most =
      std::clamp(static_cast<std::int64_t>(room / kBytesPerValue), kFewestAtOnce, kMostAtOnce);
  std::int64_t in_all = 0, here = 0;
  for (const std::int32_t size : all) in_all += size;
  if (in_all > kMostInAll)
    throw std::length_error("the windows hold " + std::to_string(in_all) +
                            " values, which is too many to sort them all");
  std::size_t first = 0;
  for (std::size_t row = 0; row < all.size(); ++row) {
    if (row != first && here + all[row] > most) {
      work(static_cast<cudf::size_type>(first), static_cast<cudf::size_type>(row));
      first = row;
      here = 0;
    }
    here += all[row];
  }
  if (first != all.size())
    work(static_cast<cudf::size_type>(first), static_cast<cudf::size_type>(all.size()));
}

View part(const View& column, cudf::size_type first, cudf::size_type last) {
  return cudf::slice(column, {first, last}).front();
}

/// Windows of some rows, written out: numbers of values, one window behind the other.
struct Written {
  Column places, begin;
};

Written write_out(const View& begin, const View& size) {
  auto lists = cudf::lists::sequences(begin, size)->release();
  return {std::move(lists.children[cudf::lists_column_view::child_column_index]),
          std::move(lists.children[cudf::lists_column_view::offsets_column_index])};
}

View without_last(const View& begin) { return part(begin, 0, begin.size() - 1); }

Table joined(const std::vector<Table>& parts) {
  std::vector<table_view> views;
  views.reserve(parts.size());
  for (const Table& one : parts) views.push_back(one->view());
  return cudf::concatenate(views);
}

Table quantiles_of(const Windows& windows, const llt_rapids_question& question, cudf::size_type first,
                   cudf::size_type last) {
  const View size = part(windows.size->view(), first, last);
  const Written window = write_out(part(windows.begin->view(), first, last), size);
  const Column sorted =
      sort_segments(pick(windows.values->view(), window.places->view())->view(), window.begin->view());
  std::vector<Column> columns;
  columns.push_back(cudf::cast(size, kLong));
  for (std::uint32_t i = 0; i < question.quantile_count; ++i)
    columns.push_back(
        quantile(sorted->view(), without_last(window.begin->view()), size, question.quantiles[i]));
  return std::make_unique<cudf::table>(std::move(columns));
}

/// Sorted rows that have enough rows before them, with their windows.
Table candidates(const Windows& windows, std::uint32_t least) {
  const Column place = cudf::sequence(windows.size->size(), cudf::numeric_scalar<std::int32_t>(0),
                                      cudf::numeric_scalar<std::int32_t>(1));
  const Column others =
      apply_int(windows.size->view(), binary_operator::SUB, 1);  // the row itself is one of them
  const Column enough =
      apply_int(others->view(), binary_operator::GREATER_EQUAL,
                static_cast<std::int32_t>(std::clamp<std::uint32_t>(least, 1, INT32_MAX)), kBool);
  return cudf::apply_retention_mask(table_view{{place->view(), windows.begin->view(), others->view()}},
                                    enough->view());
}

/// Whether |z| reaches the threshold. As in SQL, what is not a number reaches any, and there is no z without
/// a MAD.
Column stands_out(const View& value, const View& median, const View& mad, double threshold) {
  const Column above =
      apply(apply(value, binary_operator::SUB, median, kDouble)->view(), binary_operator::MUL, kNormal);
  const Column z = apply(above->view(), binary_operator::DIV, mad, kDouble);
  const Column far = apply(apply(cudf::unary_operator::ABS, z->view())->view(),
                           binary_operator::GREATER_EQUAL, threshold, kBool);
  const Column out = apply(far->view(), binary_operator::LOGICAL_OR, cudf::is_nan(z->view())->view(), kBool);
  const Column varies = apply(mad, binary_operator::NOT_EQUAL, 0, kBool);
  return apply(out->view(), binary_operator::LOGICAL_AND, varies->view(), kBool);
}

Table outliers_of(const Windows& windows, const table_view& some, double threshold) {
  const View &place = some.column(0), &size = some.column(2);
  const Written window = write_out(some.column(1), size);
  const View begin = without_last(window.begin->view());
  // Behind the row itself the numbers are one higher: that leaves it out.
  const Column behind =
      apply(window.places->view(), binary_operator::GREATER_EQUAL, repeated(place, size)->view(), kBool);
  const Column others =
      apply(window.places->view(), binary_operator::ADD, cudf::cast(behind->view(), kInt)->view(), kInt);
  const Column sorted =
      sort_segments(pick(windows.values->view(), others->view())->view(), window.begin->view());
  const Column median = quantile(sorted->view(), begin, size, 0.5);
  const Column apart = apply(
      cudf::unary_operator::ABS,
      apply(sorted->view(), binary_operator::SUB, repeated(median->view(), size)->view(), kDouble)->view());
  const Column mad = quantile(sort_segments(apart->view(), window.begin->view())->view(), begin, size, 0.5);
  const Column keep =
      stands_out(pick(windows.values->view(), place)->view(), median->view(), mad->view(), threshold);
  const Column row = cudf::cast(pick(windows.order->view(), place)->view(), kLong),
               count = cudf::cast(size, kLong);
  return cudf::apply_retention_mask(table_view{{row->view(), median->view(), mad->view(), count->view()}},
                                    keep->view());
}

}  // namespace

Table rolling(const Rows& rows, const llt_rapids_question& question, std::uint64_t room) {
  const Windows windows = find_windows(rows, question.window);
  std::vector<Table> parts;
  in_steps(windows.size->view(), room, [&](cudf::size_type first, cudf::size_type last) {
    parts.push_back(quantiles_of(windows, question, first, last));
  });
  const Table sorted = joined(parts);
  return cudf::scatter(sorted->view(), windows.order->view(), sorted->view());  // each row where it was
}

Table outliers(const Rows& rows, const llt_rapids_question& question, std::uint64_t room) {
  const Windows windows = find_windows(rows, question.window);
  const Table some = candidates(windows, question.least);
  std::vector<Table> parts;
  in_steps(some->view().column(2), room, [&](cudf::size_type first, cudf::size_type last) {
    parts.push_back(
        outliers_of(windows, cudf::slice(some->view(), {first, last}).front(), question.threshold));
  });
  if (!parts.empty()) return joined(parts);
  std::vector<Column> none;
  for (const auto type : {kLong, kDouble, kDouble, kLong}) none.push_back(cudf::make_empty_column(type));
  return std::make_unique<cudf::table>(std::move(none));
}

}  // namespace llt::rapids

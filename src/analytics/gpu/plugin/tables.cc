// The doors of libllamatelemetry_cudf.so, and the questions that are no windows. No exception leaves them.

#include "analytics/gpu/plugin/tables.h"

#include <cstdio>
#include <cstring>
#include <cudf/aggregation.hpp>
#include <cudf/column/column_factories.hpp>
#include <cudf/groupby.hpp>
#include <cudf/reduction.hpp>
#include <cudf/replace.hpp>
#include <cudf/stream_compaction.hpp>
#include <cudf/utilities/default_stream.hpp>
#include <rmm/error.hpp>
#include <string>

#include "analytics/gpu/plugin/arrow_device.h"
#include "analytics/gpu/plugin/table_windows.h"
#include "analytics/gpu/plugin/what_failed.h"

struct llt_table {
  std::unique_ptr<cudf::table> columns;
  llt::rapids::Column keys;  ///< when none came
  llt::rapids::Rows rows;
};

namespace llt::rapids {
namespace {

using cudf::binary_operator;
using cudf::table_view;
using Table = std::unique_ptr<cudf::table>;
using cudf::groupby_aggregation;

std::unique_ptr<llt_table> load(const ArrowSchema& schema, const ArrowArray& rows) {
  auto table = std::make_unique<llt_table>();
  table->columns = cudf::from_arrow(&schema, &rows);
  for (std::int64_t i = 0; i < schema.n_children; ++i) {
    const View column = table->columns->view().column(static_cast<cudf::size_type>(i));
    const std::string name = schema.children[i]->name;
    (name == "key" ? table->rows.key : name == "time" ? table->rows.time : table->rows.value) = column;
  }
  if (table->rows.key.type() != kInt) {
    table->keys =
        cudf::make_column_from_scalar(cudf::numeric_scalar<std::int32_t>(0), table->columns->num_rows());
    table->rows.key = table->keys->view();
  }
  cudf::get_default_stream().sync();
  return table;
}

std::vector<View> columns_of(const table_view& table) { return {table.begin(), table.end()}; }

/// One aggregation of each group, the groups in order.
Table grouped(const table_view& keys, const View& values,
              std::vector<std::unique_ptr<groupby_aggregation>> figures) {
  std::vector<cudf::groupby::aggregation_request> requests(1);
  requests.front().values = values;
  requests.front().aggregations = std::move(figures);
  auto [groups, results] = cudf::groupby::groupby(keys, cudf::null_policy::INCLUDE).aggregate(requests);
  const Column order = order_by(columns_of(groups->view()));
  std::vector<Column> columns = groups->release();
  for (Column& result : results.front().results) columns.push_back(std::move(result));
  return cudf::gather(cudf::table(std::move(columns)).view(), order->view());
}

void widen(std::vector<Column>& columns) {
  for (Column& column : columns) {
    if (column->type() == kInt) column = cudf::cast(column->view(), kLong);
  }
}

// Sums by groups; quantiles from the values that are known, sorted within each group.
Table figures(const Rows& rows, const std::vector<View>& keys, const llt_rapids_question& question) {
  std::vector<std::unique_ptr<groupby_aggregation>> wanted;
  wanted.push_back(cudf::make_count_aggregation<groupby_aggregation>(cudf::null_policy::INCLUDE));
  wanted.push_back(cudf::make_count_aggregation<groupby_aggregation>(cudf::null_policy::EXCLUDE));
  wanted.push_back(cudf::make_sum_aggregation<groupby_aggregation>());
  const Table groups = grouped(table_view(keys), rows.value, std::move(wanted));
  std::vector<View> all = keys;
  all.push_back(rows.value);
  const auto last = static_cast<cudf::size_type>(keys.size());
  const Table known = cudf::drop_nulls(table_view(all), {last});
  const Column order = order_by(columns_of(known->view()));
  const Column sorted = pick(known->view().column(last), order->view());
  const View count = groups->view().column(last + 1);
  const Column begin =
      cudf::scan(count, *cudf::make_sum_aggregation<cudf::scan_aggregation>(), cudf::scan_type::EXCLUSIVE);
  std::vector<Column> columns;
  for (const View& column : groups->view()) columns.push_back(std::make_unique<cudf::column>(column));
  for (std::uint32_t i = 0; i < question.quantile_count; ++i)
    columns.push_back(
        quantile(sorted->view(), cudf::cast(begin->view(), kInt)->view(), count, question.quantiles[i]));
  widen(columns);
  return std::make_unique<cudf::table>(std::move(columns));
}

Table buckets(const Rows& rows, const llt_rapids_question& question) {
  const Column into = apply_long(rows.time, binary_operator::PYMOD, question.every);
  const Column start = apply(rows.time, binary_operator::SUB, into->view(), kLong);
  return figures(rows, {rows.key, start->view()}, question);
}

double number(const std::unique_ptr<cudf::scalar>& scalar) {
  return static_cast<const cudf::numeric_scalar<double>&>(*scalar).value();
}

// The same sums as the SQL of the CPU, where NaN (of an infinite width) is above every bin.
Column bins_of(const View& value, double low, double width, double bins) {
  if (width == 0) return cudf::make_column_from_scalar(cudf::numeric_scalar<std::int32_t>(0), value.size());
  const Column share = apply(apply(value, binary_operator::SUB, low)->view(), binary_operator::DIV, width);
  const Column bin =
      apply(cudf::unary_operator::FLOOR, apply(share->view(), binary_operator::MUL, bins)->view());
  const Column numbers = cudf::replace_nans(bin->view(), cudf::numeric_scalar<double>(bins - 1));
  return cudf::cast(
      cudf::clamp(numbers->view(), cudf::numeric_scalar<double>(0), cudf::numeric_scalar<double>(bins - 1))
          ->view(),
      kInt);
}

Table bins(const Rows& rows, const llt_rapids_question& question) {
  const auto low = cudf::reduce(rows.value, *cudf::make_min_aggregation<cudf::reduce_aggregation>(), kDouble);
  const auto high =
      cudf::reduce(rows.value, *cudf::make_max_aggregation<cudf::reduce_aggregation>(), kDouble);
  const Column bin = bins_of(rows.value, number(low), number(high) - number(low), question.bins);
  std::vector<std::unique_ptr<groupby_aggregation>> wanted;
  wanted.push_back(cudf::make_count_aggregation<groupby_aggregation>(cudf::null_policy::INCLUDE));
  const Table counts = grouped(table_view{{rows.key, bin->view()}}, rows.value, std::move(wanted));
  std::vector<Column> columns;
  for (const View& column : counts->view()) columns.push_back(std::make_unique<cudf::column>(column));
  for (const auto* end : {&low, &high})
    columns.push_back(cudf::make_column_from_scalar(**end, counts->num_rows()));
  widen(columns);
  return std::make_unique<cudf::table>(std::move(columns));
}

Table answer_of(const llt_table& table, const llt_rapids_question& question, std::uint64_t room) {
  switch (question.kind) {
    case LLT_RAPIDS_FIGURES:
      return figures(table.rows, {table.rows.key}, question);
    case LLT_RAPIDS_BUCKETS:
      return buckets(table.rows, question);
    case LLT_RAPIDS_BINS:
      return bins(table.rows, question);
    case LLT_RAPIDS_ROLLING:
      return rolling(table.rows, question, room);
    case LLT_RAPIDS_OUTLIERS:
      return outliers(table.rows, question, room);
    default:
      throw std::invalid_argument("this plugin does not know the question");
  }
}

template <class Work>
int guarded(llt_rapids_message* message, Work&& work) try {
  work();
  return LLT_RAPIDS_OK;
} catch (const rmm::bad_alloc& error) {
  return report_gpu(error.what(), message);
} catch (const std::bad_alloc&) {
  return report(LLT_RAPIDS_FAILED, "the worker has no memory left on the host", message);
} catch (const std::exception& error) {
  return report_gpu(error.what(), message);
}

}  // namespace
}  // namespace llt::rapids

extern "C" {

__attribute__((visibility("default"))) int llt_cudf_load(const ArrowSchema* schema, const ArrowArray* rows,
                                                         llt_table** table, llt_rapids_message* message) {
  return llt::rapids::guarded(message, [&] {
    if (rows == nullptr)
      static_cast<void>(cudf::make_column_from_scalar(cudf::numeric_scalar<double>(0), 16));
    else
      *table = llt::rapids::load(*schema, *rows).release();
  });
}

__attribute__((visibility("default"))) int llt_cudf_ask(llt_table* table, const llt_rapids_question* question,
                                                        uint64_t room, ArrowArray* answer,
                                                        llt_rapids_message* message) {
  return llt::rapids::guarded(message, [&] {
    const auto columns = llt::rapids::answer_of(*table, *question, room);
    const auto host = cudf::to_arrow_host(columns->view());
    cudf::get_default_stream().sync();
    *answer = host->array;
    host->array.release = nullptr;
  });
}

__attribute__((visibility("default"))) void llt_cudf_free(llt_table* table) { delete table; }

}  // extern "C"

#include "analytics/gpu/plugin/table_columns.h"

#include <cudf/column/column_factories.hpp>
#include <cudf/filling.hpp>
#include <cudf/lists/lists_column_view.hpp>
#include <cudf/lists/sorting.hpp>
#include <cudf/sorting.hpp>

namespace llt::rapids {

using cudf::binary_operator;

Column apply(View a, binary_operator op, View b, cudf::data_type type) {
  return cudf::binary_operation(a, b, op, type);
}

Column apply(View a, binary_operator op, double b, cudf::data_type type) {
  return cudf::binary_operation(a, cudf::numeric_scalar<double>(b), op, type);
}

Column apply_int(View a, binary_operator op, std::int32_t b, cudf::data_type type) {
  return cudf::binary_operation(a, cudf::numeric_scalar<std::int32_t>(b), op, type);
}

Column apply_long(View a, binary_operator op, std::int64_t b) {
  return cudf::binary_operation(a, cudf::numeric_scalar<std::int64_t>(b), op, kLong);
}

Column apply(cudf::unary_operator op, View a) { return cudf::unary_operation(a, op); }

Column pick(View from, View rows) {
  auto picked = cudf::gather(cudf::table_view{{from}}, rows)->release();
  return std::move(picked.front());
}

Column repeated(View values, View counts) {
  auto columns = cudf::repeat(cudf::table_view{{values}}, counts)->release();
  return std::move(columns.front());
}

// Column by column from the last to the first: each of them alone is sorted by radix, all at once would be
// compared row by row.
Column order_by(const std::vector<View>& keys) {
  Column order;
  for (auto key = keys.rbegin(); key != keys.rend(); ++key) {
    const Column moved = order ? pick(*key, order->view()) : nullptr;
    Column next = cudf::stable_sorted_order(cudf::table_view{{moved ? moved->view() : *key}},
                                            {cudf::order::ASCENDING}, {cudf::null_order::AFTER});
    order = order ? pick(order->view(), next->view()) : std::move(next);
  }
  return order;
}

Column quantile(View sorted, View begin, View count, double q) {
  if (sorted.is_empty()) return cudf::make_numeric_column(kDouble, count.size(), cudf::mask_state::ALL_NULL);
  const Column last =
      apply_int(apply_int(count, binary_operator::NULL_MAX, 1)->view(), binary_operator::SUB, 1);
  const Column at = apply(last->view(), binary_operator::MUL, q);
  const Column floor = apply(cudf::unary_operator::FLOOR, at->view());
  const Column part = apply(at->view(), binary_operator::SUB, floor->view(), kDouble);
  const auto value = [&](View position) {
    const Column row = apply(begin, binary_operator::ADD, cudf::cast(position, kInt)->view(), kInt);
    auto values =
        cudf::gather(cudf::table_view{{sorted}}, row->view(), cudf::out_of_bounds_policy::NULLIFY)->release();
    return std::move(values.front());
  };
  const Column low = value(floor->view()),
               high = value(apply(cudf::unary_operator::CEIL, at->view())->view());
  const Column rest =
      cudf::binary_operation(cudf::numeric_scalar<double>(1), part->view(), binary_operator::SUB, kDouble);
  const Column between =
      apply(apply(low->view(), binary_operator::MUL, rest->view(), kDouble)->view(), binary_operator::ADD,
            apply(high->view(), binary_operator::MUL, part->view(), kDouble)->view(), kDouble);
  const Column exact =
      apply(part->view(), binary_operator::EQUAL, 0, kBool);  // infinity times 0 would be NaN
  const Column all = cudf::copy_if_else(low->view(), between->view(), exact->view());
  const Column some = apply_int(count, binary_operator::GREATER, 0, kBool);
  return cudf::copy_if_else(all->view(), cudf::numeric_scalar<double>(0, false), some->view());
}

Column sort_segments(Column values, View begin) {
  const Column lists = cudf::make_lists_column(begin.size() - 1, std::make_unique<cudf::column>(begin),
                                               std::move(values), 0, {});
  Column sorted = cudf::lists::sort_lists(cudf::lists_column_view(lists->view()), cudf::order::ASCENDING,
                                          cudf::null_order::AFTER);
  return std::move(sorted->release().children[cudf::lists_column_view::child_column_index]);
}

}  // namespace llt::rapids

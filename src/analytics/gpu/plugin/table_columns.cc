#include "analytics/gpu/plugin/table_columns.h"

#include <cudf/column/column_factories.hpp>
#include <cudf/filling.hpp>
#include <cudf/lists/lists_column_view.hpp>
#include <cudf/lists/sorting.hpp>
#include <cudf/sorting.hpp>
#include <limits>

namespace llt::rapids {

using cudf::binary_operator;

Column apply(const View& a, binary_operator op, const View& b, cudf::data_type type) {
  return cudf::binary_operation(a, b, op, type);
}

Column apply(const View& a, binary_operator op, double b, cudf::data_type type) {
  return cudf::binary_operation(a, cudf::numeric_scalar<double>(b), op, type);
}

Column apply_int(const View& a, binary_operator op, std::int32_t b, cudf::data_type type) {
  return cudf::binary_operation(a, cudf::numeric_scalar<std::int32_t>(b), op, type);
}

Column apply_long(const View& a, binary_operator op, std::int64_t b) {
  return cudf::binary_operation(a, cudf::numeric_scalar<std::int64_t>(b), op, kLong);
}

Column apply(cudf::unary_operator op, const View& a) { return cudf::unary_operation(a, op); }

Column pick(const View& from, const View& rows) {
  auto picked = cudf::gather(cudf::table_view{{from}}, rows)->release();
  return std::move(picked.front());
}

Column repeated(const View& values, const View& counts) {
  auto columns = cudf::repeat(cudf::table_view{{values}}, counts)->release();
  return std::move(columns.front());
}

// Of negative numbers all bits but the sign are turned round, which turned round again gives them back.
static Column turned(const View& bits) {
  const Column sign = apply_long(bits, binary_operator::SHIFT_RIGHT, 63);
  const Column mask =
      apply_long(sign->view(), binary_operator::BITWISE_AND, std::numeric_limits<std::int64_t>::max());
  return apply(bits, binary_operator::BITWISE_XOR, mask->view(), kLong);
}

Column as_ordered(const View& doubles) { return turned(cudf::bit_cast(doubles, kLong)); }

Column as_doubles(const View& ordered) {
  const Column bits = turned(ordered);
  return std::make_unique<cudf::column>(cudf::bit_cast(bits->view(), kDouble));
}

// Column by column from the last to the first: each of them alone is sorted by radix, all at once would be
// compared row by row.
Column order_by(const std::vector<View>& keys) {
  Column order;
  for (auto key = keys.rbegin(); key != keys.rend(); ++key) {
    const Column whole = key->type() == kDouble ? as_ordered(*key) : nullptr;
    const View column = whole ? whole->view() : *key;
    const Column moved = order ? pick(column, order->view()) : nullptr;
    Column next = cudf::stable_sorted_order(cudf::table_view{{moved ? moved->view() : column}},
                                            {cudf::order::ASCENDING}, {cudf::null_order::AFTER});
    order = order ? pick(order->view(), next->view()) : std::move(next);
  }
  return order;
}

Column quantile(const View& sorted, const View& begin, const View& count, double q) {
  if (sorted.is_empty()) return cudf::make_numeric_column(kDouble, count.size(), cudf::mask_state::ALL_NULL);
  const Column last =
      apply_int(apply_int(count, binary_operator::NULL_MAX, 1)->view(), binary_operator::SUB, 1);
  const Column at = apply(last->view(), binary_operator::MUL, q);
  const Column floor = apply(cudf::unary_operator::FLOOR, at->view());
  const Column part = apply(at->view(), binary_operator::SUB, floor->view(), kDouble);
  const auto value = [&](const View& position) {
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

Column sort_segments(const View& values, const View& begin) {
  if (values.is_empty()) return std::make_unique<cudf::column>(values);
  const Column lists = cudf::make_lists_column(begin.size() - 1, std::make_unique<cudf::column>(begin),
                                               as_ordered(values), 0, {});
  const Column sorted = cudf::lists::sort_lists(cudf::lists_column_view(lists->view()),
                                                cudf::order::ASCENDING, cudf::null_order::AFTER);
  return as_doubles(cudf::lists_column_view(sorted->view()).child());
}

}  // namespace llt::rapids

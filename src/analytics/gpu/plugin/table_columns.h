#pragma once
// Arithmetic on libcudf's columns, as short as the sums that it stands for.

#include <cstdint>
#include <cudf/binaryop.hpp>
#include <cudf/column/column.hpp>
#include <cudf/copying.hpp>
#include <cudf/scalar/scalar.hpp>
#include <cudf/table/table.hpp>
#include <cudf/unary.hpp>
#include <memory>
#include <vector>

namespace llt::rapids {

using Column = std::unique_ptr<cudf::column>;
using View = cudf::column_view;

inline constexpr cudf::data_type kDouble{cudf::type_id::FLOAT64};
inline constexpr cudf::data_type kInt{cudf::type_id::INT32};  ///< rows, and numbers of rows
inline constexpr cudf::data_type kLong{cudf::type_id::INT64};
inline constexpr cudf::data_type kBool{cudf::type_id::BOOL8};

[[nodiscard]] Column apply(const View& a, cudf::binary_operator op, const View& b, cudf::data_type type);
[[nodiscard]] Column apply(const View& a, cudf::binary_operator op, double b, cudf::data_type type = kDouble);
[[nodiscard]] Column apply_int(const View& a, cudf::binary_operator op, std::int32_t b,
                               cudf::data_type type = kInt);
[[nodiscard]] Column apply_long(const View& a, cudf::binary_operator op, std::int64_t b);
[[nodiscard]] Column apply(cudf::unary_operator op, const View& a);
[[nodiscard]] Column pick(const View& from, const View& rows);
[[nodiscard]] Column repeated(const View& values, const View& counts);

/// Doubles as integers of the same order, NaN above all, and back. libcudf sorts integers by radix, and
/// differs from one algorithm to the next in where NaN goes.
[[nodiscard]] Column as_ordered(const View& doubles);
[[nodiscard]] Column as_doubles(const View& ordered);

/// The rows in ascending order of the first column, then the second, ...; NULL comes last, NaN before it.
[[nodiscard]] Column order_by(const std::vector<View>& keys);

/// `sorted`: values of all segments, one segment behind the other. `begin`, `count`: where each stands in it.
/// NULL where a segment is empty. The same sums in the same order as DuckDB's quantile_cont.
[[nodiscard]] Column quantile(const View& sorted, const View& begin, const View& count, double q);

/// Sorts the values of each segment; `begin` has one more number than there are segments.
[[nodiscard]] Column sort_segments(const View& values, const View& begin);

}  // namespace llt::rapids

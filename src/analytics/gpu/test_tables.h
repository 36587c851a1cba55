#pragma once
// The table questions of rapids_abi.h, answered slowly and plainly: for the plugin for tests.

#include <cstdint>
#include <optional>
#include <vector>

#include "analytics/gpu/rapids_abi.h"

namespace llt::analytics {

struct TestTable {
  std::vector<std::int32_t> keys;
  std::vector<std::optional<std::int64_t>> times;
  std::vector<std::optional<double>> values;
};

[[nodiscard]] TestTable copy_table(const ArrowSchema& schema, const ArrowArray& rows);
void answer_table(const TestTable& table, const llt_rapids_question& question, ArrowArray& answer);

}  // namespace llt::analytics

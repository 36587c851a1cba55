#include "analytics/gpu/gpu_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace llt::analytics::gpu {
namespace {

bool bit(const std::uint64_t* bits, std::uint64_t at) { return ((bits[at / 64] >> (at % 64)) & 1U) != 0; }
void set_bit(std::uint64_t* bits, std::uint64_t at) { bits[at / 64] |= std::uint64_t{1} << (at % 64); }

}  // namespace

Result<TableRows> TableRows::make(bool with_time, bool with_key) {
  auto memory = SharedMemory::make(TableLayout::size);
  if (!memory) return std::unexpected(memory.error());
  TableRows rows(std::move(*memory));
  rows.shape_.has_time = with_time ? 1 : 0;
  rows.shape_.has_key = with_key ? 1 : 0;
  return rows;
}

bool TableRows::add(std::optional<double> value, std::optional<std::int64_t> time, std::int32_t key) {
  const std::uint64_t row = shape_.rows;
  if (row + 1 >= TableLayout::kRows) return false;
  ++shape_.rows;
  if (value) {
    // Those with a sign would be sorted below all numbers.
    memory_.at<double>(0)[row] = std::isnan(*value) ? std::numeric_limits<double>::quiet_NaN() : *value;
    set_bit(memory_.at<std::uint64_t>(TableLayout::known_values), row);
  } else {
    ++shape_.unknown_values;
  }
  if (shape_.has_key != 0) memory_.at<std::int32_t>(TableLayout::keys)[row] = key;
  if (shape_.has_time == 0) return true;
  if (time) {
    memory_.at<std::int64_t>(TableLayout::times)[row] = *time;
    set_bit(memory_.at<std::uint64_t>(TableLayout::known_times), row);
    first_time_ = std::min(first_time_, *time);
  } else {
    ++shape_.unknown_times;
  }
  return true;
}

std::optional<double> TableRows::value(std::uint64_t row) const {
  if (!bit(memory_.at<std::uint64_t>(TableLayout::known_values), row)) return std::nullopt;
  return memory_.at<double>(0)[row];
}

std::optional<std::int64_t> TableRows::time(std::uint64_t row) const {
  if (!bit(memory_.at<std::uint64_t>(TableLayout::known_times), row)) return std::nullopt;
  return memory_.at<std::int64_t>(TableLayout::times)[row];
}

std::int32_t TableRows::key(std::uint64_t row) const {
  return shape_.has_key == 0 ? 0 : memory_.at<std::int32_t>(TableLayout::keys)[row];
}

Result<Tables> Tables::open(const GpuOptions& options) {
  const std::string visible = options.visible.empty() ? analytics_gpu() : options.visible;
  auto opened = WorkerProcess::open(visible, LLT_RAPIDS_TABLES, options.memory_bytes.value_or(0));
  if (!opened) return std::unexpected(opened.error());
  return Tables(std::move(opened->worker), opened->reply, visible);
}

std::string Tables::version() const {
  return visible_.empty() ? version_ : fmt::format("{}, GPU {}", version_, visible_);
}

Result<> Tables::load(const TableRows& rows) {
  Command command;
  command.order = Order::load_table;
  command.table = rows.shape();
  const auto reply = worker_.ask(command, rows.memory().fd());
  if (!reply) return std::unexpected(reply.error());
  return {};
}

Result<TableAnswer> Tables::ask(const llt_rapids_question& question) {
  auto answer = worker_.ask_table(question);
  if (!answer) return std::unexpected(answer.error());
  return TableAnswer{answer->reply.rows, answer->reply.columns, std::move(answer->memory)};
}

}  // namespace llt::analytics::gpu

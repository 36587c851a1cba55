#include "engine/liveness.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

#include "engine/machine.h"

namespace llt::engine {
namespace {

std::uint64_t number_after(std::string_view text, std::string_view name) {
  const auto at = text.find(name);
  if (at == std::string_view::npos) return 0;
  std::uint64_t value = 0;
  const auto* first = text.data() + at + name.size();
  std::from_chars(first, text.data() + text.size(), value);
  return value;
}

// utime + stime: the 12th and 13th field after the command name.
std::uint64_t cpu_ticks_of(std::string_view stat) {
  auto at = stat.rfind(')');
  if (at == std::string_view::npos) return 0;
  std::uint64_t sum = 0;
  at += 2;
  for (int field = 0; field < 13 && at < stat.size(); ++field) {
    const auto end = std::min(stat.find(' ', at), stat.size());
    std::uint64_t value = 0;
    std::from_chars(stat.data() + at, stat.data() + end, value);
    if (field >= 11) sum += value;
    at = end + 1;
  }
  return sum;
}

}  // namespace

std::optional<int> RestartPolicy::next(SteadyNs now) {
  while (!restarts_.empty() && now - restarts_.front() > std::int64_t{window_ms_} * 1'000'000)
    restarts_.pop_front();
  if (restarts_.size() >= static_cast<std::size_t>(std::max(0, limit_))) return std::nullopt;
  std::int64_t wait = first_ms_;
  for (std::size_t i = 0; i < restarts_.size() && wait < max_ms_; ++i) wait *= 2;
  restarts_.push_back(now);
  return static_cast<int>(std::min<std::int64_t>(wait, max_ms_));
}

ProcessUse process_use(pid_t pid) {
  const std::string folder = "/proc/" + std::to_string(pid);
  ProcessUse use;
  use.resident_bytes = kilobyte_field(read_small_file(folder + "/status"), "VmRSS").value_or(0);
  use.read_bytes = number_after(read_small_file(folder + "/io"), "rchar: ");
  use.cpu_ticks = cpu_ticks_of(read_small_file(folder + "/stat"));
  return use;
}

void LoadMeter::observe(const ProcessUse& use, SteadyNs last_output, SteadyNs now) {
  const bool moved = use.resident_bytes > last_.resident_bytes || use.read_bytes > last_.read_bytes ||
                     use.cpu_ticks > last_.cpu_ticks;
  if (moved) moved_ = now;
  moved_ = std::max(moved_, last_output);
  last_ = use;
}

std::optional<double> LoadMeter::progress() const noexcept {
  if (model_bytes_ == 0) return std::nullopt;
  // Mapped models show as resident memory, read ones in the read counter.
  const auto arrived = static_cast<double>(std::max(last_.resident_bytes, last_.read_bytes));
  return std::clamp(arrived / static_cast<double>(model_bytes_), 0.0, 0.99);
}

void HangDetector::observe(std::uint64_t cpu_ticks, SteadyNs last_byte, SteadyNs now) noexcept {
  constexpr double kBusyShare = 0.2;  // of one CPU; threads that only wait use far less
  if (ticks_ && now > ticks_at_) {
    static const double ticks_per_ns = static_cast<double>(::sysconf(_SC_CLK_TCK)) / 1e9;
    const auto used = static_cast<double>(cpu_ticks - std::min(cpu_ticks, *ticks_));
    if (used >= kBusyShare * ticks_per_ns * static_cast<double>(now - ticks_at_)) busy_ = now;
  }
  ticks_ = cpu_ticks;
  ticks_at_ = now;
  alive_ = std::max(alive_, last_byte);
}

bool HangDetector::hung(SteadyNs now) const noexcept {
  constexpr int kPatienceWhenBusy = 10;
  if (now - alive_ < timeout_ns_) return false;
  return now - busy_ >= timeout_ns_ || now - alive_ >= timeout_ns_ * kPatienceWhenBusy;
}

}  // namespace llt::engine

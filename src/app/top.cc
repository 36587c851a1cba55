// `llamatelemetry top`: the running instance, once a second.

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "app/commands.h"
#include "app/exit_codes.h"
#include "app/print.h"
#include "app/signals.h"
#include "app/source.h"
#include "app/sql.h"
#include "app/terminal.h"
#include "app/top_screen.h"
#include "base/clock.h"

namespace llt::app {
namespace {

using Json = nlohmann::ordered_json;
using std::chrono::steady_clock;

constexpr int kRefreshMs = 1'000;
constexpr int kKeyWaitMs = 50;

std::string figures_sql(UnixNs since, std::int64_t window_ns) {
  std::string sql = "SELECT count(*) AS requests, count(error_type) AS errors";
  for (const auto& [member, value] :
       {std::pair("ttft", "ttft_ns"),
        {"tpot", "CASE WHEN output_tokens > 1 THEN decode_ns / (output_tokens - 1) END"},
        {"queue", "queue_ns"},
        {"prefill", "prefill_ns"},
        {"decode", "decode_ns"},
        {"e2e", "total_ns"}}) {
    for (const int percent : {50, 95, 99}) {
      sql += fmt::format(", quantile_cont(CASE WHEN error_type IS NULL THEN {} END, 0.{}) AS {}_p{}", value,
                         percent, member, percent);
    }
  }
  return sql + fmt::format(
                   ", sum(output_tokens) / {}::DOUBLE AS tokens_per_second, "
                   "sum(cached_tokens) / nullif(sum(input_tokens), 0)::DOUBLE AS cache_hit_ratio "
                   "FROM requests WHERE operation IS NOT NULL AND start_unix_ns + total_ns >= {}",
                   static_cast<double>(window_ns) / 1e9, since);
}

// Seconds without a request are rows too, so that the curve has no gaps.
std::string seconds_sql(UnixNs now, std::int64_t window_ns) {
  const std::int64_t last = now / kNsPerS;
  const std::int64_t first = last - std::clamp<std::int64_t>(window_ns / kNsPerS, 1, 600) + 1;
  return fmt::format(
      "SELECT s AS second, count(r.request_id) AS requests FROM range({0}, {1}) t(s) "
      "LEFT JOIN (SELECT request_id, (start_unix_ns + total_ns) // {2} AS ended FROM requests "
      "WHERE operation IS NOT NULL AND start_unix_ns + total_ns >= {0} * {2}::BIGINT) r ON r.ended = t.s "
      "GROUP BY s ORDER BY s",
      first, last + 1, kNsPerS);
}

constexpr std::string_view kRecentSql =
    "SELECT start_unix_ns + total_ns AS end_unix_ns, coalesce(model, response_model) AS model, http_status, "
    "error_type, total_ns, ttft_ns, queue_ns, prefill_ns, decode_ns, output_tokens FROM requests "
    "WHERE operation IS NOT NULL ORDER BY start_unix_ns + total_ns DESC LIMIT 40";

struct Snapshot {
  Json status, figures, seconds, recent;
  UnixNs now = 0;
};

Result<Snapshot> fetch(Source& source, std::int64_t window_ns) {
  Snapshot snapshot;
  snapshot.now = now_unix();
  const auto status = source.get("/api/v1/status");
  if (!status) return std::unexpected(status.error());
  snapshot.status = Json::parse(*status, nullptr, false);
  auto figures = query_rows(source, figures_sql(snapshot.now - window_ns, window_ns));
  if (!figures) return std::unexpected(figures.error());
  auto seconds = query_rows(source, seconds_sql(snapshot.now, window_ns));
  if (!seconds) return std::unexpected(seconds.error());
  auto recent = query_rows(source, kRecentSql);
  if (!recent) return std::unexpected(recent.error());
  snapshot.figures = figures->at(0);
  snapshot.seconds = std::move(*seconds);
  snapshot.recent = std::move(*recent);
  return snapshot;
}

std::vector<std::string> lines_of(const Snapshot& s, std::int64_t window_ns, std::size_t width,
                                  std::size_t height) {
  return top_screen({s.status, s.figures, s.seconds, s.recent, window_ns, s.now}, width, height);
}

// Overwrites line by line: clearing first would flicker.
void draw(const std::vector<std::string>& lines) {
  std::string out = "\033[H";
  for (std::size_t i = 0; i < lines.size(); ++i)
    out += lines[i] + "\033[K" + (i + 1 < lines.size() ? "\r\n" : "");
  out += "\033[J";
  std::fwrite(out.data(), 1, out.size(), stdout);
  std::fflush(stdout);
}

// Until q, Ctrl-C or an error.
Result<> watch(Source& source, std::int64_t window_ns) {
  const RawTerminal terminal;
  std::optional<Snapshot> snapshot;
  auto next = steady_clock::now();
  std::size_t width = 0;
  while (true) {
    const bool resized = width != terminal_width();
    const bool due = steady_clock::now() >= next;
    if (due) {
      next = steady_clock::now() + std::chrono::milliseconds(kRefreshMs);
      auto fetched = fetch(source, window_ns);
      if (!fetched) return std::unexpected(fetched.error());
      snapshot = std::move(*fetched);
    }
    if (due || resized) {
      width = terminal_width();
      draw(lines_of(*snapshot, window_ns, width, terminal_height()));
    }
    const auto key = terminal.read_key(kKeyWaitMs);
    if (key == 'q' || key == 'Q' || wait_stop_signal(0)) return {};
  }
}

}  // namespace

int run_top(const Settings& settings, const TopOptions& options) {
  auto source = Source::make(settings);
  if (!source) return bad_usage(source.error());
  try {
    if (stdout_is_terminal()) {
      block_stop_signals();
      const auto ended = watch(**source, options.window_ns);
      return ended ? kDone : failed(ended.error());
    }
    const auto snapshot = fetch(**source, options.window_ns);
    if (!snapshot) return failed(snapshot.error());
    for (const std::string& line : lines_of(*snapshot, options.window_ns, terminal_width(), 1000)) {
      print_out("{}\n", line);
    }
    return kDone;
  } catch (const nlohmann::json::exception& error) {
    return failed({ErrorCode::data_loss,
                   fmt::format("the running instance's answer was not understood: {}", error.what()), ""});
  }
}

}  // namespace llt::app

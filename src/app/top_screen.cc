#include "app/top_screen.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/report_render.h"
#include "app/text_table.h"
#include "app/units.h"

namespace llt::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 8> kSparks = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

std::string plain(const Json& value) {
  if (value.is_string()) return printable(value.get_ref<const std::string&>());
  return value.is_null() ? "–" : value.dump();
}

void add_lines(std::vector<std::string>& lines, const std::string& text) {
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
}

std::string clock_text(UnixNs unix_ns) { return shown_time(unix_ns).substr(11, 8); }

void add_engine(std::vector<std::string>& lines, const TopData& data) {
  const Json& engine = data.status["engine"];
  const auto up_ns = static_cast<double>(data.now - data.status["started_unix_ns"].get<UnixNs>());
  lines.push_back(fmt::format("llamatelemetry {}  {}  up {}  {} UTC", plain(data.status["version"]),
                              plain(data.status["gateway"]["url"]), format_duration(up_ns),
                              clock_text(data.now)));
  const std::string model = engine.contains("model") ? plain(engine["model"]) : "–";
  lines.push_back(fmt::format("engine   {}  {}", plain(engine["state"]), model));
  if (engine.contains("slots")) {
    lines.push_back(fmt::format("         FlashAttention {}, slots {} of {} busy, {} restarts",
                                plain(engine["flash_attention"]), plain(engine["slots_busy"]),
                                plain(engine["slots"]), plain(engine["restarts"])));
  }
  const Json& queue = data.status["queue"];
  lines.push_back(fmt::format("requests {} waiting, {} in prefill, {} in decode, {} connections",
                              plain(queue["waiting"]), plain(queue["prefilling"]), plain(queue["decoding"]),
                              plain(data.status["gateway"]["connections"])));
}

void add_figures(std::vector<std::string>& lines, const TopData& data) {
  const Json& f = data.figures;
  const bool minutes = data.window_ns % 60'000'000'000 == 0;
  lines.push_back(fmt::format("last {}: {}, {}, {} tokens/s out, cache hits {}",
                              minutes ? fmt::format("{} min", data.window_ns / 60'000'000'000)
                                      : format_duration(static_cast<double>(data.window_ns)),
                              counted(f["requests"].get<std::int64_t>(), "request"),
                              counted(f["errors"].get<std::int64_t>(), "error"),
                              shown_rate(f["tokens_per_second"]), shown_share(f["cache_hit_ratio"])));
  TextTable table({"", "p50", "p95", "p99"}, 1);
  for (const auto& [name, member] : {std::pair("time to first token", "ttft"),
                                     {"time per token", "tpot"},
                                     {"queue", "queue"},
                                     {"prefill", "prefill"},
                                     {"decode", "decode"},
                                     {"whole request", "e2e"}}) {
    const auto value = [&](const char* quantile) {
      return shown_ns(f[fmt::format("{}_{}", member, quantile)]);
    };
    table.add({name, value("p50"), value("p95"), value("p99")});
  }
  add_lines(lines, table.to_string());
}

void add_rate(std::vector<std::string>& lines, const TopData& data, std::size_t width) {
  constexpr std::size_t kLabelCells = 14;
  std::vector<double> values;
  for (const Json& row : data.seconds) values.push_back(row["requests"].get<double>());
  const double most = values.empty() ? 0 : *std::max_element(values.begin(), values.end());
  if (width <= kLabelCells + 10) return;
  lines.push_back(
      fmt::format("requests/s    {}  most {}", sparkline(values, width - kLabelCells - 10), most));
}

void add_recent(std::vector<std::string>& lines, const TopData& data, std::size_t width) {
  // On a narrow terminal names give way, so that 80 cells hold every figure.
  constexpr std::size_t kFigureCells = 65, kRoomy = 88;
  const std::size_t status_cells = width < kRoomy ? 6 : 9;
  const std::size_t model_cells =
      std::clamp<std::size_t>(width, kFigureCells + status_cells + 6, kFigureCells + status_cells + 14) -
      kFigureCells - status_cells;
  TextTable table({"ended", "model", "status", "total", "TTFT", "queue", "prefill", "decode", "tokens"}, 2);
  for (const Json& r : data.recent) {
    const std::string status = r["error_type"].is_null() ? plain(r["http_status"]) : plain(r["error_type"]);
    table.add({clock_text(r["end_unix_ns"].get<UnixNs>()), shortened(plain(r["model"]), model_cells),
               shortened(status, status_cells), shown_ns(r["total_ns"]), shown_ns(r["ttft_ns"]),
               shown_ns(r["queue_ns"]), shown_ns(r["prefill_ns"]), shown_ns(r["decode_ns"]),
               plain(r["output_tokens"])});
  }
  add_lines(lines, table.to_string());
}

void add_losses(std::vector<std::string>& lines, const TopData& data) {
  std::string text;
  if (!data.status["losses"].is_array()) return;
  for (const Json& loss : data.status["losses"]) {
    if (loss["run_count"] == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", plain(loss["run_count"]), plain(loss["name"]));
  }
  if (!text.empty()) lines.push_back("losses   " + text);
}

}  // namespace

std::string sparkline(const std::vector<double>& values, std::size_t cells) {
  const std::size_t skipped = values.size() > cells ? values.size() - cells : 0;
  double most = 0;
  for (std::size_t i = skipped; i < values.size(); ++i) most = std::max(most, values[i]);
  std::string text;
  for (std::size_t i = skipped; i < values.size(); ++i) {
    const double level = most <= 0 ? 0 : values[i] / most * static_cast<double>(kSparks.size() - 1);
    text += values[i] <= 0 ? std::string_view(" ") : kSparks[static_cast<std::size_t>(std::lround(level))];
  }
  return text;
}

std::vector<std::string> top_screen(const TopData& data, std::size_t width, std::size_t height) {
  std::vector<std::string> lines;
  add_engine(lines, data);
  add_losses(lines, data);
  lines.emplace_back();
  add_figures(lines, data);
  lines.emplace_back();
  add_rate(lines, data, width);
  lines.emplace_back();
  add_recent(lines, data, width);
  if (lines.size() > height) lines.resize(height);
  for (std::string& line : lines) line = shortened(line, width);
  return lines;
}

}  // namespace llt::app

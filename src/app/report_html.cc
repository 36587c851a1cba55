#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "app/advice.h"
#include "app/report_data.h"
#include "app/report_render.h"
#include "app/report_reuse.h"

namespace llt::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kStyle = R"css(
:root { color-scheme: light dark; --line: #8884; --soft: #8882; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .7rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-weight: 600; } .text { text-align: left; } td.long { white-space: normal; min-width: 20rem; }
.stack { display: flex; height: 2rem; border-radius: 4px; overflow: hidden; background: var(--soft); }
.stack span { min-width: 1px; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(30rem, 100%), 1fr)); gap: .5rem; }
.key { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin-right: .4em; }
)css";

std::string_view colour(std::string_view phase) {
  if (phase == "receive") return "#56b4e9";
  if (phase == "gateway") return "#cc79a7";
  if (phase == "connect") return "#999999";
  if (phase == "queue") return "#d55e00";
  if (phase == "prefill") return "#e69f00";
  if (phase == "decode") return "#009e73";
  if (phase == "client") return "#0072b2";
  return "#bbbb55";
}

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string text_of(const Json& value) { return escaped(shown_text(value)); }
std::string count_of(const Json& value) { return value.is_null() ? "–" : value.dump(); }

// One table under construction. Cells are escaped already.
class Table {
 public:
  explicit Table(std::initializer_list<std::string_view> headings) {
    html_ = "<div class=scroll><table><tr>";
    bool first = true;
    for (std::string_view heading : headings) {
      html_ += fmt::format("<th{}>{}", first ? " class=text" : "", heading);
      first = false;
    }
    html_ += "</tr>\n";
  }
  void begin_row(const std::string& name) { html_ += "<tr><td class=text>" + name; }
  void cell(const std::string& value) { html_ += "<td>" + value; }
  void text(const std::string& value) { html_ += "<td class=\"text long\">" + value; }
  void end_row() { html_ += "</tr>\n"; }
  std::string done() { return html_ + "</table></div>\n"; }

 private:
  std::string html_;
};

std::string latency_table(const Json& d) {
  Table table({"milliseconds", "p50", "p90", "p95", "p99", "mean", "count"});
  for (std::string_view member : kLatencyMembers) {
    const Json& values = d[std::string(member)];
    table.begin_row(std::string(member.substr(0, member.size() - 3)));
    for (const char* statistic : {"p50", "p90", "p95", "p99", "mean"})
      table.cell(shown_ms(values[statistic]));
    table.cell(count_of(values["count"]));
    table.end_row();
  }
  return table.done();
}

std::string phase_stack(const Json& d) {
  std::string bar = "<div class=stack>";
  Table table({"phase", "share", "total"});
  for (const Json& phase : d["phases"]) {
    if (phase["share"].is_null()) continue;
    const std::string name = text_of(phase["name"]);
    bar += fmt::format("<span title=\"{} {}\" style=\"width:{:.3f}%;background:{}\"></span>", name,
                       shown_share(phase["share"]), phase["share"].get<double>() * 100, colour(name));
    table.begin_row(fmt::format("<span class=key style=\"background:{}\"></span>{}", colour(name), name));
    table.cell(shown_share(phase["share"]));
    table.cell(shown_ms(phase["total_ms"]));
    table.end_row();
  }
  return bar + "</div>\n" + table.done();
}

std::string group_table(const Json& d) {
  Table table({"model", "route", "requests", "errors", "TTFT p50", "p95", "TPOT p50", "p95", "queue p95",
               "tokens/s", "cache hits"});
  for (const Json& g : d["groups"]) {
    table.begin_row(text_of(g["model"]));
    table.text(text_of(g["route"]));
    table.cell(count_of(g["requests"]));
    table.cell(count_of(g["errors"]));
    for (const char* member : {"ttft_ms", "tpot_ms"}) {
      table.cell(shown_ms(g[member]["p50"]));
      table.cell(shown_ms(g[member]["p95"]));
    }
    table.cell(shown_ms(g["queue_ms"]["p95"]));
    table.cell(shown_rate(g["output_tokens_per_second"]));
    table.cell(shown_share(g["cache_hit_ratio"]));
    table.end_row();
  }
  return table.done();
}

std::string error_table(const Json& d) {
  if (d["errors_by_type"].empty()) return "<p>None.</p>\n";
  Table table({"error", "status", "count", "last", "last message"});
  for (const Json& e : d["errors_by_type"]) {
    table.begin_row(text_of(e["error_type"]));
    table.cell(count_of(e["http_status"]));
    table.cell(count_of(e["count"]));
    table.cell(shown_time(e["last_unix_ns"]));
    table.text(text_of(e["last_message"]));
    table.end_row();
  }
  return table.done();
}

std::string slow_table(const Json& d) {
  Table table({"request", "began", "model", "total", "TTFT", "reason"});
  for (const Json& r : d["slowest"]) {
    table.begin_row(text_of(r["request_id"]));
    table.cell(shown_time(r["start_unix_ns"]));
    table.cell(text_of(r["model"]));
    table.cell(shown_ns(r["total_ns"]));
    table.cell(shown_ns(r["ttft_ns"]));
    table.text(text_of(r["reason"]));
    table.end_row();
  }
  return table.done();
}

std::string loss_table(const Json& d) {
  if (d["losses"].empty()) return "<p>Nothing was lost.</p>\n";
  Table table({"what", "severity", "count"});
  for (const Json& loss : d["losses"]) {
    table.begin_row(text_of(loss["name"]));
    table.cell(text_of(loss["severity"]));
    table.cell(count_of(loss["count"]));
    table.end_row();
  }
  return table.done();
}

}  // namespace

std::string report_html(const Json& d, std::string_view charts) {
  std::string page = "<!doctype html>\n<html lang=en><meta charset=utf-8>\n";
  // What is in the page is all there is: nothing is fetched, nothing sent.
  page +=
      "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; script-src 'unsafe-inline'; "
      "style-src 'unsafe-inline'; img-src data: blob:\">\n";
  page += "<meta name=viewport content=\"width=device-width, initial-scale=1\">\n";
  page += fmt::format("<title>llamatelemetry report</title>\n<style>{}</style>\n", kStyle);
  page += "<h1>Where the time went</h1>\n";
  page += fmt::format(
      "<p>{} requests, {} failed, {} to {}. Output {} tokens/s, goodput {} requests/s, cache hits {}.\n",
      count_of(d["requests"]), count_of(d["errors"]), shown_time(d["from_unix_ns"]),
      shown_time(d["to_unix_ns"]), shown_rate(d["output_tokens_per_second"]), shown_rate(d["goodput_rps"]),
      shown_share(d["cache_hit_ratio"]));
  for (const std::string& sentence : gpu_sentences(d)) page += fmt::format("<p>{}.\n", escaped(sentence));
  page += "<h2>Phases, all requests together</h2>\n" + phase_stack(d);
  page += charts;
  page += "<h2>Latency</h2>\n" + latency_table(d);
  page += "<h2>By model and route</h2>\n" + group_table(d);
  if (!d["prompt_reuse"].is_null())
    page += "<h2>Prompts that came again</h2>\n<pre>" + escaped(prompt_reuse_text(d["prompt_reuse"])) +
            "</pre>\n";
  if (!d["advice"].empty()) page += "<h2>Advice</h2>\n<pre>" + escaped(advice_text(d["advice"])) + "</pre>\n";
  page += "<h2>Errors</h2>\n" + error_table(d);
  page += "<h2>Slowest requests</h2>\n" + slow_table(d);
  page += "<h2>Lost or doubtful data</h2>\n" + loss_table(d);
  return page + "</html>\n";
}

}  // namespace llt::app

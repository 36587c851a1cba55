#include "app/report_charts.h"

#include <fmt/format.h>
#include <zlib.h>

#include <nlohmann/json.hpp>

#include "app/sql.h"
#include "base/base64.h"
#include "views/assets.h"

namespace llt::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kIntervals = 60;
constexpr int kMostDots = 3000;

// What happened in each of the intervals into which the window falls. A request counts where it began.
constexpr std::string_view kSeriesSql = R"(
WITH r AS (SELECT * FROM requests WHERE operation IS NOT NULL AND start_unix_ns >= {since}),
     w AS (SELECT min(start_unix_ns) AS low, greatest(max(start_unix_ns) - min(start_unix_ns), 1) AS length FROM r),
     b AS (SELECT r.*, least((start_unix_ns - low) * {n} // length, {n} - 1) AS i,
                  error_type IS NOT NULL OR coalesce(http_status, 0) >= 400 AS failed FROM r, w)
SELECT (any_value(low) + i * any_value(length) // {n}) // 1000000 AS unix_ms,
       any_value(length) / {n} / 1e9 AS seconds, count(*) AS requests, count_if(failed) AS errors,
       sum(output_tokens) AS output_tokens, sum(input_tokens) AS input_tokens,
       quantile_cont(ttft_ns, 0.5) FILTER (NOT failed) / 1e6 AS ttft_p50,
       quantile_cont(ttft_ns, 0.95) FILTER (NOT failed) / 1e6 AS ttft_p95,
       quantile_cont(CASE WHEN output_tokens > 1 AND NOT failed THEN decode_ns / (output_tokens - 1) END, 0.5) / 1e6 AS tpot_p50,
       quantile_cont(CASE WHEN output_tokens > 1 AND NOT failed THEN decode_ns / (output_tokens - 1) END, 0.95) / 1e6 AS tpot_p95,
       avg(queue_ns) / 1e6 AS queue, avg(prefill_ns) / 1e6 AS prefill, avg(decode_ns) / 1e6 AS decode,
       avg(gateway_ns) / 1e6 AS gateway, avg(client_ns) / 1e6 AS client, avg(unattributed_ns) / 1e6 AS unattributed
FROM b, w GROUP BY i ORDER BY i)";

// Every k-th request, so that a page stays a page; which ones is a matter of their ids alone.
constexpr std::string_view kDotsSql = R"(
WITH r AS (SELECT * FROM requests WHERE operation IS NOT NULL AND start_unix_ns >= {since}),
     k AS (SELECT greatest(count(*) // {dots}, 1) AS k FROM r)
SELECT request_id, coalesce(model, response_model) AS model, input_tokens, output_tokens, ttft_ns / 1e6 AS ttft_ms,
       total_ns / 1e6 AS total_ms, start_unix_ns // 1000000 AS unix_ms,
       coalesce(error_type, CASE WHEN http_status >= 400 THEN CAST(http_status AS VARCHAR) END) AS error
FROM r, k WHERE hash(request_id) % k.k = 0 ORDER BY start_unix_ns LIMIT {dots} * 2)";

constexpr std::string_view kPlaces = R"html(<section id=charts>
<!-- Drawn by plotly.js, Copyright Plotly, Inc., under the MIT licence. -->
<h2>Over time</h2>
<noscript><p>The charts need JavaScript; the tables do not.</noscript>
<div class=charts><div id=traffic></div><div id=tokens></div><div id=ttft></div><div id=tpot></div>
<div id=phases></div><div id=spread></div><div id=prompts></div></div>
)html";

// Draws with whatever Plotly the page brought. Times are shown in the reader's zone.
constexpr std::string_view kScript = R"js(
const data = JSON.parse(document.getElementById("chart-data").textContent);
const dark = matchMedia("(prefers-color-scheme: dark)");
const time = data.series.map((row) => new Date(row.unix_ms));
const column = (name) => data.series.map((row) => row[name]);
const rate = (name) => data.series.map((row) => row[name] === null ? null : row[name] / row.seconds);
const line = (name, y, color, more) => ({ type: "scatter", mode: "lines", name, x: time, y, line: { color }, connectgaps: false, ...more });
const bars = (name, y, color) => ({ type: "bar", name, x: time, y, marker: { color } });
const asked = data.series.reduce((sum, row) => sum + row.requests, 0);
const dots = data.dots.filter((dot) => dot.total_ms !== null);
const safe = (text) => String(text ?? "").replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const told = (dot) => [dot.request_id, dot.model, dot.error].filter(Boolean).map(safe).join("<br>");
const scatter = (name, list, y, color) => ({ type: "scatter", mode: "markers", name, x: list.map((dot) => new Date(dot.unix_ms)), y: list.map((dot) => dot[y]),
  text: list.map(told), hovertemplate: "%{text}<br>%{y:.1f} ms<extra></extra>", marker: { color, size: 5, opacity: 0.6 } });
const good = dots.filter((dot) => !dot.error), bad = dots.filter((dot) => dot.error);
const charts = {
  traffic: ["Requests per second", [bars("answered", data.series.map((row) => (row.requests - row.errors) / row.seconds), "#0072b2"), bars("failed", rate("errors"), "#d55e00")], { barmode: "stack" }],
  tokens: ["Tokens per second", [line("output", rate("output_tokens"), "#009e73"), line("prompt", rate("input_tokens"), "#e69f00")], {}],
  ttft: ["Time to first token, ms", [line("p50", column("ttft_p50"), "#0072b2"), line("p95", column("ttft_p95"), "#d55e00")], {}],
  tpot: ["Time per output token, ms", [line("p50", column("tpot_p50"), "#0072b2"), line("p95", column("tpot_p95"), "#d55e00")], {}],
  phases: ["Where the mean request's time went, ms", [["queue", "#d55e00"], ["prefill", "#e69f00"], ["decode", "#009e73"], ["gateway", "#cc79a7"], ["client", "#0072b2"], ["unattributed", "#bbbb55"]]
    .map(([name, color]) => bars(name, column(name), color)), { barmode: "stack" }],
  spread: [asked > data.dots.length ? `${data.dots.length} of the ${asked} requests, ms` : "Every request, ms", [scatter("answered", good, "total_ms", "#0072b2"), scatter("failed", bad, "total_ms", "#d55e00")], { yaxis: { type: "log" } }],
  prompts: ["Time to first token by length of the prompt, ms", [{ ...scatter("request", good, "ttft_ms", "#0072b2"), x: good.map((dot) => dot.input_tokens) }], { xaxis: { title: { text: "prompt tokens" } } }],
};
function draw() {
  const ink = dark.matches ? "#ddd" : "#222", grid = dark.matches ? "#333" : "#ddd";
  for (const [id, [title, traces, layout]] of Object.entries(charts)) {
    Plotly.react(id, traces, { title: { text: title, font: { size: 14 } }, height: 280, margin: { l: 50, r: 10, t: 40, b: 40 }, font: { color: ink },
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", legend: { orientation: "h", y: -0.15 }, hovermode: "closest", ...layout,
      xaxis: { gridcolor: grid, ...layout.xaxis }, yaxis: { gridcolor: grid, zerolinecolor: grid, rangemode: "tozero", ...layout.yaxis } },
      { responsive: true, displaylogo: false });
  }
}
const packed = Uint8Array.from(atob(document.getElementById("plotly").textContent), (c) => c.charCodeAt(0));
const text = await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
const script = document.createElement("script");
script.textContent = text;
document.head.append(script);
draw();
dark.addEventListener("change", draw);
document.documentElement.dataset.charts = "drawn";
)js";

std::string with(std::string_view sql, std::optional<UnixNs> since) {
  std::string text(sql);
  const auto replace = [&](std::string_view what, const std::string& by) {
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at))
      text.replace(at, what.size(), by);
  };
  replace("{since}", std::to_string(since.value_or(0)));
  replace("{n}", std::to_string(kIntervals));
  replace("{dots}", std::to_string(kMostDots));
  return text;
}

// The console loads Plotly as a module that imports a helper from another file: here it has to stand alone.
std::optional<std::string> plotly_script() {
  for (const views::Asset& asset : views::ui_assets()) {
    if (!asset.path.starts_with("/assets/plotly") || !asset.path.ends_with(".js")) continue;
    constexpr std::string_view kImport = "import{", kAs = " as ", kExport = "export default ";
    std::string_view body = asset.body;
    const std::size_t as = body.find(kAs), close = body.find('}'), semicolon = body.find(';');
    const std::size_t exported = body.rfind(kExport);
    if (!body.starts_with(kImport) || as > close || semicolon == std::string_view::npos ||
        exported == std::string_view::npos)
      return std::nullopt;
    const std::string_view helper = body.substr(as + kAs.size(), close - as - kAs.size());
    return fmt::format(
        "(()=>{{const {}=(f,m)=>()=>(m||f((m={{exports:{{}}}}).exports,m),m.exports);{}{}}})();", helper,
        body.substr(semicolon + 1, exported - semicolon - 1), body.substr(exported + kExport.size()));
  }
  return std::nullopt;
}

std::string gzipped(std::string text) {
  z_stream stream{};
  constexpr int kGzip = 15 + 16;
  LLT_CHECK(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  LLT_CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// Inside a script element "<" could end it, or begin a comment.
std::string script_json(const Json& document) {
  std::string out;
  for (const char c : document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace))
    out += c == '<' ? std::string("\\u003c") : std::string(1, c);
  return out;
}

}  // namespace

Result<std::string> report_charts(store::Reader& reader, std::optional<UnixNs> since) {
  auto plotly = plotly_script();
  if (!plotly)
    return "<section id=charts><p>No charts: this program was built without the web page, which brings "
           "Plotly.</section>\n";
  const auto series = query_rows(reader, with(kSeriesSql, since));
  if (!series) return std::unexpected(series.error());
  if (series->empty()) return "<section id=charts></section>\n";
  const auto dots = query_rows(reader, with(kDotsSql, since));
  if (!dots) return std::unexpected(dots.error());
  return fmt::format(
      "{}<script type=\"application/json\" id=chart-data>{}</script>\n"
      "<script type=\"text/plain\" id=plotly>{}</script>\n<script type=module>{}</script>\n</section>\n",
      kPlaces, script_json({{"series", *series}, {"dots", *dots}}), base64(gzipped(std::move(*plotly))),
      kScript);
}

}  // namespace llt::app

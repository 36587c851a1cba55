// `llamatelemetry trace`: one trace as a tree with its critical path.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "app/commands.h"
#include "app/exit_codes.h"
#include "app/print.h"
#include "app/report_render.h"
#include "app/source.h"
#include "app/sql.h"
#include "app/terminal.h"
#include "app/text_table.h"
#include "app/trace_engine.h"
#include "app/trace_tree.h"
#include "app/units.h"
#include "base/sql_literal.h"

namespace llt::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMaxCandidates = 6;
constexpr std::size_t kMaxBarCells = 40;
constexpr std::size_t kMaxNameCells = 60;

// The trace that an id, or the beginning of one, stands for. A whole id beats a beginning.
Result<std::string> find_trace(Source& source, const std::string& id) {
  const std::string text = sql_literal(id);
  const std::string sql = fmt::format(
      "WITH hits AS ("
      "SELECT trace_id, request_id, start_unix_ns, request_id = {0} OR trace_id = {0} AS whole FROM requests "
      "WHERE starts_with(request_id, {0}) OR starts_with(trace_id, {0}) "
      "UNION ALL SELECT trace_id, NULL, start_unix_ns, trace_id = {0} FROM spans WHERE starts_with(trace_id, "
      "{0})) "
      "SELECT trace_id, any_value(request_id) AS request_id, bool_or(whole) AS whole, "
      "max(start_unix_ns) AS start_unix_ns FROM hits GROUP BY trace_id ORDER BY whole DESC, start_unix_ns "
      "DESC "
      "LIMIT {1}",
      text, kMaxCandidates);
  const auto rows = query_rows(source, sql);
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) {
    return fail(
        ErrorCode::not_found, fmt::format("no trace and no request begins with '{}'", printable(id)),
        "ids: llamatelemetry query \"SELECT request_id, trace_id FROM requests ORDER BY start_unix_ns DESC "
        "LIMIT 10\"");
  }
  const auto is_whole = [](const Json& row) { return row["whole"] == true; };
  const auto whole = std::count_if(rows->begin(), rows->end(), is_whole);
  if (whole == 1 || rows->size() == 1) return rows->front()["trace_id"].get<std::string>();
  std::string list;
  for (const Json& row : *rows) {
    list += fmt::format("{}{} {}", list.empty() ? "" : "\n", shown_text(row["trace_id"]),
                        row["request_id"].is_null() ? "" : shown_text(row["request_id"]));
  }
  return fail(ErrorCode::invalid_argument, fmt::format("'{}' stands for more than one trace", printable(id)),
              "give more of one of these:\n" + list);
}

std::string text_or_empty(const Json& value) { return value.is_string() ? value.get<std::string>() : ""; }

Result<TraceTree> load_trace(Source& source, const std::string& trace_id) {
  const auto rows = query_rows(
      source,
      "SELECT span_id, parent_span_id, name, kind, service_name, status_code, status_message, start_unix_ns, "
      "duration_ns, attributes::VARCHAR AS attributes FROM spans WHERE trace_id = " +
          sql_literal(trace_id) + " ORDER BY start_unix_ns, duration_ns DESC, span_id");
  if (!rows) return std::unexpected(rows.error());
  if (rows->empty()) {
    return fail(
        ErrorCode::not_found, fmt::format("the trace {} was not sampled: it has no spans", trace_id),
        fmt::format("its phases: llamatelemetry query \"FROM requests WHERE trace_id = '{}'\"", trace_id));
  }
  std::vector<TraceSpan> spans;
  for (const Json& row : *rows) {
    TraceSpan span;
    span.span_id = text_or_empty(row["span_id"]);
    span.parent_span_id = text_or_empty(row["parent_span_id"]);
    span.name = text_or_empty(row["name"]);
    span.kind = text_or_empty(row["kind"]);
    span.service_name = text_or_empty(row["service_name"]);
    span.status_code = text_or_empty(row["status_code"]);
    span.status_message = text_or_empty(row["status_message"]);
    span.attributes_json = text_or_empty(row["attributes"]);
    span.start = row["start_unix_ns"].get<UnixNs>();
    span.duration_ns = row["duration_ns"].get<std::int64_t>();
    spans.push_back(std::move(span));
  }
  return TraceTree::build(std::move(spans));
}

// The critical path of the whole trace: that of each root, in order.
std::vector<PathSegment> whole_path(const TraceTree& tree) {
  std::vector<PathSegment> path;
  for (std::size_t root : tree.roots) {
    const auto part = critical_path(tree, root);
    path.insert(path.end(), part.begin(), part.end());
  }
  return path;
}

// How long each span itself is on the path.
std::vector<std::int64_t> time_on_path(const TraceTree& tree, const std::vector<PathSegment>& path) {
  std::vector<std::int64_t> ns(tree.spans.size(), 0);
  for (const PathSegment& segment : path) ns[segment.span] += segment.duration_ns;
  return ns;
}

// The path goes through a span when it waited for the span itself or for something below it.
std::vector<bool> spans_on_path(const TraceTree& tree, const std::vector<std::int64_t>& own_ns) {
  std::vector<bool> through(tree.spans.size(), false);
  for (auto i = tree.depth_first.rbegin(); i != tree.depth_first.rend(); ++i) {
    const auto& children = tree.nodes[*i].children;
    through[*i] = own_ns[*i] != 0 || std::any_of(children.begin(), children.end(),
                                                 [&](std::size_t child) { return through[child]; });
  }
  return through;
}

Json trace_json(const std::string& trace_id, const TraceTree& tree) {
  const auto path = whole_path(tree);
  const auto on_path = time_on_path(tree, path);
  const auto through = spans_on_path(tree, on_path);
  Json document = {{"trace_id", trace_id},
                   {"start_unix_ns", tree.start},
                   {"duration_ns", tree.end - tree.start},
                   {"spans", Json::array()},
                   {"critical_path", Json::array()}};
  for (std::size_t i : tree.depth_first) {
    const TraceSpan& span = tree.spans[i];
    Json attributes = Json::parse(span.attributes_json, nullptr, false);
    if (attributes.is_discarded()) attributes = nullptr;
    const auto unless_empty = [](const std::string& text) {
      return text.empty() ? Json(nullptr) : Json(text);
    };
    document["spans"].push_back({{"span_id", span.span_id},
                                 {"parent_span_id", unless_empty(span.parent_span_id)},
                                 {"depth", tree.nodes[i].depth},
                                 {"name", span.name},
                                 {"kind", span.kind},
                                 {"service_name", span.service_name},
                                 {"start_unix_ns", span.start},
                                 {"duration_ns", span.duration_ns},
                                 {"on_critical_path", through[i] ? true : false},
                                 {"critical_ns", on_path[i]},
                                 {"status_code", span.status_code},
                                 {"status_message", unless_empty(span.status_message)},
                                 {"attributes", std::move(attributes)}});
  }
  for (const PathSegment& segment : path) {
    document["critical_path"].push_back({{"span_id", tree.spans[segment.span].span_id},
                                         {"name", tree.spans[segment.span].name},
                                         {"start_unix_ns", segment.start},
                                         {"duration_ns", segment.duration_ns}});
  }
  return document;
}

// The lines that lead from the root to each span, in the order of printing.
std::vector<std::string> branches(const TraceTree& tree) {
  std::vector<std::string> lead(tree.spans.size());    // what stands in front of a span's children
  std::vector<std::string> branch(tree.spans.size());  // what stands in front of the span
  for (std::size_t i : tree.depth_first) {
    const auto& children = tree.nodes[i].children;
    for (std::size_t k = 0; k < children.size(); ++k) {
      const bool last = k + 1 == children.size();
      branch[children[k]] = lead[i] + (last ? "└─ " : "├─ ");
      lead[children[k]] = lead[i] + (last ? "   " : "│  ");
    }
  }
  return branch;
}

// Where in the trace a span lies, `cells` wide; what is on the critical path is solid.
std::string bar(const TraceTree& tree, const TraceSpan& span, bool on_path, std::size_t cells) {
  const double total = static_cast<double>(std::max<std::int64_t>(tree.end - tree.start, 1));
  const auto cell = [&](UnixNs at) {
    return static_cast<std::size_t>(static_cast<double>(at - tree.start) / total *
                                    static_cast<double>(cells));
  };
  const std::size_t begin = std::min(cell(span.start), cells - 1);
  const std::size_t end = std::min(std::max(cell(span.end()), begin + 1), cells);
  std::string text(begin, ' ');
  for (std::size_t i = begin; i < end; ++i) text += on_path ? "█" : "░";
  return text;
}

std::string trace_text(const std::string& trace_id, const TraceTree& tree, std::size_t width) {
  const auto path = whole_path(tree);
  const auto on_path = time_on_path(tree, path);
  const auto through = spans_on_path(tree, on_path);
  const auto branch = branches(tree);
  std::string out =
      fmt::format("trace {}, {} spans, {}, began {}\n\n", trace_id, tree.spans.size(),
                  format_duration(static_cast<double>(tree.end - tree.start)), shown_time(tree.start));
  constexpr std::size_t kNumberCells = 28;  // two durations and the gaps
  const std::size_t name_cells = std::min(kMaxNameCells, width / 2);
  std::size_t longest = 4;
  std::vector<std::string> names;
  for (std::size_t i : tree.depth_first) {
    const TraceSpan& span = tree.spans[i];
    const bool error = span.status_code == "ERROR";
    names.push_back(shortened(branch[i] + printable(span.name) + (error ? " (error)" : ""), name_cells));
    longest = std::max(longest, display_width(names.back()));
  }
  const std::size_t used = longest + kNumberCells;
  const std::size_t bar_cells = std::clamp<std::size_t>(width > used ? width - used : 0, 10, kMaxBarCells);
  out += fmt::format("{}{}  {:>10}  {:>10}\n", "span", std::string(longest - 4, ' '), "took", "critical");
  for (std::size_t k = 0; k < tree.depth_first.size(); ++k) {
    const std::size_t i = tree.depth_first[k];
    const TraceSpan& span = tree.spans[i];
    out += fmt::format("{}{}  {:>10}  {:>10}  {}\n", names[k],
                       std::string(longest - display_width(names[k]), ' '),
                       format_duration(static_cast<double>(span.duration_ns)),
                       on_path[i] == 0 ? "" : format_duration(static_cast<double>(on_path[i])),
                       bar(tree, span, through[i], bar_cells));
    if (span.status_code == "ERROR" && !span.status_message.empty()) {
      out += "    error: " + printable(span.status_message) + "\n";
    }
  }
  out +=
      "\n█ on the critical path: \"critical\" is the time for which the trace waited for that span itself\n";
  return out;
}

}  // namespace

int run_trace(const Settings& settings, const TraceOptions& options) {
  auto source = Source::make(settings);
  if (!source) return bad_usage(source.error());
  if (options.id.empty()) return bad_usage({ErrorCode::invalid_argument, "an empty id names no trace", ""});
  try {
    const auto trace_id = find_trace(**source, options.id);
    if (!trace_id) return failed(trace_id.error());
    const auto tree = load_trace(**source, *trace_id);
    if (!tree) return failed(tree.error());
    const auto engine = trace_engine(**source, *trace_id);
    if (!engine) return failed(engine.error());
    if (options.json) {
      Json document = trace_json(*trace_id, *tree);
      document["engine"] = *engine;
      print_out("{}\n", document.dump(2, ' ', false, Json::error_handler_t::replace));
    } else {
      print_out("{}{}", trace_text(*trace_id, *tree, terminal_width()), trace_engine_text(*engine));
    }
    return kDone;
  } catch (const nlohmann::json::exception& error) {
    return failed(
        {ErrorCode::data_loss, fmt::format("the store's answer was not understood: {}", error.what()), ""});
  }
}

}  // namespace llt::app

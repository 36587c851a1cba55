#include "views/trace/trace_api.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <limits>

#include "base/sql_literal.h"
#include "store/reader.h"
#include "views/json_rows.h"
#include "views/phases.h"
#include "views/request_columns.h"
#include "views/trace/reasons.h"

namespace llt::views {
namespace {

constexpr std::int64_t kMostTraces = 200;
constexpr std::uint32_t kMostLanes = 512;

// Requests as traces of one.
std::string requests_sql(const std::string& where, bool newest, std::int64_t limit) {
  return fmt::format(
      "SELECT {} FROM requests WHERE operation IS NOT NULL AND {} ORDER BY {} DESC, request_id LIMIT {}",
      kRequestColumns, where, newest ? "start_unix_ns" : "total_ns", limit);
}

// What others sent, by trace; a trace that has a request of ours is known by that.
std::string received_sql(const std::string& where, bool newest, std::int64_t limit) {
  return fmt::format(
      "SELECT trace_id, min(start_unix_ns) AS start_unix_ns, max(start_unix_ns + duration_ns) - "
      "min(start_unix_ns) AS duration_ns, count(*) AS spans, arg_min(name, start_unix_ns) AS name, "
      "arg_min(service_name, start_unix_ns) AS service, count(*) FILTER (WHERE status_code = 'ERROR') AS "
      "errors "
      "FROM received_spans WHERE {} GROUP BY trace_id ORDER BY {} DESC LIMIT {}",
      where, newest ? "start_unix_ns" : "duration_ns", limit);
}

Json request_entry(const Json& row) {
  const auto longest = longest_phase(row);
  return {{"trace_id", row["trace_id"]},
          {"request_id", row["request_id"]},
          {"name", row["route"]},
          {"service", row["model"]},
          {"start_unix_ns", row["start_unix_ns"]},
          {"duration_ns", row["total_ns"]},
          {"spans", nullptr},
          {"failed", !row["error_type"].is_null()},
          {"reason", longest ? longest->text : ""},
          {"phases_ns",
           {{"queue", row["queue_ns"]}, {"prefill", row["prefill_ns"]}, {"decode", row["decode_ns"]}}}};
}

Json received_entry(const Json& row) {
  return {{"trace_id", row["trace_id"]},
          {"request_id", nullptr},
          {"name", row["name"]},
          {"service", row["service"]},
          {"start_unix_ns", row["start_unix_ns"]},
          {"duration_ns", row["duration_ns"]},
          {"spans", row["spans"]},
          {"failed", row["errors"] != 0},
          {"reason", ""},
          {"phases_ns", nullptr}};
}

Json tracks_json(const TraceIndex& trace) {
  Json tracks = Json::array();
  for (const Track& track : trace.tracks) {
    tracks.push_back(
        {{"id", track.id}, {"title", track.title}, {"first_lane", track.first_lane}, {"lanes", track.lanes}});
  }
  return tracks;
}

std::string_view tone_name(Tone tone) {
  constexpr std::string_view kNames[] = {"neutral", "queue",         "prefill",     "decode",
                                         "mixed",   "other_prefill", "other_decode"};
  return kNames[static_cast<std::size_t>(tone)];
}

// The blocks as columns, with a table of the names that they use.
Json blocks_json(const TraceIndex& trace, const Blocks& shown) {
  Json columns;
  for (const char* name : {"lane", "start", "end", "rows", "busy", "row", "name", "tone", "marks"})
    columns[name] = Json::array();
  boost::unordered_flat_map<std::uint32_t, std::size_t> numbers;
  Json names = Json::array();
  for (const Block& block : shown.blocks) {
    const TimelineRow& row = trace.timeline.rows()[block.row];
    const auto [entry, is_new] = numbers.emplace(row.name, names.size());
    if (is_new) names.push_back(trace.names[row.name]);
    columns["lane"].push_back(row.lane);
    columns["start"].push_back(block.start);
    columns["end"].push_back(block.end);
    columns["rows"].push_back(block.rows);
    columns["busy"].push_back(block.busy_ns);
    columns["row"].push_back(block.row);
    columns["name"].push_back(entry->second);
    columns["tone"].push_back(static_cast<int>(row.tone));
    columns["marks"].push_back(block.marks);
  }
  return {{"names", std::move(names)}, {"blocks", std::move(columns)}};
}

Result<Json> span_detail(store::Reader& reader, const TraceIndex& trace, const Origin& origin) {
  auto rows = json_rows(
      reader, fmt::format("SELECT * EXCLUDE (resource_attributes) FROM spans WHERE trace_id = {} AND "
                          "span_id = {} LIMIT 1",
                          sql_literal(trace.trace_id),
                          sql_literal(trace.span_ids.text(trace.span_numbers[origin.place]))));
  if (!rows) return std::unexpected(rows.error());
  return rows->empty() ? Json(nullptr) : (*rows)[0];
}

// A step with everybody who was in it.
Result<Json> step_detail(store::Reader& reader, const TraceIndex& trace, const Origin& origin) {
  const std::string where =
      fmt::format("engine_id = {} AND step = {}", trace.engines[origin.place], origin.step);
  auto steps = json_rows(reader, "SELECT * EXCLUDE (engine_id) FROM steps WHERE " + where);
  if (!steps) return std::unexpected(steps.error());
  if (steps->empty()) return Json(nullptr);
  auto members = json_rows(
      reader,
      fmt::format("SELECT m.slot, t.request_id, m.prefill_tokens, m.decode_tokens, m.first_position, "
                  "m.last_position, m.share_ns FROM (FROM step_members WHERE {}) m LEFT JOIN turns t ON "
                  "t.engine_id = m.engine_id AND t.turn = m.turn ORDER BY m.slot",
                  where));
  if (!members) return std::unexpected(members.error());
  Json step = std::move((*steps)[0]);
  step["members"] = std::move(*members);
  return step;
}

std::string_view kind_name(Origin::Kind kind) {
  constexpr std::string_view kNames[] = {"phase", "span", "step", "member"};
  return kNames[static_cast<std::size_t>(kind)];
}

// The trace that is asked for; with `sketch=1` what can be said of it at once.
Result<std::shared_ptr<const TraceIndex>> find_trace(store::Reader& reader, TraceCache& cache,
                                                     std::string_view id, const Target& target, bool fresh) {
  const auto sketch = target.flag("sketch");
  if (!sketch) return std::unexpected(bad_parameter("sketch", "0 or 1"));
  const std::string known(id.substr(0, kMaxIdBytes));
  return *sketch ? cache.get_soon(reader, known, fresh) : cache.get(reader, known, fresh);
}

}  // namespace

bool is_soon(TraceCache& cache, std::string_view id, const Target& target, bool fresh) {
  return target.flag("sketch").value_or(true) || cache.holds(std::string(id.substr(0, kMaxIdBytes)), fresh);
}

Reply list_traces(store::Reader& reader, const Target& target) {
  std::int64_t limit = 50;
  if (const auto text = target.find("limit")) {
    const auto value = parse_integer(*text, 1, kMostTraces);
    if (!value) return error_reply(bad_parameter("limit", "a number from 1 to 200"));
    limit = *value;
  }
  const std::string_view order = target.find("order").value_or("slowest");
  if (order != "slowest" && order != "newest")
    return error_reply(bad_parameter("order", "slowest or newest"));
  std::string requests = "true", received = "trace_id NOT IN (SELECT trace_id FROM requests)";
  if (const auto text = target.find("find"); text && !text->empty()) {
    if (text->size() > kMaxIdBytes) return error_reply(bad_parameter("find", "at most 1024 bytes"));
    const std::string id = sql_literal(*text);
    requests = fmt::format("(starts_with(request_id, {0}) OR starts_with(trace_id, {0}))", id);
    received += fmt::format(" AND starts_with(trace_id, {})", id);
  }
  const auto errors = target.flag("errors");
  if (!errors) return error_reply(bad_parameter("errors", "0 or 1"));
  if (*errors) {
    requests += " AND error_type IS NOT NULL";
    received += " AND trace_id IN (SELECT trace_id FROM received_spans WHERE status_code = 'ERROR')";
  }
  const bool newest = order == "newest";
  auto ours = json_rows(reader, requests_sql(requests, newest, limit));
  if (!ours) return error_reply(ours.error());
  auto others = json_rows(reader, received_sql(received, newest, limit));
  if (!others) return error_reply(others.error());
  std::vector<Json> entries;
  for (const Json& row : *ours) entries.push_back(request_entry(row));
  for (const Json& row : *others) entries.push_back(received_entry(row));
  const char* by = newest ? "start_unix_ns" : "duration_ns";
  std::ranges::stable_sort(entries, [&](const Json& a, const Json& b) {
    return a[by].get<std::int64_t>() > b[by].get<std::int64_t>();
  });
  if (entries.size() > static_cast<std::size_t>(limit)) entries.resize(static_cast<std::size_t>(limit));
  return json_reply({{"traces", std::move(entries)}});
}

Reply describe_trace(store::Reader& reader, TraceCache& cache, std::string_view id, const Target& target) {
  const auto found = find_trace(reader, cache, id, target, true);
  if (!found) return error_reply(found.error());
  const TraceIndex& trace = **found;
  Json path = Json::array();
  for (const PathShare& share : trace.path) {
    path.push_back(
        {{"name", share.name}, {"service", share.service}, {"ns", share.ns}, {"spans", share.spans}});
  }
  const auto if_read = [&trace](Json value) { return trace.whole ? std::move(value) : Json(nullptr); };
  return json_reply({{"trace_id", trace.trace_id},
                     {"whole", trace.whole},
                     {"start_unix_ns", trace.start},
                     {"duration_ns", trace.duration_ns},
                     {"rows", trace.timeline.rows().size()},
                     {"spans", trace.spans},
                     {"steps", if_read(trace.steps)},
                     {"lanes", trace.timeline.lanes()},
                     {"tracks", tracks_json(trace)},
                     {"why", why_slow(trace)},
                     {"critical_path", if_read(std::move(path))},
                     {"requests", trace.requests},
                     {"attribution", if_read(trace.attribution)},
                     {"delayed_by", if_read(trace.delayed_by)},
                     {"notes", trace.notes}});
}

WindowRequest parse_window(const Target& target, std::int64_t duration_ns) {
  constexpr std::int64_t kFar = std::numeric_limits<std::int64_t>::max() / 4;
  WindowRequest request;
  request.window.to = std::max<std::int64_t>(duration_ns, 1);
  const auto take = [&](std::string_view name, std::int64_t low, std::int64_t high, auto& value) {
    const auto text = target.find(name);
    if (!text) return;
    const auto number = parse_integer(*text, low, high);
    if (!number) {
      request.wrong = name;
      return;
    }
    value = static_cast<std::remove_reference_t<decltype(value)>>(*number);
  };
  take("from", -kFar, kFar, request.window.from);
  take("to", -kFar, kFar, request.window.to);
  take("pixels", 1, 8192, request.window.pixels);
  take("lane", 0, UINT32_MAX, request.window.first_lane);
  take("lanes", 1, kMostLanes, request.window.lanes);
  if (request.wrong.empty() && request.window.to <= request.window.from) request.wrong = "to";
  return request;
}

Reply show_rows(store::Reader& reader, TraceCache& cache, std::string_view id, const Target& target) {
  const auto found = find_trace(reader, cache, id, target, false);
  if (!found) return error_reply(found.error());
  const TraceIndex& trace = **found;
  const WindowRequest asked = parse_window(target, trace.duration_ns);
  if (!asked.wrong.empty()) {
    return error_reply(bad_parameter(
        asked.wrong,
        "from and to are nanoseconds from the beginning of the trace, pixels 1 to 8192, lanes 1 to 512"));
  }
  const Blocks shown = trace.timeline.show(asked.window);
  Json document = {{"from", asked.window.from},       {"to", asked.window.to},
                   {"pixel_ns", shown.pixel_ns},      {"rows", trace.timeline.rows().size()},
                   {"lanes", trace.timeline.lanes()}, {"whole", trace.whole}};
  document.update(blocks_json(trace, shown));
  return json_reply(document);
}

Reply describe_row(store::Reader& reader, TraceCache& cache, std::string_view id, std::string_view row,
                   const Target& target) {
  const auto found = find_trace(reader, cache, id, target, false);
  if (!found) return error_reply(found.error());
  const TraceIndex& trace = **found;
  const auto total = static_cast<std::int64_t>(trace.timeline.rows().size());
  const auto number = parse_integer(row, 0, total - 1);
  if (!number) {
    return error_reply({ErrorCode::not_found, fmt::format("the trace has no row {}", row),
                        fmt::format("rows are numbered from 0 to {}", total - 1)});
  }
  if (const auto of = target.find("of"); of && *of != std::to_string(total)) {
    return error_reply(409, {ErrorCode::invalid_argument, "the trace has grown since its rows were numbered",
                             "ask for its rows again"});
  }
  const TimelineRow& shown = trace.timeline.rows()[static_cast<std::size_t>(*number)];
  const Origin origin = trace.origin_of(shown);
  Result<Json> detail = Json(nullptr);
  if (origin.kind == Origin::Kind::span) detail = span_detail(reader, trace, origin);
  if (origin.kind == Origin::Kind::step || origin.kind == Origin::Kind::member)
    detail = step_detail(reader, trace, origin);
  if (origin.kind == Origin::Kind::phase) detail = trace.requests[origin.place];
  if (!detail) return error_reply(detail.error());
  return json_reply({{"kind", kind_name(origin.kind)},
                     {"name", trace.names[shown.name]},
                     {"tone", tone_name(shown.tone)},
                     {"start", shown.start},
                     {"duration_ns", shown.end - shown.start},
                     {"critical", trace.whole ? Json((shown.marks & kCritical) != 0) : Json(nullptr)},
                     {"failed", (shown.marks & kFailed) != 0},
                     {"slot", origin.kind == Origin::Kind::member ? Json(origin.slot) : Json(nullptr)},
                     {"detail", std::move(*detail)}});
}

}  // namespace llt::views

// The console's pure parts.

#include <gtest/gtest.h>

#include "base/sql_literal.h"
#include "views/access.h"
#include "views/live_json.h"
#include "views/live_series.h"
#include "views/query_api.h"
#include "views/recent_rows.h"
#include "views/request_filter.h"
#include "views/router.h"
#include "views/target.h"

namespace llt::views {
namespace {

TEST(Target, SplitsAndDecodes) {
  const auto target =
      Target::parse("/api/v1/requests/a%2Fb?limit=5&model=a+b%26c&flag&filter=x&filter=y&on=1&off=0");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/api/v1/requests/a/b");
  EXPECT_EQ(target->find("limit"), "5");
  EXPECT_EQ(target->find("model"), "a b&c");
  EXPECT_EQ(target->find("flag"), "");
  EXPECT_FALSE(target->find("absent"));
  EXPECT_EQ(target->parameters.size(), 7U);  // a filter may be repeated
  EXPECT_EQ(target->flag("on"), true);
  EXPECT_EQ(target->flag("off"), false);
  EXPECT_EQ(target->flag("absent"), false);
  EXPECT_EQ(target->flag("limit"), std::nullopt);
}

TEST(Target, RefusesWhatIsBroken) {
  for (const char* text :
       {"", "x", "*", "http://a/", "/%", "/%1", "/%g0", "/%00", "/?a=%00", "/?%=1", "/?a=1&b=2&a=1"}) {
    EXPECT_FALSE(Target::parse(text)) << text;
  }
}

TEST(Target, Integers) {
  EXPECT_EQ(parse_integer("12", 1, 100), 12);
  for (const char* text : {"", "-1", "0", "101", "1x", " 1", "99999999999999999999"}) {
    EXPECT_FALSE(parse_integer(text, 1, 100)) << text;
  }
}

TEST(Access, Hosts) {
  const Access access({"127.0.0.1", 8081, {}}, {"gpu-box"}, {});
  for (const char* host :
       {"localhost", "LocalHost:8081", "127.0.0.1:8081", "[::1]:8081", "10.0.0.7", "gpu-box:1"}) {
    EXPECT_TRUE(access.host_allowed(host)) << host;
  }
  for (const char* host :
       {"", "evil.example", "localhost.evil.example", "[::1", "[::1]x", "127.0.0.1.evil"}) {
    EXPECT_FALSE(access.host_allowed(host)) << host;
  }
  EXPECT_TRUE(Access({"0.0.0.0", 1, {}}, {}, {"key"}).host_allowed("any.name"));
}

TEST(Access, Keys) {
  const Access access({"127.0.0.1", 1, {}}, {}, {"one", "two"});
  EXPECT_TRUE(access.key_allowed("Bearer one"));
  EXPECT_TRUE(access.key_allowed("bearer two"));
  for (const char* text :
       {"", "Bearer", "Bearer ", "Bearer on", "Bearer onee", "Bearer oneone", "Basic one", "one"}) {
    EXPECT_FALSE(access.key_allowed(text)) << text;
  }
}

TEST(Router, NamesWhatIsAskedFor) {
  EXPECT_EQ(route_of("GET", "/healthz").resource, Resource::healthz);
  EXPECT_EQ(route_of("GET", "/api/v1/requests").resource, Resource::requests);
  EXPECT_EQ(route_of("GET", "/api/v1/requests/a b").id, "a b");
  EXPECT_EQ(route_of("GET", "/api/v1/requests/").resource, Resource::asset);
  EXPECT_TRUE(route_of("HEAD", "/").method_allowed);
  EXPECT_FALSE(route_of("DELETE", "/metrics").method_allowed);
  EXPECT_TRUE(route_of("POST", "/api/v1/query").needs_key);
  EXPECT_FALSE(route_of("GET", "/healthz").needs_key);
}

TEST(Query, TakesItsMembers) {
  const auto query =
      parse_query(R"({"sql":"SELECT 1","format":"arrow","timeout_ms":50,"max_rows":7})", 5, 50);
  ASSERT_TRUE(query);
  EXPECT_EQ(query->sql, "SELECT 1");
  EXPECT_EQ(query->format, store::Format::arrow);
  EXPECT_EQ(query->limits.timeout_ms, 50);
  EXPECT_EQ(query->limits.max_rows, 7u);
  EXPECT_EQ(parse_query(R"({"sql":"x"})", 5, 50)->limits.timeout_ms, 5);
}

TEST(Query, RefusesTheRest) {
  for (const char* body :
       {"", "[]", "{}", R"({"sql":1})", R"({"sql":" ; "})", R"({"sql":"x","format":"xml"})",
        R"({"sql":"x","timeout_ms":0})", R"({"sql":"x","timeout_ms":51})", R"({"sql":"x","timeout_ms":-1})",
        R"({"sql":"x","timeout_ms":"1"})", R"({"sql":"x","max_rows":1.5})", R"({"sql":"x\u0000y"})",
        R"({"sql":"x","other":1})"}) {
    EXPECT_FALSE(parse_query(body, 5, 50)) << body;
  }
}

TEST(Series, AddsToSecondsThatAreHeld) {
  LiveSeries series(3);
  series.advance(100);
  ASSERT_EQ(series.points().size(), 3u);
  EXPECT_EQ(series.points().front().time, 98);
  (void)series.take_revised();
  series.add({.time = 99, .requests = 2, .errors = 1, .decode_seconds = 0.5});
  series.add({.time = 97, .requests = 9});   // gone already
  series.add({.time = 101, .requests = 9});  // not there yet
  const auto revised = series.take_revised();
  ASSERT_EQ(revised.size(), 1u);
  EXPECT_EQ(revised[0].requests, 2);
  EXPECT_EQ(revised[0].errors, 1);
  EXPECT_TRUE(series.take_revised().empty());
}

TEST(Series, AdvancesWithoutGaps) {
  LiveSeries series(5);
  series.advance(10);
  series.advance(12);
  ASSERT_EQ(series.points().size(), 5u);
  EXPECT_EQ(series.points().front().time, 8);
  EXPECT_EQ(series.points().back().time, 12);
  series.advance(1000);  // away for longer than the curves reach
  EXPECT_EQ(series.points().front().time, 996);
}

TEST(Rows, UnknownIsNull) {
  std::string row;
  append_point_row(row, {.time = 5, .requests = 1});
  EXPECT_EQ(row,
            "[5,1,0,null,null,null,null,null,null,null,null,null,0,0,0,0,0,null,null,null,null,null,null]");
}

TEST(Rows, SumsOfLongerPointsArePerSecond) {
  std::string row;
  append_point_row(
      row,
      {.time = 60, .requests = 3, .decode_tokens = 90, .steps = StepStatistics{.count = 15, .p95_ms = 7}},
      30);
  EXPECT_EQ(row, "[60,0.1,0,null,null,null,null,null,null,null,null,null,0,3,0,0,0,null,0.5,0,0,0,7]");
}

TEST(Recent, GivesOnlyWhatIsNew) {
  RecentRows rows(2);
  EXPECT_EQ(rows.absorb(R"([{"request_id":"a","start_unix_ns":1}])"),
            R"([{"request_id":"a","start_unix_ns":1}])");
  EXPECT_EQ(rows.absorb(R"([{"request_id":"b","start_unix_ns":2},{"request_id":"a","start_unix_ns":1}])"),
            R"([{"request_id":"b","start_unix_ns":2}])");
  EXPECT_EQ(rows.absorb(R"([{"request_id":"a","start_unix_ns":3}])"),
            R"([{"request_id":"a","start_unix_ns":3}])");
  EXPECT_EQ(rows.all(), R"([{"request_id":"a","start_unix_ns":3},{"request_id":"b","start_unix_ns":2}])");
  EXPECT_EQ(rows.absorb("not JSON"), "[]");
}

std::string where_of(const std::string& parameters) {
  const auto where = request_conditions(*Target::parse("/x?" + parameters));
  return where ? *where : where.error().to_string();
}

TEST(Filters, BecomeConditions) {
  EXPECT_EQ(where_of(""), "operation IS NOT NULL");
  EXPECT_EQ(where_of("all=1"), "true");
  EXPECT_EQ(where_of("filter=total_ns:ge:500"), "operation IS NOT NULL AND total_ns >= 500");
  EXPECT_EQ(where_of("filter=model:eq:a:b'c"), "operation IS NOT NULL AND model = 'a:b''c'");
  EXPECT_EQ(where_of("filter=ttft_ns:is:null&since=5"),
            "operation IS NOT NULL AND start_unix_ns >= 5 AND ttft_ns IS NULL");
  EXPECT_EQ(where_of("filter=stream:eq:true"), "operation IS NOT NULL AND stream = true");
}

TEST(Filters, RefuseWhatIsNotOne) {
  for (const char* text :
       {"filter=", "filter=total_ns", "filter=total_ns:ge", "filter=total_ns:ge:x", "filter=total_ns:like:1",
        "filter=nothing:eq:1", "filter=total_ns%3b--:eq:1", "filter=stream:eq:1", "filter=temperature:eq:nan",
        "filter=attributes:eq:1", "filter=finish_reasons:eq:1", "filter=total_ns:has:1", "since=x",
        "until=-1", "filter=ttft_ns:is:NULL"}) {
    EXPECT_FALSE(request_conditions(*Target::parse(std::string("/x?") + text))) << text;
  }
  for (const char* text :
       {"sort=x", "sort=finish_reasons", "sort=-request_content", "columns=x", "columns=a,,",
        "columns=request_content", "limit=1001", "after=x", "after=[]", "after=[1,2,3,4]",
        R"(sort=model&after=[1,2,"a","b"])", R"(after=[1,2,"a","\u0000"])"}) {
    EXPECT_FALSE(parse_request_page(*Target::parse(std::string("/x?") + text))) << text;
  }
}

TEST(Filters, ACursorNamesItsRow) {
  const Json row{{"total_ns", 7}, {"start_unix_ns", 5}, {"trace_id", "t"}, {"request_id", "r\"&"}};
  EXPECT_EQ(cursor_of(row, "total_ns"), R"([7,5,"t","r\"&"])");
  EXPECT_EQ(cursor_of(row, "ttft_ns"), R"([null,5,"t","r\"&"])");
}

TEST(Sql, LiteralsKeepQuotes) { EXPECT_EQ(sql_literal("a'; DROP TABLE x; --"), "'a''; DROP TABLE x; --'"); }

}  // namespace
}  // namespace llt::views

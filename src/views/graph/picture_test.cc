// Graphs on their way to a page: what is asked, and both forms of the answer.

#include "views/graph/picture.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "analytics/job_blob.h"
#include "views/graph/draw.h"
#include "views/graph/graph_request.h"

namespace llt::views {
namespace {

using analytics::Algorithm;
using Json = nlohmann::ordered_json;

GraphRequest parsed(std::string_view target) {
  auto request = parse_graph_request("services", *Target::parse(target));
  EXPECT_TRUE(request) << request.error().to_string();
  return request.value_or(GraphRequest{});
}

TEST(GraphRequest, TakesItsParameters) {
  const auto r = parsed("/x?algorithm=louvain&since=60&resolution=1.5&layout=none&format=binary&directed=0&from=a%26b");
  EXPECT_EQ(r.algorithm, "louvain");
  EXPECT_EQ(r.since_seconds, 60);
  EXPECT_EQ(r.request.resolution, 1.5);
  EXPECT_EQ(r.request.directed, false);
  EXPECT_FALSE(r.layout);
  EXPECT_TRUE(r.binary);
  EXPECT_EQ(r.from, "a&b");
}

TEST(GraphRequest, RefusesTheRest) {
  for (const char* target : {"/x?algorithm=magic", "/x?since=0", "/x?since=-1", "/x?since=x", "/x?damping=1",
                             "/x?resolution=nan", "/x?layout=yes", "/x?format=xml", "/x?directed=2", "/x?radius=65",
                             "/x?backend=tpu", "/x?iteration=5", "/x?seed=-1", "/x?samples=0"}) {
    EXPECT_FALSE(parse_graph_request("services", *Target::parse(target))) << target;
  }
}

TEST(GraphRequest, KeysTellRequestsApart) {
  const std::string key = cache_key(parsed("/x"));
  EXPECT_EQ(key, cache_key(parsed("/x?format=binary")));
  for (const char* other : {"/x?seed=2", "/x?from=a", "/x?trace=a", "/x?layout=none", "/x?backend=cpu", "/x?directed=1"})
    EXPECT_NE(key, cache_key(parsed(other))) << other;
  EXPECT_NE(cache_key(parsed("/x?from=a&trace=bc")), cache_key(parsed("/x?from=ab&trace=c")));
}

analytics::DescribedGraph triangle() {
  analytics::DescribedGraph graph;
  for (const char* id : {"a", "b", "c"}) graph.vertex(id, std::string("the ") + id);
  graph.graph.edges.add(0, 1, 2.5);
  graph.graph.edges.add(1, 2, 1);
  graph.notes.emplace_back("weak evidence");
  return graph;
}

Picture drawn() {
  Answered ranks;
  ranks.request.algorithm = Algorithm::pagerank;
  ranks.run.outcome.values = {0.5, std::numeric_limits<double>::infinity(), 0.25};
  ranks.run.backend = "cpu";
  Answered groups;
  groups.request.algorithm = Algorithm::louvain;
  groups.run.outcome.groups = {0, 0, 1};
  groups.run.outcome.group_count = 2;
  groups.run.outcome.modularity = 0.25;
  Categories kinds{{}, {0, Categories::kMissing, 0}};
  EXPECT_EQ(kinds.number("x"), 0U);
  return draw_picture(triangle(), std::vector{ranks, groups}, {{"kind", "", "what it is", kinds}});
}

TEST(Picture, JsonNamesWhatIsUnknown) {
  const Json document = Json::parse(picture_json(drawn()));
  EXPECT_EQ(document["node_count"], 3);
  EXPECT_EQ(document["nodes"]["id"], (Json{"a", "b", "c"}));
  EXPECT_EQ(document["nodes"]["label"][2], "the c");
  EXPECT_EQ(document["nodes"]["pagerank"], (Json{0.5, nullptr, 0.25}));
  EXPECT_EQ(document["nodes"]["community"], (Json{0, 0, 1}));
  EXPECT_EQ(document["nodes"]["kind"], (Json{"x", nullptr, "x"}));
  EXPECT_EQ(document["nodes"]["degree"], (Json{1.0, 2.0, 1.0}));
  EXPECT_EQ(document["edges"]["source"], (Json{0, 1}));
  EXPECT_EQ(document["edges"]["weight"], (Json{2.5, 1.0}));
  EXPECT_EQ(document["runs"].size(), 2U);
  EXPECT_EQ(document["notes"][0], "weak evidence");
}

TEST(Picture, BinaryHoldsTheSame) {
  const std::string bytes = picture_binary(drawn());
  ASSERT_EQ(bytes.substr(0, 4), "LTG1");
  std::uint32_t length = 0;
  std::memcpy(&length, bytes.data() + 4, 4);
  ASSERT_EQ((8 + length) % 8, 0U);
  const Json head = Json::parse(bytes.substr(8, length));
  const auto column = [&](std::string_view name) {
    for (const Json& one : head["columns"]) {
      if (one["name"] == name && one["of"] == "nodes") return one;
    }
    return Json();
  };
  const std::string_view arrays = std::string_view(bytes).substr(8 + length);
  float rank[3];
  std::memcpy(rank, arrays.data() + column("pagerank")["offset"].get<std::size_t>(), sizeof rank);
  EXPECT_EQ(rank[0], 0.5F);
  EXPECT_TRUE(std::isnan(rank[1]));
  std::uint32_t begins[4];
  std::memcpy(begins, arrays.data() + column("label")["offset"].get<std::size_t>(), sizeof begins);
  EXPECT_EQ(begins[3], 15U);
  EXPECT_EQ(arrays.substr(column("label")["bytes_offset"].get<std::size_t>() + begins[1], 5), "the b");
  EXPECT_EQ(column("kind")["names"], Json{"x"});
  for (const Json& one : head["columns"]) EXPECT_EQ(one["offset"].get<std::size_t>() % 8, 0U);
}

TEST(Job, InputAndOutputComeThroughWhole) {
  const auto graph = triangle();
  analytics::Request request;
  request.algorithm = Algorithm::betweenness;
  request.samples = 7;
  request.from = {2};
  request.directed = true;
  std::string bytes;
  analytics::append_job_input(graph.graph.edges, std::vector{request, {}}, analytics::Want::cpu, {.visible = "1", .memory_bytes = 5}, bytes);
  const auto input = analytics::parse_job_input(bytes);
  ASSERT_TRUE(input);
  EXPECT_EQ(input->edges.weight, graph.graph.edges.weight);
  ASSERT_EQ(input->requests.size(), 2U);
  EXPECT_EQ(input->requests[0].samples, 7U);
  EXPECT_EQ(input->requests[0].from, request.from);
  EXPECT_EQ(input->gpu.visible, "1");
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(analytics::parse_job_input(std::string_view(bytes).substr(0, size))) << size;

  analytics::Run run;
  run.outcome.x = {1, 2};
  run.outcome.edge_values = {{0, 1, 0.5}};
  run.outcome.modularity = 0.5;
  run.reason = "asked for";
  std::string answer;
  analytics::append_job_output(std::vector{run}, answer);
  const auto runs = analytics::parse_job_output(answer);
  ASSERT_TRUE(runs);
  EXPECT_EQ(runs->front().outcome.x, run.outcome.x);
  EXPECT_EQ(runs->front().outcome.edge_values[0].value, 0.5);
  EXPECT_EQ(runs->front().reason, "asked for");
  std::string failed;
  analytics::append_job_output(fail(ErrorCode::resource_exhausted, "no memory", "less"), failed);
  EXPECT_EQ(analytics::parse_job_output(failed).error().hint, "less");
}

}  // namespace
}  // namespace llt::views

#include "views/graph/graph_service.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "analytics/job.h"
#include "analytics/read_edges.h"
#include "analytics/store_graphs.h"
#include "views/graph/draw.h"
#include "views/graph/node_columns.h"
#include "views/json_rows.h"

namespace llt::views {
namespace {

using analytics::Algorithm;

constexpr std::size_t kKeptBytes = 256 * 1024 * 1024;  // of pictures
constexpr std::size_t kMostUploads = 16;
constexpr std::size_t kKeptUploadEdges = 8'000'000;  // of all of them
constexpr std::int64_t kFreshNs = 30'000'000'000;    // how long a graph of the store stands for what is there
constexpr std::size_t kMostEdges = 2'000'000;        // beyond, a browser draws nothing useful
constexpr std::string_view kUploadPrefix = "edges-";

/// Bytes as a file that can be named.
class MemoryFile {
 public:
  static Result<MemoryFile> make(std::string_view bytes) {
    MemoryFile file;
    file.fd_ = ::memfd_create("llamatelemetry-edges", MFD_CLOEXEC);
    while (file.fd_ >= 0 && !bytes.empty()) {
      const ssize_t written = ::write(file.fd_, bytes.data(), bytes.size());
      if (written <= 0) return fail(ErrorCode::resource_exhausted, "no memory for the edge list");
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    if (file.fd_ < 0) return fail(ErrorCode::resource_exhausted, "no memory for the edge list");
    return file;
  }
  MemoryFile(MemoryFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  MemoryFile& operator=(MemoryFile&&) = delete;
  ~MemoryFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] std::string path() const { return fmt::format("/proc/self/fd/{}", fd_); }

 private:
  MemoryFile() = default;
  int fd_ = -1;
};

// FNV-1a: names content, protects nothing.
std::uint64_t hash_of(std::string_view bytes) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash;
}

// What was sent has no name: the one under which it is read here means nothing to who sent it.
std::string without_paths(std::string text) {
  constexpr std::string_view kPath = "/proc/self/fd/";
  for (std::size_t at = text.find(kPath); at != std::string::npos; at = text.find(kPath, at)) {
    const std::size_t end = text.find_first_not_of("0123456789", at + kPath.size());
    text.replace(at, end == std::string::npos ? end : end - at, "the edge list");
  }
  return text;
}

std::string_view form_name(analytics::Answer answer) {
  constexpr std::string_view kNames[] = {"ranking", "communities",   "components", "edge_ranking",
                                         "paths",   "neighbourhood", "positions"};
  return kNames[static_cast<std::size_t>(answer)];
}

// Rounds of the layout that take some seconds at most; more are asked for with `iterations`.
unsigned rounds_for(const analytics::EdgeList& edges) {
  constexpr std::size_t kWork = 30'000'000;
  return static_cast<unsigned>(std::clamp<std::size_t>(kWork / (edges.vertices + edges.size() + 1), 10, 500));
}

Algorithm usual_algorithm(std::string_view graph) {
  const auto* kind = analytics::find_store_graph(graph);
  if (kind != nullptr) return kind->algorithm;
  return graph == "model" ? Algorithm::degree : Algorithm::pagerank;
}

// What the user asked for, then what every picture shows: communities, and places where they are wanted.
Result<std::vector<analytics::Request>> requests_of(const GraphRequest& asked,
                                                    const analytics::DescribedGraph& graph) {
  analytics::Request first = asked.request;
  const auto& info = asked.algorithm.empty() ? analytics::info_of(usual_algorithm(asked.graph))
                                             : *analytics::find_algorithm(asked.algorithm);
  first.algorithm = info.id;
  if (!graph.directed && !first.directed && info.direction == analytics::Direction::directed)
    first.directed = false;
  if (!asked.from.empty()) {
    const auto vertex = graph.graph.ids.find(asked.from);
    if (!vertex) {
      return fail(ErrorCode::invalid_argument, fmt::format("no vertex has the id '{}'", asked.from),
                  "'from' takes an id of the graph's column `id`");
    }
    first.from.push_back(*vertex);
  }
  if (info.starts_somewhere && first.from.empty()) {
    return fail(ErrorCode::invalid_argument, fmt::format("{} begins at one vertex", info.name),
                "name it with the parameter 'from'");
  }
  if (auto checked = analytics::check(first, graph.graph.edges.vertices); !checked)
    return std::unexpected(checked.error());
  std::vector<analytics::Request> all{first};
  const auto add = [&](Algorithm algorithm) {
    if (first.algorithm == algorithm) return;
    analytics::Request request;
    request.algorithm = algorithm;
    request.seed = first.seed;
    request.resolution = first.resolution;
    all.push_back(request);
  };
  if (first.algorithm != Algorithm::leiden) add(Algorithm::louvain);
  if (asked.layout) add(Algorithm::layout);
  for (analytics::Request& request : all) {
    if (request.algorithm == Algorithm::layout && !request.iterations)
      request.iterations = asked.request.iterations.value_or(rounds_for(graph.graph.edges));
  }
  return all;
}

}  // namespace

Reply GraphService::list() const {
  Json kinds = Json::array();
  for (const auto& kind : analytics::store_graph_kinds()) {
    kinds.push_back({{"name", kind.name},
                     {"meaning", kind.meaning},
                     {"algorithm", std::string(analytics::info_of(kind.algorithm).name)}});
  }
  kinds.push_back(
      {{"name", "model"}, {"meaning", "tensors and layers of the served model"}, {"algorithm", "degree"}});
  Json algorithms = Json::array();
  for (const auto& info : analytics::algorithms()) {
    algorithms.push_back({{"name", info.name},
                          {"meaning", info.meaning},
                          {"answer", form_name(info.answer)},
                          {"needs_from", info.starts_somewhere}});
  }
  return json_reply({{"graphs", std::move(kinds)}, {"algorithms", std::move(algorithms)}});
}

Reply GraphService::upload(std::string_view bytes) {
  if (bytes.empty()) {
    return error_reply(
        {ErrorCode::invalid_argument, "the edge list is empty",
         "send a CSV file whose first line is 'src,dst' or 'src,dst,weight', or a Parquet file"});
  }
  const auto file = MemoryFile::make(bytes);
  if (!file) return error_reply(file.error());
  auto graph = analytics::read_edges(file->path());
  if (!graph) {
    Error error = graph.error();
    error.code = ErrorCode::invalid_argument;
    error.message = without_paths(std::move(error.message));
    error.hint = without_paths(std::move(error.hint));
    return error_reply(error);
  }
  if (graph->edges.size() > kMostEdges) {
    return error_reply(
        {ErrorCode::invalid_argument,
         fmt::format("{} edges are more than the {} that can be drawn", graph->edges.size(), kMostEdges),
         "'llamatelemetry graph --edges FILE' analyses graphs of any size"});
  }
  const std::string name = fmt::format("{}{:016x}", kUploadPrefix, hash_of(bytes));
  auto kept = std::make_shared<analytics::DescribedGraph>();
  kept->graph = std::move(*graph);
  kept->about = "an edge list of yours";
  Json document = {
      {"graph", name}, {"node_count", kept->graph.edges.vertices}, {"edge_count", kept->graph.edges.size()}};
  const std::scoped_lock lock(mutex_);
  std::erase_if(uploads_, [&](const auto& entry) { return entry.first == name; });
  uploads_.emplace_front(name, std::move(kept));
  std::size_t edges = 0;
  for (const auto& [_, held] : uploads_) edges += held->graph.edges.size();
  while (uploads_.size() > kMostUploads || (edges > kKeptUploadEdges && uploads_.size() > 1)) {
    edges -= uploads_.back().second->graph.edges.size();
    uploads_.pop_back();
  }
  Reply reply = json_reply(document);
  reply.status = 201;
  reply.headers.emplace_back("Location", "/api/v1/graphs/" + name);
  return reply;
}

Reply GraphService::get(std::string_view graph, const Target& target, std::stop_token stop) {
  const auto request = parse_graph_request(graph, target);
  if (!request) return error_reply(request.error());
  const auto picture = draw(*request, std::move(stop));
  if (!picture) return error_reply(picture.error());
  Reply reply;
  reply.body = request->binary ? picture_binary(**picture) : picture_json(**picture);
  if (request->binary) reply.content_type = kPictureType;
  return reply;
}

Result<GraphService::Drawn> GraphService::draw(const GraphRequest& request, std::stop_token stop) {
  const std::string key = cache_key(request);
  if (Drawn known = kept(key)) return known;
  auto input = read(request);
  if (!input) return std::unexpected(input.error());
  const analytics::DescribedGraph& graph = *input->graph;
  const auto requests = requests_of(request, graph);
  if (!requests) return std::unexpected(requests.error());
  std::vector<Answered> answers;
  if (graph.graph.edges.vertices != 0) {
    analytics::Want want = request.want;
    if (sources_.analytics_gpu == "none" && want == analytics::Want::automatic) want = analytics::Want::cpu;
    const std::string gpu = sources_.analytics_gpu == "none" ? "" : sources_.analytics_gpu;
    auto runs = analytics::analyse_apart(graph.graph.edges, *requests, want,
                                         {.visible = gpu, .memory_bytes = {}}, std::move(stop));
    if (!runs) return std::unexpected(runs.error());
    for (std::size_t i = 0; i < runs->size(); ++i) answers.push_back({(*requests)[i], std::move((*runs)[i])});
  }
  auto picture = std::make_shared<Picture>(draw_picture(graph, answers, std::move(input->columns)));
  picture->head["graph"] = request.graph;
  picture->head["algorithm"] = std::string(analytics::info_of(requests->front().algorithm).name);
  picture->head["origin_unix_ns"] = input->origin == 0 ? Json(nullptr) : Json(input->origin);
  keep(key, picture, input->settled);
  return picture;
}

Result<GraphService::Input> GraphService::read(const GraphRequest& request) {
  if (request.graph.starts_with(kUploadPrefix)) {
    const std::scoped_lock lock(mutex_);
    const auto found = std::ranges::find(uploads_, request.graph, &std::pair<std::string, Graph>::first);
    if (found == uploads_.end()) {
      return fail(ErrorCode::not_found, fmt::format("the edge list {} is not kept any more", request.graph),
                  "send it again with POST /api/v1/graphs/edges");
    }
    uploads_.splice(uploads_.begin(), uploads_, found);
    return Input{found->second, {}, 0, true};
  }
  if (request.graph == "model") {
    if (!sources_.model.drawing) return fail(ErrorCode::not_found, "no model file is known here");
    auto drawing = sources_.model.drawing();
    if (!drawing) return std::unexpected(drawing.error());
    return Input{std::make_shared<analytics::DescribedGraph>(std::move(drawing->graph)),
                 std::move(drawing->columns), 0, true};
  }
  return read_store(request);
}

Result<GraphService::Input> GraphService::read_store(const GraphRequest& request) {
  const auto* kind = analytics::find_store_graph(request.graph);
  if (kind == nullptr) {
    return fail(ErrorCode::not_found, fmt::format("there is no graph '{}'", request.graph),
                "GET /api/v1/graphs lists them");
  }
  analytics::StoreGraphRequest asked;
  if (request.since_seconds) asked.since = now_unix() - *request.since_seconds * 1'000'000'000;
  asked.trace = request.trace;
  auto graph = analytics::read_store_graph(*sources_.reader, *kind, asked);
  if (!graph) return std::unexpected(graph.error());
  // The earlier end of an edge can lie before `since`: columns are read of all.
  auto columns = read_node_columns(*sources_.reader, request.graph, graph->graph, 0);
  if (!columns) return std::unexpected(columns.error());
  return Input{std::make_shared<analytics::DescribedGraph>(std::move(*graph)), std::move(columns->columns),
               columns->origin, false};
}

GraphService::Drawn GraphService::kept(const std::string& key) {
  const std::scoped_lock lock(mutex_);
  const auto found = std::ranges::find(pictures_, key, &Kept::key);
  if (found == pictures_.end()) return nullptr;
  if (!found->settled && now_steady() - found->at > kFreshNs) {
    pictures_.erase(found);
    return nullptr;
  }
  pictures_.splice(pictures_.begin(), pictures_, found);
  return found->picture;
}

void GraphService::keep(const std::string& key, const Drawn& picture, bool settled) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(pictures_, [&](const Kept& entry) { return entry.key == key; });
  pictures_.push_front({key, picture, now_steady(), settled});
  std::size_t bytes = 0;
  for (auto entry = pictures_.begin(); entry != pictures_.end(); ++entry) {
    bytes += entry->picture->bytes();
    if (bytes <= kKeptBytes) continue;
    pictures_.erase(entry, pictures_.end());
    break;
  }
}

}  // namespace llt::views

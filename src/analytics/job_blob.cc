#include "analytics/job_blob.h"

#include <cstring>
#include <type_traits>

namespace llt::analytics {
namespace {

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  template <class T>
    requires std::is_trivially_copyable_v<T>
  Writer& item(const T& value) {
    out_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  template <class T>
  Writer& list(std::span<const T> values) {
    item<std::uint64_t>(values.size());
    out_.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
    return *this;
  }
  template <class T>
  Writer& list(const std::vector<T>& values) {
    return list(std::span<const T>(values));
  }
  Writer& text(std::string_view value) { return list(std::span<const char>(value)); }
  template <class T>
  Writer& maybe(const std::optional<T>& value) {
    item<std::uint8_t>(value ? 1 : 0);
    return item(value.value_or(T{}));
  }

 private:
  std::string& out_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  template <class T>
  Reader& item(T& value) {
    if (!take(sizeof value)) return *this;
    std::memcpy(&value, taken_, sizeof value);
    return *this;
  }
  template <class T>
  Reader& list(std::vector<T>& values) {
    const std::uint64_t count = number();
    if (count > rest_.size() / sizeof(T) || !take(count * sizeof(T))) return broken();
    values.resize(count);
    if (count != 0) std::memcpy(values.data(), taken_, count * sizeof(T));
    return *this;
  }
  Reader& text(std::string& value) {
    const std::uint64_t count = number();
    if (count > rest_.size() || !take(count)) return broken();
    value.assign(taken_, count);
    return *this;
  }
  template <class T>
  Reader& maybe(std::optional<T>& value) {
    std::uint8_t there = 0;
    T plain{};
    item(there).item(plain);
    if (there != 0) value = plain;
    return *this;
  }
  std::uint64_t number() {
    std::uint64_t value = 0;
    item(value);
    return value;
  }
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  bool take(std::uint64_t size) {
    if (!ok_ || size > rest_.size()) {
      ok_ = false;
      return false;
    }
    taken_ = rest_.data();
    rest_.remove_prefix(size);
    return true;
  }
  Reader& broken() {
    ok_ = false;
    return *this;
  }

  std::string_view rest_;
  const char* taken_ = nullptr;
  bool ok_ = true;
};

std::unexpected<Error> not_whole() { return fail(ErrorCode::data_loss, "a graph job's data is not whole"); }

// What a request and a run consist of, in the order in which it is written and read.

template <class Side, class Members>
void request_members(Side& side, Members& r) {
  side.item(r.algorithm).maybe(r.directed).item(r.damping).item(r.resolution).list(r.from).maybe(r.samples);
  side.item(r.radius).maybe(r.iterations).item(r.seed).item(r.threads);
}

template <class Side, class Members>
void run_members(Side& side, Members& run) {
  auto& o = run.outcome;
  side.list(o.values).list(o.groups).item(o.group_count).maybe(o.modularity).list(o.edge_values);
  side.list(o.distances).list(o.predecessors).list(o.x).list(o.y);
  side.text(run.backend).text(run.version).text(run.reason);
  side.item(run.elapsed_ms).maybe(run.build_ms).maybe(run.samples);
}

}  // namespace

void append_job_input(const EdgeList& edges, std::span<const Request> requests, Want want,
                      const GpuOptions& gpu, std::string& out) {
  Writer to(out);
  to.item(edges.vertices).list(edges.source).list(edges.target).list(edges.weight);
  to.item<std::uint64_t>(requests.size());
  for (const Request& request : requests) request_members(to, request);
  to.item(want).text(gpu.visible).maybe(gpu.memory_bytes);
}

Result<JobInput> parse_job_input(std::string_view bytes) {
  JobInput input;
  Reader from(bytes);
  from.item(input.edges.vertices).list(input.edges.source).list(input.edges.target).list(input.edges.weight);
  const std::uint64_t count = from.number();
  for (std::uint64_t i = 0; i < count && from.ok(); ++i) request_members(from, input.requests.emplace_back());
  from.item(input.want).text(input.gpu.visible).maybe(input.gpu.memory_bytes);
  if (!from.ok()) return not_whole();
  return input;
}

void append_job_output(const Result<std::vector<Run>>& runs, std::string& out) {
  Writer to(out);
  to.item<std::uint8_t>(runs ? 1 : 0);
  if (!runs) {
    to.item(runs.error().code).text(runs.error().message).text(runs.error().hint);
    return;
  }
  to.item<std::uint64_t>(runs->size());
  for (const Run& run : *runs) run_members(to, run);
}

Result<std::vector<Run>> parse_job_output(std::string_view bytes) {
  Reader from(bytes);
  std::uint8_t good = 0;
  from.item(good);
  if (good == 0) {
    Error error;
    from.item(error.code).text(error.message).text(error.hint);
    if (!from.ok()) return not_whole();
    return std::unexpected(std::move(error));
  }
  std::vector<Run> runs;
  const std::uint64_t count = from.number();
  for (std::uint64_t i = 0; i < count && from.ok(); ++i) run_members(from, runs.emplace_back());
  if (!from.ok()) return not_whole();
  return runs;
}

}  // namespace llt::analytics

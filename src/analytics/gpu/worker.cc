#include "analytics/gpu/worker.h"

#include <dlfcn.h>
#include <signal.h>
#include <sys/prctl.h>

#include <cstdio>
#include <optional>
#include <string>

#include "analytics/gpu/arrow_table.h"
#include "analytics/gpu/wire.h"

namespace llt::analytics::gpu {
namespace {

/// The plugin's functions.
struct Plugin {
  llt_rapids_abi_fn* abi = nullptr;
  llt_rapids_open_fn* open = nullptr;
  llt_rapids_version_fn* version = nullptr;
  llt_rapids_memory_fn* memory = nullptr;
  llt_rapids_load_fn* load = nullptr;
  llt_rapids_run_fn* run = nullptr;
  llt_rapids_load_table_fn* load_table = nullptr;
  llt_rapids_ask_fn* ask = nullptr;
  llt_rapids_load_vectors_fn* load_vectors = nullptr;
  llt_rapids_nearest_fn* nearest = nullptr;

  /// What is wrong with the plugin in this file; empty when nothing is.
  std::string resolve(const char* file) {
    void* library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return std::string("cannot open the plugin: ") + dlerror();
    const auto find = [&](auto& function, const char* name) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
      return function != nullptr;
    };
    if (!find(abi, "llt_rapids_abi")) return std::string(file) + " is no plugin of llamatelemetry";
    if (abi() != LLT_RAPIDS_ABI) {
      return std::string(file) + " speaks version " + std::to_string(abi()) +
             " of the interface, this program " + std::to_string(LLT_RAPIDS_ABI) +
             ": build both from the same source";
    }
    const bool all = find(open, "llt_rapids_open") && find(version, "llt_rapids_version") &&
                     find(memory, "llt_rapids_memory") && find(load, "llt_rapids_load") &&
                     find(run, "llt_rapids_run") && find(load_table, "llt_rapids_load_table") &&
                     find(ask, "llt_rapids_ask") && find(load_vectors, "llt_rapids_load_vectors") &&
                     find(nearest, "llt_rapids_nearest");
    return all ? "" : std::string(file) + " lacks functions that it should have";
  }
};

class Worker {
 public:
  /// `answer`: memory that goes back with the reply.
  Reply serve(const Command& command, int fd, std::optional<SharedMemory>& answer) {
    Reply reply;
    switch (command.order) {
      case Order::open:
        open(command, reply);
        break;
      case Order::load:
        load(command, fd, reply);
        break;
      case Order::run:
        run(command, fd, reply);
        break;
      case Order::load_table:
        load_table(command, fd, reply);
        break;
      case Order::ask:
        ask(command, reply, answer);
        break;
      case Order::load_vectors:
        load_vectors(command, fd, reply);
        break;
      case Order::nearest:
        nearest(command, fd, reply);
    }
    if (rapids_ != nullptr) plugin_.memory(rapids_, &reply.free_bytes, &reply.total_bytes);
    return reply;
  }

 private:
  static void say(Reply& reply, int status, const std::string& text) {
    reply.status = status;
    std::snprintf(reply.message.text, sizeof reply.message.text, "%s", text.c_str());
  }

  void open(const Command& command, Reply& reply) {
    if (const std::string problem = plugin_.resolve(command.plugin); !problem.empty())
      return say(reply, LLT_RAPIDS_UNAVAILABLE, problem);
    reply.status =
        plugin_.open(command.folders, command.work, command.memory_bytes, &rapids_, &reply.message);
    if (reply.status == LLT_RAPIDS_OK)
      std::snprintf(reply.version, sizeof reply.version, "%s", plugin_.version(rapids_));
  }

  void load(const Command& command, int fd, Reply& reply) {
    const GraphLayout layout(command.graph.arcs);
    const auto memory = SharedMemory::map(fd, layout.size);
    if (!memory) return say(reply, LLT_RAPIDS_FAILED, memory.error().message);
    llt_rapids_graph graph = command.graph;
    graph.sources = memory->at<std::int32_t>(0);
    graph.targets = memory->at<std::int32_t>(layout.targets);
    graph.weights = memory->at<double>(layout.weights);
    reply.status = plugin_.load(rapids_, command.place, &graph, &reply.message);
  }

  void run(const Command& command, int fd, Reply& reply) {
    const RunLayout layout(command.room, command.request.vertex_count, command.request.pair_count);
    const auto memory = SharedMemory::map(fd, layout.size);
    if (!memory) return say(reply, LLT_RAPIDS_FAILED, memory.error().message);
    llt_rapids_request request = command.request;
    request.vertices = memory->at<std::int32_t>(layout.vertices);
    request.firsts = memory->at<std::int32_t>(layout.firsts);
    request.seconds = memory->at<std::int32_t>(layout.seconds);
    llt_rapids_answer answer{};
    answer.values = memory->at<double>(0);
    answer.groups = memory->at<std::int32_t>(layout.groups);
    answer.x = memory->at<float>(layout.x);
    answer.y = memory->at<float>(layout.y);
    answer.arc_sources = memory->at<std::int32_t>(layout.arc_sources);
    answer.arc_targets = memory->at<std::int32_t>(layout.arc_targets);
    answer.arc_count = command.room;
    reply.status = plugin_.run(rapids_, command.place, &request, &answer, &reply.message);
    reply.arcs = answer.arc_count;
  }

  void load_table(const Command& command, int fd, Reply& reply) {
    const auto memory = SharedMemory::map(fd, TableLayout::size);
    if (!memory) return say(reply, LLT_RAPIDS_FAILED, memory.error().message);
    ArrowTable table(*memory, command.table);
    reply.status = plugin_.load_table(rapids_, table.schema(), table.rows(), &reply.message);
  }

  void ask(const Command& command, Reply& reply, std::optional<SharedMemory>& memory) {
    ArrowArray answer{};
    reply.status = plugin_.ask(rapids_, &command.question, &answer, &reply.message);
    if (reply.status != LLT_RAPIDS_OK) return;
    auto packed = pack_answer(answer);
    answer.release(&answer);
    if (!packed) return say(reply, LLT_RAPIDS_FAILED, packed.error().message);
    reply.rows = packed->rows;
    reply.columns = packed->columns;
    memory.emplace(std::move(packed->memory));
  }

  void load_vectors(const Command& command, int fd, Reply& reply) {
    llt_rapids_vectors vectors = command.vectors;
    const auto memory = SharedMemory::map(fd, vectors.rows * vectors.dimensions * sizeof(float));
    if (!memory) return say(reply, LLT_RAPIDS_FAILED, memory.error().message);
    vectors.values = memory->at<float>(0);
    reply.status = plugin_.load_vectors(rapids_, &vectors, &reply.message);
  }

  void nearest(const Command& command, int fd, Reply& reply) {
    const NearestLayout layout(command.nearest.rows, command.nearest.count);
    const auto memory = SharedMemory::map(fd, layout.size);
    if (!memory) return say(reply, LLT_RAPIDS_FAILED, memory.error().message);
    reply.status = plugin_.nearest(rapids_, &command.nearest, memory->at<std::int64_t>(0),
                                   memory->at<float>(layout.similarities), &reply.message);
  }

  Plugin plugin_;
  llt_rapids* rapids_ = nullptr;
};

}  // namespace

int run_worker() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NAME, kWorkerName);
  ::prctl(PR_SET_DUMPABLE, 0);  // a crash inside CUDA would leave gigabytes behind
  Worker worker;
  Command command;
  int fd = -1;
  while (receive_message(kWorkerSocket, command, fd)) {
    std::optional<SharedMemory> answer;
    const Reply reply = worker.serve(command, fd, answer);
    if (!send_message(kWorkerSocket, reply, answer ? answer->fd() : -1)) break;
  }
  // Without taking CUDA down in order: its libraries can crash doing that, and the system frees everything.
  ::_exit(0);
}

}  // namespace llt::analytics::gpu

#include "analytics/gpu/gpu_vectors.h"

#include <fmt/format.h>

namespace llt::analytics::gpu {

Result<Vectors> Vectors::open(const GpuOptions& options) {
  const std::string visible = options.visible.empty() ? analytics_gpu() : options.visible;
  auto opened = WorkerProcess::open(visible, LLT_RAPIDS_VECTORS, options.memory_bytes.value_or(0));
  if (!opened) return std::unexpected(opened.error());
  return Vectors(std::move(opened->worker), opened->reply, visible);
}

std::string Vectors::version() const {
  return visible_.empty() ? version_ : fmt::format("{}, GPU {}", version_, visible_);
}

Result<> Vectors::load(const SharedMemory& memory, std::uint64_t rows, std::uint64_t dimensions) {
  Command command;
  command.order = Order::load_vectors;
  command.vectors.rows = rows;
  command.vectors.dimensions = dimensions;
  const auto reply = worker_.ask(command, memory.fd());
  if (!reply) return std::unexpected(reply.error());
  return {};
}

Result<NearestFound> Vectors::nearest(std::uint64_t first, std::uint64_t rows, std::uint64_t count) {
  const NearestLayout layout(rows, count);
  auto memory = SharedMemory::make(layout.size);
  if (!memory) return std::unexpected(memory.error());
  Command command;
  command.order = Order::nearest;
  command.nearest = {.first = first, .rows = rows, .count = count};
  const auto reply = worker_.ask(command, memory->fd());
  if (!reply) return std::unexpected(reply.error());
  return NearestFound{count, std::move(*memory), layout};
}

}  // namespace llt::analytics::gpu

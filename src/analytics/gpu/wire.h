#pragma once
// What the program and its GPU worker say to each other: one fixed message each way, arrays in shared memory.

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include "analytics/gpu/rapids_abi.h"
#include "base/error.h"

namespace llt::analytics::gpu {

enum class Order : std::uint32_t { open, load, run, load_table, ask, load_vectors, nearest };

/// What of a table lies in memory.
struct TableShape {
  std::uint64_t rows = 0, unknown_values = 0, unknown_times = 0;
  std::uint8_t has_time = 0, has_key = 0;
};

/// To the worker, with the arrays' memory beside it as a file descriptor.
struct Command {
  Order order = Order::open;
  std::uint32_t place = 0;
  // open: the texts below. load: the graph, whose arrays are sources, targets, weights in the memory.
  char plugin[1024] = {};
  char folders[4096] = {};
  llt_rapids_work work = LLT_RAPIDS_GRAPHS;
  std::uint64_t memory_bytes = 0;  ///< of the GPU, at most; 0: what is free
  llt_rapids_graph graph{};
  // run: the request with its vertices and pairs, and room for the answer, in the memory.
  llt_rapids_request request{};
  std::uint64_t room = 0;  ///< values that the answer has room for
  // load_table: the columns, in the memory. ask: the question; the answer comes in memory of the worker's.
  TableShape table{};
  llt_rapids_question question{};
  // load_vectors: the vectors, in the memory. nearest: the question, and room for the answer, in the memory.
  llt_rapids_vectors vectors{};
  llt_rapids_nearest_question nearest{};
};

/// Back from the worker.
struct Reply {
  std::int32_t status = LLT_RAPIDS_FAILED;
  std::uint64_t arcs = 0;                         ///< edge betweenness: how many
  std::uint64_t rows = 0, columns = 0;            ///< of a table's answer, whose memory comes along
  std::uint64_t free_bytes = 0, total_bytes = 0;  ///< of the GPU; 0: unknown
  char version[64] = {};
  llt_rapids_message message{};
};

/// Where the arrays of a load stand in its memory, in bytes.
struct GraphLayout {
  explicit GraphLayout(std::uint64_t arcs)
      : targets(arcs * sizeof(std::int32_t)), weights(targets * 2), size(weights + arcs * sizeof(double)) {}
  std::uint64_t targets, weights, size;
};

/// Where the arrays of a run stand in its memory: those with 8 bytes a number first.
struct RunLayout {
  RunLayout(std::uint64_t room, std::uint64_t vertex_count, std::uint64_t pair_count)
      : groups(room * 8),
        x(groups + room * 4),
        y(x + room * 4),
        arc_sources(y + room * 4),
        arc_targets(arc_sources + room * 4),
        vertices(arc_targets + room * 4),
        firsts(vertices + vertex_count * 4),
        seconds(firsts + pair_count * 4),
        size(seconds + pair_count * 4) {}
  std::uint64_t groups, x, y, arc_sources, arc_targets, vertices, firsts, seconds, size;
};

/// Where a table's columns stand in its memory. There is room for as many rows as a table can have: memory
/// that nobody touches does not exist, so that rows can be written as they come.
struct TableLayout {
  static constexpr std::uint64_t kRows = std::uint64_t{1} << 31;
  static constexpr std::uint64_t times = kRows * sizeof(double), keys = times + kRows * sizeof(std::int64_t),
                                 known_values = keys + kRows * sizeof(std::int32_t),
                                 known_times = known_values + kRows / 8, size = known_times + kRows / 8;
};

/// Where the columns of a table's answer stand: 8 bytes a value, then a bit for each that is known.
struct AnswerLayout {
  AnswerLayout(std::uint64_t rows, std::uint64_t columns)
      : known(rows * 8), column(known + (rows + 63) / 64 * 8), size(column * columns) {}
  std::uint64_t known, column, size;
};

/// Where the answer about the nearest stands: which rows, then how similar they are.
struct NearestLayout {
  NearestLayout(std::uint64_t rows, std::uint64_t count)
      : similarities(rows * count * sizeof(std::int64_t)),
        size(similarities + rows * count * sizeof(float)) {}
  std::uint64_t similarities, size;
};

/// Memory that both processes see, by a file descriptor without a name.
class SharedMemory {
 public:
  static Result<SharedMemory> make(std::uint64_t size);
  static Result<SharedMemory> map(int fd, std::uint64_t size);  ///< takes the descriptor
  SharedMemory(SharedMemory&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), data_(std::exchange(other.data_, nullptr)), size_(other.size_) {}
  SharedMemory& operator=(SharedMemory&&) = delete;
  ~SharedMemory() {
    if (data_ != nullptr) ::munmap(data_, size_);
    if (fd_ >= 0) ::close(fd_);
  }

  [[nodiscard]] int fd() const noexcept { return fd_; }
  template <class T>
  [[nodiscard]] T* at(std::uint64_t offset) const noexcept {
    return reinterpret_cast<T*>(static_cast<std::byte*>(data_) + offset);
  }

 private:
  SharedMemory(int fd, void* data, std::uint64_t size) : fd_(fd), data_(data), size_(size) {}
  int fd_;
  void* data_;
  std::uint64_t size_;
};

/// Sends one message with at most one descriptor (-1: none). False when the other side is gone.
template <class Message>
[[nodiscard]] bool send_message(int socket, const Message& message, int fd = -1);

/// Receives one message and its descriptor (-1: none came). False when the other side is gone.
template <class Message>
[[nodiscard]] bool receive_message(int socket, Message& message, int& fd);

extern template bool send_message(int, const Command&, int);
extern template bool send_message(int, const Reply&, int);
extern template bool receive_message(int, Command&, int&);
extern template bool receive_message(int, Reply&, int&);

}  // namespace llt::analytics::gpu

#pragma once
// Rows in lanes, and what of them a window shows: bounded by the window's width, however many rows there are.

#include <cstdint>
#include <vector>

namespace llt::views {

/// How a row is drawn. The page has one colour for each.
enum class Tone : std::uint8_t {
  neutral,
  queue,
  prefill,
  decode,
  mixed,          ///< a step with prompts and generation in it
  other_prefill,  ///< another request's
  other_decode,
};

inline constexpr std::uint8_t kFailed = 1;    ///< an error, or one among what was merged
inline constexpr std::uint8_t kCritical = 2;  ///< on the critical path, or something that was merged is

/// Times are nanoseconds from the beginning of the trace.
struct TimelineRow {
  std::int64_t start = 0, end = 0;
  std::uint32_t lane = 0;
  std::uint32_t name = 0;    ///< an index into a table of names; the timeline does not look at it
  std::uint32_t origin = 0;  ///< what the row stands for; likewise
  Tone tone = Tone::neutral;
  std::uint8_t marks = 0;
};

/// What is asked of a timeline.
struct Window {
  std::int64_t from = 0, to = 0;
  std::uint32_t pixels = 1000;
  std::uint32_t first_lane = 0, lanes = 64;
};

/// One rectangle: a row, or `rows` of them that are narrower than a pixel and lie side by side.
struct Block {
  std::uint32_t row = 0;  ///< the row, or the longest of those merged
  std::uint32_t rows = 1;
  std::int64_t start = 0, end = 0;  ///< of a row that is not merged: its own, also beyond the window
  std::int64_t busy_ns = 0;         ///< the rows' times together; what is between them is not counted
  std::uint8_t marks = 0;
};

struct Blocks {
  std::vector<Block> blocks;  ///< by lane, then by time
  std::int64_t pixel_ns = 1;  ///< how wide a pixel was taken: rows narrower than it were merged
};

class Timeline {
 public:
  static constexpr std::size_t kMostBlocks = 40'000;

  Timeline() = default;
  /// In any order. Rows of one lane that overlap are cut at the next one's start; a row that ends before it
  /// starts is empty.
  explicit Timeline(std::vector<TimelineRow> rows);

  [[nodiscard]] const std::vector<TimelineRow>& rows() const noexcept { return rows_; }
  [[nodiscard]] std::uint32_t lanes() const noexcept {
    return static_cast<std::uint32_t>(lane_begin_.size() - 1);
  }

  /// At most kMostBlocks: where that would not suffice, pixels are taken wider. Takes O(blocks · log rows).
  [[nodiscard]] Blocks show(const Window& window) const;

 private:
  void show_lane(std::uint32_t lane, std::int64_t from, std::int64_t to, std::int64_t pixel_ns,
                 std::vector<Block>& out) const;
  [[nodiscard]] Block merged(std::size_t begin, std::size_t end) const;
  [[nodiscard]] std::uint32_t longest(std::size_t begin, std::size_t end) const;
  void build_levels();

  std::vector<TimelineRow> rows_;                       // by lane, then by start
  std::vector<std::uint32_t> lane_begin_{0};            // of each lane its first row
  std::vector<std::int64_t> busy_{0};                   // the durations of all rows before
  std::vector<std::uint32_t> failed_{0}, critical_{0};  // how many rows before carry the mark
  std::vector<std::vector<std::uint32_t>> levels_;      // the longest row of each 16, 256, ... rows
};

}  // namespace llt::views

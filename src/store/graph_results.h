#pragma once
// Answers of `graph` on their way into the store. The store has one writer, and the console only reads, so a
// command that has something to keep puts a file into the data folder, which only its owner can write to; the
// writer takes it from there, at once when it runs and at its next start when it does not.

#include <filesystem>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "schema/graph_rows.h"

namespace llt::store {

struct GraphResult {
  GraphRunRow run;
  std::vector<GraphValueRow> values;

  friend bool operator==(const GraphResult&, const GraphResult&) = default;
};

/// More rows than this are not kept of one answer.
inline constexpr std::size_t kMostGraphValues = 100'000;

[[nodiscard]] std::string to_bytes(const GraphResult& result);
/// Errors: data_loss (not such a file, cut off, or written by a program with other columns).
[[nodiscard]] Result<GraphResult> graph_result_from(std::string_view bytes);

/// Puts the result into `data_dir`/inbox; it appears there whole. Gives the file, which is gone once the
/// result is stored. Errors: not_found (no store there), permission_denied, resource_exhausted.
[[nodiscard]] Result<std::filesystem::path> hand_in(const std::filesystem::path& data_dir,
                                                    const GraphResult& result);

/// Results that wait in `data_dir`/inbox, in no order.
[[nodiscard]] std::vector<std::filesystem::path> handed_in(const std::filesystem::path& data_dir);

/// Errors: data_loss, permission_denied.
[[nodiscard]] Result<GraphResult> read_handed_in(const std::filesystem::path& file);

/// Keeps what could not be read beside, under a name that is not looked at again.
void refuse_handed_in(const std::filesystem::path& file);

}  // namespace llt::store

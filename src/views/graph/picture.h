#pragma once
// A graph with everything that is known of its vertices and edges, as columns; and its two forms on the wire.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace llt::views {

/// Values of which there are few different ones; kMissing stands for none.
struct Categories {
  static constexpr std::uint32_t kMissing = UINT32_MAX;
  std::vector<std::string> names;
  std::vector<std::uint32_t> values;

  std::uint32_t number(const std::string& name);  ///< linear in the names: they are few
};

struct Column {
  std::string name;
  std::string unit;     ///< ms, bytes, ns; empty: none
  std::string meaning;  ///< for people
  /// NaN where a number is not known.
  std::variant<std::vector<float>, std::vector<std::uint32_t>, Categories, std::vector<std::string>> values;
};

/// `nodes` and `edges` columns have as many values as there are nodes and edges; edges begin with `source` and
/// `target`, which count nodes from 0.
struct Picture {
  nlohmann::ordered_json head;  ///< everything that is no column
  std::size_t node_count = 0, edge_count = 0;
  std::vector<Column> nodes, edges;

  [[nodiscard]] std::size_t bytes() const;
};

/// The head with `nodes` and `edges`: objects of arrays by column name.
[[nodiscard]] std::string picture_json(const Picture& picture);

/// Packed: "LTG1", the length of the head (u32, little endian), the head as JSON with `columns` that say where each
/// column stands behind the head, then the arrays, each at a multiple of 8 bytes. docs/api.md.
[[nodiscard]] std::string picture_binary(const Picture& picture);
inline constexpr std::string_view kPictureType = "application/vnd.llamatelemetry.graph";

}  // namespace llt::views

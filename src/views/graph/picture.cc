#include "views/graph/picture.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace llt::views {
namespace {

using Json = nlohmann::ordered_json;

static_assert(std::endian::native == std::endian::little, "arrays go onto the wire as they are in memory");

constexpr std::size_t kAlign = 8;

std::string text_of(const Json& document) {
  return document.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

struct JsonValues {
  Json operator()(const std::vector<float>& values) const {
    Json list = Json::array();
    for (const float value : values) list.push_back(std::isfinite(value) ? Json(value) : Json(nullptr));
    return list;
  }
  Json operator()(const std::vector<std::uint32_t>& values) const { return values; }
  Json operator()(const std::vector<std::string>& values) const { return values; }
  Json operator()(const Categories& categories) const {
    Json list = Json::array();
    for (const std::uint32_t value : categories.values)
      list.push_back(value == Categories::kMissing ? Json(nullptr) : Json(categories.names[value]));
    return list;
  }
};

Json columns_json(const std::vector<Column>& columns) {
  Json object = Json::object();
  for (const Column& column : columns) object[column.name] = std::visit(JsonValues{}, column.values);
  return object;
}

/// The arrays behind the head, and where each stands among them.
class Arrays {
 public:
  template <class T>
  std::size_t add(const std::vector<T>& values) {
    return add(std::string_view(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)));
  }
  std::size_t add(std::string_view bytes) {
    bytes_.resize((bytes_.size() + kAlign - 1) / kAlign * kAlign);
    const std::size_t at = bytes_.size();
    bytes_ += bytes;
    return at;
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

struct Packed {
  Arrays& arrays;

  Json operator()(const std::vector<float>& values) const {
    return {{"type", "f32"}, {"offset", arrays.add(values)}};
  }
  Json operator()(const std::vector<std::uint32_t>& values) const {
    return {{"type", "u32"}, {"offset", arrays.add(values)}};
  }
  Json operator()(const Categories& categories) const {
    return {{"type", "category"}, {"offset", arrays.add(categories.values)}, {"names", categories.names}};
  }
  // Where each text begins, one entry more than there are texts, and the texts behind each other.
  Json operator()(const std::vector<std::string>& values) const {
    std::vector<std::uint32_t> begins{0};
    std::string all;
    for (const std::string& value : values) {
      all += value;
      begins.push_back(static_cast<std::uint32_t>(all.size()));
    }
    const std::size_t offset = arrays.add(begins);
    return {{"type", "text"}, {"offset", offset}, {"bytes_offset", arrays.add(all)}};
  }
};

void pack(const char* of, const std::vector<Column>& columns, Arrays& arrays, Json& list) {
  for (const Column& column : columns) {
    Json entry = {{"of", of}, {"name", column.name}, {"unit", column.unit}, {"meaning", column.meaning}};
    entry.update(std::visit(Packed{arrays}, column.values));
    list.push_back(std::move(entry));
  }
}

struct SizeOf {
  template <class T>
  std::size_t operator()(const std::vector<T>& values) const {
    return values.size() * sizeof(T);
  }
  std::size_t operator()(const std::vector<std::string>& values) const {
    std::size_t size = 0;
    for (const std::string& value : values) size += sizeof(std::string) + value.size();
    return size;
  }
  std::size_t operator()(const Categories& categories) const { return (*this)(categories.values); }
};

}  // namespace

std::uint32_t Categories::number(const std::string& name) {
  const auto place = static_cast<std::size_t>(std::ranges::find(names, name) - names.begin());
  if (place == names.size()) names.push_back(name);
  return static_cast<std::uint32_t>(place);
}

std::size_t Picture::bytes() const {
  std::size_t size = 4096;
  for (const auto* columns : {&nodes, &edges}) {
    for (const Column& column : *columns) size += std::visit(SizeOf{}, column.values);
  }
  return size;
}

std::string picture_json(const Picture& picture) {
  Json document = picture.head;
  document["nodes"] = columns_json(picture.nodes);
  document["edges"] = columns_json(picture.edges);
  return text_of(document);
}

std::string picture_binary(const Picture& picture) {
  Arrays arrays;
  Json head = picture.head;
  head["columns"] = Json::array();
  pack("nodes", picture.nodes, arrays, head["columns"]);
  pack("edges", picture.edges, arrays, head["columns"]);
  std::string text = text_of(head);
  // Offsets count from the end of the head, which is padded so that arrays stand at multiples of 8.
  while ((8 + text.size()) % kAlign != 0) text += ' ';
  std::string out = "LTG1";
  const auto length = static_cast<std::uint32_t>(text.size());
  out.append(reinterpret_cast<const char*>(&length), sizeof length);
  out += text;
  out += arrays.bytes();
  return out;
}

}  // namespace llt::views

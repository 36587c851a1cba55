#include "engine/model_check.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace llt::engine {
namespace {

constexpr std::size_t kHeadBytes = 24;  // magic, version, tensor count, metadata count
constexpr const char* kGiveModel = "give a .gguf file with --model";

template <class Integer>
Integer little_endian(std::string_view bytes) {
  Integer value = 0;
  for (std::size_t i = sizeof(Integer); i-- > 0;) {
    value = static_cast<Integer>(value << 8) | static_cast<Integer>(static_cast<unsigned char>(bytes[i]));
  }
  return value;
}

}  // namespace

Result<> check_gguf_head(std::string_view head, std::uint64_t file_bytes, const std::string& name) {
  if (file_bytes == 0) return fail(ErrorCode::data_loss, name + " is empty", "get the model file again");
  if (!head.starts_with("GGUF")) return fail(ErrorCode::data_loss, name + " is not a GGUF model", kGiveModel);
  if (head.size() < kHeadBytes)
    return fail(ErrorCode::data_loss, name + " is truncated", "get the model file again");
  const auto version = little_endian<std::uint32_t>(head.substr(4, 4));
  if (version == 0 || version > 0xffff) {
    return fail(ErrorCode::data_loss, name + " is a big-endian or damaged GGUF file",
                "get a little-endian one");
  }
  const auto tensors = little_endian<std::uint64_t>(head.substr(8, 8));
  const auto entries = little_endian<std::uint64_t>(head.substr(16, 8));
  // A tensor's description takes at least 24 bytes, a metadata entry at least 13.
  if (tensors > file_bytes / 24 || entries > file_bytes / 13) {
    return fail(ErrorCode::data_loss,
                name + " is truncated or damaged: its header counts more than it can hold",
                "get the model file again");
  }
  return {};
}

Result<std::uint64_t> check_model_file(const std::filesystem::path& model) {
  const std::string name = "model " + model.string();
  std::error_code error;
  const auto status = std::filesystem::status(model, error);
  if (status.type() == std::filesystem::file_type::not_found) {
    return fail(ErrorCode::not_found, name + " does not exist", "check the path given with --model");
  }
  if (error) return fail(ErrorCode::permission_denied, name + " cannot be looked at: " + error.message());
  if (std::filesystem::is_directory(status)) {
    return fail(ErrorCode::invalid_argument, name + " is a folder", "give the .gguf file in it with --model");
  }
  errno = 0;
  std::ifstream file(model, std::ios::binary);
  if (!file) {
    return fail(ErrorCode::permission_denied, name + " cannot be read: " + std::strerror(errno),
                "check its permissions");
  }
  const auto bytes = std::filesystem::file_size(model, error);
  if (error) return fail(ErrorCode::invalid_argument, name + " is not a regular file", kGiveModel);
  std::array<char, kHeadBytes> head{};
  file.read(head.data(), head.size());
  const std::string_view read(head.data(), static_cast<std::size_t>(file.gcount()));
  if (auto checked = check_gguf_head(read, bytes, name); !checked) return std::unexpected(checked.error());
  return bytes;
}

}  // namespace llt::engine

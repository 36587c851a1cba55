#include "store/graph_results.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "store/data_dir.h"

namespace llt::store {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "llamatelemetry graph result 1\n";
constexpr std::string_view kEnding = ".graph";
constexpr std::uintmax_t kLargestFile = std::uintmax_t{1} << 30;

struct CountColumns {
  std::uint32_t count = 0;
  template <class T>
  void operator()(const T&) {
    ++count;
  }
};

template <class Row>
std::uint32_t columns_of() {
  CountColumns columns;
  const Row row;
  for_each_column(row, columns);
  return columns.count;
}

class Packer {
 public:
  explicit Packer(std::string& out) : out_(out) {}

  template <class T>
    requires std::is_arithmetic_v<T>
  void operator()(T value) {
    out_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void operator()(const std::string& text) {
    (*this)(static_cast<std::uint32_t>(text.size()));
    out_ += text;
  }
  template <class T>
  void operator()(const std::optional<T>& value) {
    (*this)(value.has_value());
    if (value) (*this)(*value);
  }

 private:
  std::string& out_;
};

class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : bytes_(bytes) {}

  template <class T>
    requires std::is_arithmetic_v<T>
  void operator()(T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      std::uint8_t byte = 0;
      (*this)(byte);
      value = byte != 0;
    } else if (const auto piece = take(sizeof value); good_) {
      std::memcpy(&value, piece.data(), sizeof value);
    }
  }
  void operator()(std::string& text) {
    std::uint32_t size = 0;
    (*this)(size);
    text = take(size);
  }
  template <class T>
  void operator()(std::optional<T>& value) {
    bool there = false;
    (*this)(there);
    if (there && good_) (*this)(value.emplace());
  }

  [[nodiscard]] bool good() const noexcept { return good_; }
  [[nodiscard]] std::size_t left() const noexcept { return bytes_.size(); }

 private:
  std::string_view take(std::size_t size) {
    if (size > bytes_.size()) good_ = false;
    if (!good_) return {};
    const std::string_view piece = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return piece;
  }

  std::string_view bytes_;
  bool good_ = true;
};

std::unexpected<Error> damaged(std::string_view what) {
  return fail(ErrorCode::data_loss, fmt::format("the result handed in {}", what));
}

std::unexpected<Error> system_error(const fs::path& path) {
  const int reason = errno;
  return fail(
      reason == ENOSPC || reason == EDQUOT ? ErrorCode::resource_exhausted : ErrorCode::permission_denied,
      fmt::format("cannot write {}: {}", path.string(), std::strerror(reason)));
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

fs::path inbox_of(const fs::path& data_dir) { return data_dir / "inbox"; }

}  // namespace

std::string to_bytes(const GraphResult& result) {
  std::string out(kMagic);
  Packer pack(out);
  pack(columns_of<GraphRunRow>());
  pack(columns_of<GraphValueRow>());
  for_each_column(result.run, pack);
  pack(static_cast<std::uint64_t>(result.values.size()));
  for (const GraphValueRow& row : result.values) for_each_column(row, pack);
  return out;
}

Result<GraphResult> graph_result_from(std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) return damaged("is not one");
  Unpacker unpack(bytes.substr(kMagic.size()));
  std::uint32_t run_columns = 0, value_columns = 0;
  unpack(run_columns);
  unpack(value_columns);
  if (run_columns != columns_of<GraphRunRow>() || value_columns != columns_of<GraphValueRow>())
    return damaged("is of another version of this program");
  GraphResult result;
  for_each_column(result.run, unpack);
  std::uint64_t count = 0;
  unpack(count);
  if (!unpack.good() || count > unpack.left()) return damaged("is cut off");
  for (std::uint64_t i = 0; i < count && unpack.good(); ++i)
    for_each_column(result.values.emplace_back(), unpack);
  if (!unpack.good() || unpack.left() != 0) return damaged("is damaged");
  return result;
}

Result<fs::path> hand_in(const fs::path& data_dir, const GraphResult& result) {
  const fs::path folder = inbox_of(data_dir);
  std::error_code ignored;
  if (!fs::exists(DataFiles(data_dir).database, ignored)) {
    return fail(ErrorCode::not_found, fmt::format("there is no store in {}", data_dir.string()),
                "`llamatelemetry up` makes one");
  }
  if (fs::create_directory(folder, ignored)) fs::permissions(folder, fs::perms::owner_all, ignored);
  const fs::path file = folder / (result.run.run_id + std::string(kEnding));
  const fs::path beside = file.string() + ".part";
  const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return system_error(beside);
  const bool written = write_all(fd, to_bytes(result)) && ::fsync(fd) == 0;
  const int reason = errno;
  ::close(fd);
  errno = reason;
  if (written && ::rename(beside.c_str(), file.c_str()) == 0) return file;
  auto error = system_error(file);
  ::unlink(beside.c_str());
  return error;
}

std::vector<fs::path> handed_in(const fs::path& data_dir) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator entry(inbox_of(data_dir), error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() == kEnding) files.push_back(entry->path());
  }
  return files;
}

Result<GraphResult> read_handed_in(const fs::path& file) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  if (!error && size > kLargestFile) return damaged("is larger than any that this program writes");
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(ErrorCode::permission_denied, fmt::format("cannot read {}", file.string()));
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  return graph_result_from(bytes);
}

void refuse_handed_in(const fs::path& file) {
  std::error_code ignored;
  fs::rename(file, file.string() + ".refused", ignored);
}

}  // namespace llt::store

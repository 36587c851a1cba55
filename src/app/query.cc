// `llamatelemetry query`: one statement, its result in the format asked for.

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <memory>

#include "app/commands.h"
#include "app/exit_codes.h"
#include "app/source.h"

namespace llt::app {
namespace {

constexpr int kQueryTimeoutMs = 300'000;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

// Where the result goes. A named file appears when the query has succeeded, and not half written.
class Output {
 public:
  static Result<Output> open(const std::optional<std::string>& path) {
    Output output;
    if (!path) return output;
    output.path_ = *path;
    output.beside_ = fmt::format("{}.{}.part", *path, getpid());
    output.file_.reset(std::fopen(output.beside_.c_str(), "wbx"));
    if (!output.file_) return output.error();
    return output;
  }

  bool write(std::string_view piece) {
    std::FILE* out = file_ ? file_.get() : stdout;
    return std::fwrite(piece.data(), 1, piece.size(), out) == piece.size();
  }

  Result<> finish() {
    if (!file_) {
      if (std::fflush(stdout) == 0) return {};
      return fail(ErrorCode::unavailable, fmt::format("cannot write to stdout: {}", std::strerror(errno)));
    }
    const bool flushed = std::fflush(file_.get()) == 0;
    if (!flushed || std::rename(beside_.c_str(), path_.c_str()) != 0) return error();
    file_.reset();
    beside_.clear();
    return {};
  }

  Output() = default;
  Output(Output&& other) noexcept
      : path_(std::move(other.path_)),
        beside_(std::exchange(other.beside_, {})),
        file_(std::move(other.file_)) {}
  Output& operator=(Output&&) = delete;
  ~Output() {
    if (!beside_.empty()) std::remove(beside_.c_str());
  }

 private:
  std::unexpected<Error> error() const {
    return fail(ErrorCode::permission_denied,
                fmt::format("cannot write {}: {}", path_, std::strerror(errno)));
  }

  std::string path_, beside_;
  std::unique_ptr<std::FILE, CloseFile> file_;
};

bool is_binary(store::Format format) {
  return format == store::Format::parquet || format == store::Format::arrow;
}

}  // namespace

int run_query(const Settings& settings, const QueryOptions& options) {
  const auto format = store::parse_format(options.format.empty() ? "table" : options.format);
  if (!format) return bad_usage({ErrorCode::invalid_argument, "no such format: " + options.format, ""});
  if (is_binary(*format) && !options.output && isatty(STDOUT_FILENO) == 1) {
    return bad_usage({ErrorCode::invalid_argument, options.format + " is not for a terminal",
                      "write it to a file with -o FILE"});
  }
  auto source = Source::make(settings);
  if (!source) return bad_usage(source.error());
  std::string sql = options.sql;
  if (sql == "-") sql.assign(std::istreambuf_iterator<char>(std::cin), {});

  auto output = Output::open(options.output);
  if (!output) return failed(output.error());
  store::QueryLimits limits;
  limits.timeout_ms = kQueryTimeoutMs;
  const auto done =
      (*source)->query(sql, *format, limits, [&](std::string_view piece) { return output->write(piece); });
  if (!done) return failed(done.error());
  if (auto finished = output->finish(); !finished) return failed(finished.error());
  return kDone;
}

}  // namespace llt::app

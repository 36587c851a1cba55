// `llamatelemetry query`: one statement, its result in the format asked for.

#include <unistd.h>

#include <iostream>
#include <iterator>

#include "app/commands.h"
#include "app/exit_codes.h"
#include "app/output.h"
#include "app/source.h"

namespace llt::app {
namespace {

constexpr int kQueryTimeoutMs = 300'000;

bool is_binary(store::Format format) {
  return format == store::Format::parquet || format == store::Format::arrow;
}

}  // namespace

int run_query_of(store::Reader& reader, const QueryOptions& options) {
  const auto format = store::parse_format(options.format.empty() ? "table" : options.format);
  if (!format) return bad_usage({ErrorCode::invalid_argument, "no such format: " + options.format, ""});
  if (is_binary(*format) && !options.output && isatty(STDOUT_FILENO) == 1) {
    return bad_usage({ErrorCode::invalid_argument, options.format + " is not for a terminal",
                      "write it to a file with -o FILE"});
  }
  std::string sql = options.sql;
  if (sql == "-") sql.assign(std::istreambuf_iterator<char>(std::cin), {});

  if (sql.find_first_not_of(" \t\r\n;") == std::string::npos) {
    return bad_usage({ErrorCode::invalid_argument, "the statement is empty",
                      "give one, such as \"SELECT * FROM requests LIMIT 5\""});
  }

  auto output = Output::open(options.output);
  if (!output) return failed(output.error());
  store::QueryLimits limits;
  limits.timeout_ms = kQueryTimeoutMs;
  Result<> written;
  const auto done = reader.query(sql, *format, limits, [&](std::string_view piece) {
    written = output->write(piece);
    return written.has_value();
  });
  if (!written) return failed(written.error());
  if (!done) return failed(done.error());
  if (auto finished = output->finish(); !finished) return failed(finished.error());
  return kDone;
}

int run_query(const Settings& settings, const QueryOptions& options) {
  auto source = Source::make(settings);
  if (!source) return bad_usage(source.error());
  return run_query_of(**source, options);
}

}  // namespace llt::app

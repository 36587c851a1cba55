// `llamatelemetry export parquet`.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/exit_codes.h"
#include "app/export_options.h"
#include "app/print.h"
#include "app/progress_line.h"
#include "app/source.h"
#include "app/units.h"
#include "views/exports/parquet.h"

namespace llt::app {
namespace {

void print(const std::vector<views::ParquetFile>& files, bool json) {
  if (!json) {
    for (const auto& file : files) print_out("{}  {}\n", file.path.string(), format_size(file.bytes));
    return;
  }
  nlohmann::ordered_json document = {{"files", nlohmann::ordered_json::array()}};
  for (const auto& file : files) {
    document["files"].push_back({{"table", file.table}, {"path", file.path.string()}, {"bytes", file.bytes}});
  }
  print_out("{}\n", document.dump(2));
}

}  // namespace

int run_export_parquet(const Settings& settings, const ExportOptions& options) {
  auto source = Source::make(settings);
  if (!source) return bad_usage(source.error());
  views::ParquetRequest request{options.tables, options.output.value_or("."), {}, options.content};
  if (options.since_ns) request.since = now_unix() - *options.since_ns;
  ProgressLine line;
  const auto files =
      views::export_parquet(**source, request, [&](std::string_view table, std::uint64_t bytes) {
        if (line.due()) line.show(fmt::format("{}  {}", table, format_size(bytes)));
      });
  line.clear();
  if (!files) return failed(files.error());
  print(*files, options.json);
  return kDone;
}

}  // namespace llt::app

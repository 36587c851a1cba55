// `llamatelemetry export graphistry`.

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/exit_codes.h"
#include "app/export_graph.h"
#include "app/output.h"
#include "app/print.h"
#include "app/progress_line.h"
#include "app/units.h"
#include "app/version.h"
#include "views/exports/arrow_file.h"
#include "views/exports/graphistry.h"

namespace llt::app {
namespace {

/// A folder for the files while they are sent; removed with all that is in it.
class ScratchFolder {
 public:
  ScratchFolder() : path_(std::filesystem::temp_directory_path() / "llamatelemetry-XXXXXX") {}
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    if (made_) std::filesystem::remove_all(path_, ignored);
  }

  Result<std::filesystem::path> make() {
    std::string name = path_.string();
    made_ = mkdtemp(name.data()) != nullptr;
    if (!made_) {
      return fail(ErrorCode::permission_denied,
                  fmt::format("cannot make a folder in {}", path_.parent_path().string()),
                  "name another one with TMPDIR");
    }
    path_ = name;
    return path_;
  }

 private:
  std::filesystem::path path_;
  bool made_ = false;
};

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Result<views::GraphistryIdentity> read_identity() {
  views::GraphistryIdentity identity{variable("GRAPHISTRY_USERNAME"), variable("GRAPHISTRY_PASSWORD"),
                                     variable("GRAPHISTRY_PERSONAL_KEY_ID"),
                                     variable("GRAPHISTRY_PERSONAL_KEY_SECRET")};
  if (!identity.key_id.empty() && !identity.key_secret.empty()) return identity;
  if (!identity.username.empty() && !identity.password.empty()) {
    identity.key_id.clear();
    return identity;
  }
  return fail(ErrorCode::permission_denied, "no Graphistry account is named",
              "set GRAPHISTRY_USERNAME and GRAPHISTRY_PASSWORD, or GRAPHISTRY_PERSONAL_KEY_ID and "
              "GRAPHISTRY_PERSONAL_KEY_SECRET\nwithout an account, --dry-run DIR shows what would be sent");
}

Result<views::GraphistryTarget> read_target(const GraphistryOptions& options) {
  views::GraphistryTarget target{options.server, options.org, options.privacy, options.ca_file};
  if (target.server.find("://") == std::string::npos) target.server.insert(0, "https://");
  if (!target.server.starts_with("https://") && !target.server.starts_with("http://")) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("--server: '{}' is no address of a server", options.server),
                "it looks like https://hub.graphistry.com");
  }
  while (target.server.ends_with('/')) target.server.pop_back();
  return target;
}

// A password over plain HTTP can be read on the way.
bool is_open_road(const std::string& server) {
  return server.starts_with("http://") && !server.starts_with("http://127.") &&
         !server.starts_with("http://localhost") && !server.starts_with("http://[::1]");
}

views::Encodings encodings_of(const ExportOptions& options) {
  views::Encodings encodings = views::usual_encodings(options.kind);
  const auto choose = [](std::string& usual, const std::string& asked) {
    if (!asked.empty()) usual = asked == "none" ? "" : asked;
  };
  choose(encodings.label, options.graphistry.label);
  choose(encodings.color, options.graphistry.color);
  choose(encodings.size, options.graphistry.size);
  choose(encodings.icon, options.graphistry.icon);
  return encodings;
}

std::string sentences(const std::vector<std::string>& notes) {
  std::string text;
  for (const std::string& note : notes) text += (text.empty() ? "" : ". ") + note;
  return text;
}

Result<> write_table(const views::Table& table, const std::filesystem::path& path) {
  auto file = Output::open(path.string());
  if (!file) return std::unexpected(file.error());
  if (auto written =
          views::write_arrow_file(table, [&](std::string_view piece) { return file->write(piece); });
      !written)
    return written;
  return file->finish();
}

/// Makes the two Arrow files in `folder`.
Result<views::GraphistryUpload> make_upload(const ExportGraph& graph, const ExportOptions& options,
                                            const std::filesystem::path& folder) {
  const std::string subject =
      options.kind.empty() ? std::filesystem::path(options.edges).filename().string() : options.kind;
  views::GraphistryUpload upload{
      folder / "edges.arrow",
      folder / "nodes.arrow",
      graph.tables(),
      encodings_of(options),
      {options.graphistry.name.empty() ? fmt::format("llamatelemetry: {}", subject) : options.graphistry.name,
       sentences(graph.graph.notes), std::string(kVersion), options.graphistry.org}};
  if (upload.tables.edges.rows == 0)
    return fail(ErrorCode::not_found, fmt::format("there is nothing in {}", graph.graph.about),
                "give a longer --since, or look with 'llamatelemetry graph'");
  if (auto checked = views::check_encodings(upload.encodings, upload.tables.nodes); !checked)
    return std::unexpected(checked.error());
  if (auto written = write_table(upload.tables.edges, upload.edges); !written)
    return std::unexpected(written.error());
  if (auto written = write_table(upload.tables.nodes, upload.nodes); !written)
    return std::unexpected(written.error());
  return upload;
}

void say_json(const nlohmann::ordered_json& document) {
  print_out("{}\n", document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

int dry_run(const ExportGraph& graph, const ExportOptions& options, const views::GraphistryTarget& target) {
  const std::filesystem::path folder = *options.graphistry.dry_run;
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    return failed({ErrorCode::permission_denied,
                   fmt::format("cannot make {}: {}", folder.string(), error.message()), ""});
  const auto upload = make_upload(graph, options, folder);
  if (!upload) return failed(upload.error());
  const bool by_key = !variable("GRAPHISTRY_PERSONAL_KEY_ID").empty();
  auto file = Output::open((folder / "requests.json").string());
  if (!file) return failed(file.error());
  const auto requests = views::graphistry_requests(target, by_key, *upload);
  auto written = file->write(requests.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  if (written) written = file->finish();
  if (!written) return failed(written.error());
  if (options.json) {
    say_json({{"folder", folder.string()},
              {"nodes", upload->tables.nodes.rows},
              {"edges", upload->tables.edges.rows},
              {"requests", requests.size()}});
    return kDone;
  }
  print_out("{}  {} nodes, {} edges, {} requests; nothing was sent\n", folder.string(),
            upload->tables.nodes.rows, upload->tables.edges.rows, requests.size());
  return kDone;
}

int upload(const ExportGraph& graph, const ExportOptions& options, const views::GraphistryTarget& target,
           const views::GraphistryIdentity& identity) {
  ScratchFolder scratch;
  const auto folder = scratch.make();
  if (!folder) return failed(folder.error());
  const auto files = make_upload(graph, options, *folder);
  if (!files) return failed(files.error());
  ProgressLine line;
  const auto view = views::upload_to_graphistry(
      target, identity, *files, [&](std::string_view what, std::uint64_t sent, std::uint64_t total) {
        if (!line.due()) return;
        line.show(total == 0 ? std::string(what)
                             : fmt::format("{}: {} of {}", what, format_size(sent), format_size(total)));
      });
  line.clear();
  if (!view) return failed(view.error());
  if (!options.json) {
    print_out("{}\n", view->url);
    return kDone;
  }
  say_json({{"url", view->url},
            {"dataset_id", view->dataset_id},
            {"privacy", target.privacy},
            {"nodes", files->tables.nodes.rows},
            {"edges", files->tables.edges.rows}});
  return kDone;
}

}  // namespace

int run_export_graphistry(const Settings& settings, const ExportOptions& options) {
  if (auto checked = check_export_graph(options); !checked) return bad_usage(checked.error());
  const auto target = read_target(options.graphistry);
  if (!target) return bad_usage(target.error());
  const auto identity = options.graphistry.dry_run ? views::GraphistryIdentity{} : read_identity();
  if (!identity) return bad_usage(identity.error());
  if (is_open_road(target->server) && !options.graphistry.dry_run)
    print_err("{} is not encrypted: others on the way can read the credentials and the graph\n",
              target->server);
  const auto graph = read_export_graph(settings, options);
  if (!graph) return failed(graph.error());
  if (options.graphistry.dry_run) return dry_run(*graph, options, *target);
  return upload(*graph, options, *target, *identity);
}

}  // namespace llt::app

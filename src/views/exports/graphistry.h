#pragma once
// Sends a graph to a Graphistry server by its REST API: docs/exports.md has the requests.

#include <filesystem>

#include "views/exports/graphistry_document.h"
#include "views/exports/http_call.h"

namespace llt::views {

/// Who asks: a user with a password, or a personal key.
struct GraphistryIdentity {
  std::string username, password;
  std::string key_id, key_secret;

  [[nodiscard]] bool by_key() const noexcept { return !key_id.empty(); }
};

struct GraphistryTarget {
  std::string server;  ///< https://hub.graphistry.com, without a slash at the end
  std::string org;     ///< empty: the user's own space
  std::string privacy = "private";
  std::optional<std::string> ca_file;
};

/// The graph's tables as Arrow files, and what is said of them.
struct GraphistryUpload {
  std::filesystem::path edges, nodes;
  GraphTables tables;
  Encodings encodings;
  ViewDescription view;
};

/// Told in words what is being done; `total` is 0 where no bytes are counted.
using UploadProgress = std::function<void(std::string_view what, std::uint64_t sent, std::uint64_t total)>;

struct GraphistryView {
  std::string dataset_id, url;
};

/// Errors: permission_denied (credentials, rights, certificate), resource_exhausted (quota, size),
/// unavailable and timeout (network, server), data_loss (an answer that is none of Graphistry's).
[[nodiscard]] Result<GraphistryView> upload_to_graphistry(const GraphistryTarget& target,
                                                          const GraphistryIdentity& identity,
                                                          const GraphistryUpload& upload,
                                                          const UploadProgress& progress);

/// The requests that upload_to_graphistry would send, as a JSON list; what only the server or the user knows
/// stands in braces.
[[nodiscard]] nlohmann::ordered_json graphistry_requests(const GraphistryTarget& target, bool by_key,
                                                         const GraphistryUpload& upload);

}  // namespace llt::views

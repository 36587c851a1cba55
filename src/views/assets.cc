#include "views/assets.h"

#include <algorithm>
#include <array>
#include <string>

namespace llt::views {
namespace {

// The console is one document whose script shows the page that the path names: ui/src/pages.
constexpr std::array<std::string_view, 5> kPages{"/requests", "/trace", "/graph", "/model", "/sql"};

bool is_page(std::string_view path) {
  return path == "/" || std::ranges::any_of(kPages, [path](std::string_view page) {
           return path.starts_with(page) && (path.size() == page.size() || path[page.size()] == '/');
         });
}

// "gzip;q=0" means no; everything finer does not matter for files that are either compressed or not.
bool accepts_gzip(std::string_view accept_encoding) {
  while (!accept_encoding.empty()) {
    const std::size_t comma = accept_encoding.find(',');
    std::string_view item = accept_encoding.substr(0, comma);
    accept_encoding =
        comma == std::string_view::npos ? std::string_view{} : accept_encoding.substr(comma + 1);
    item.remove_prefix(std::min(item.find_first_not_of(' '), item.size()));
    if (!item.starts_with("gzip")) continue;
    return item.find("q=0") == std::string_view::npos || item.find("q=0.") != std::string_view::npos;
  }
  return false;
}

}  // namespace

Reply asset_reply(std::string_view path, std::string_view accept_encoding, std::string_view if_none_match) {
  if (is_page(path)) path = "/index.html";
  const std::span<const Asset> assets = ui_assets();
  const auto asset = std::ranges::find(assets, path, &Asset::path);
  if (asset == assets.end()) {
    return error_reply({ErrorCode::not_found, "there is nothing at " + std::string(path),
                        "the page is at /, the API is described at /api"});
  }
  Reply reply;
  reply.content_type = asset->content_type;
  reply.headers.emplace_back("ETag", asset->etag);
  reply.headers.emplace_back("Cache-Control",
                             asset->hashed_name ? "public, max-age=31536000, immutable" : "no-cache");
  reply.headers.emplace_back("Vary", "Accept-Encoding");
  if (if_none_match.find(asset->etag) != std::string_view::npos) {
    reply.status = 304;
    return reply;
  }
  if (!asset->gzip.empty() && accepts_gzip(accept_encoding)) {
    reply.static_body = asset->gzip;
    reply.headers.emplace_back("Content-Encoding", "gzip");
  } else {
    reply.static_body = asset->body;
  }
  return reply;
}

}  // namespace llt::views

#include "views/http_head.h"

#include <fmt/format.h>

#include <boost/beast/http/status.hpp>

namespace llt::views {
namespace {

// Scripts, styles, fonts and connections come from us alone. Plotly sets inline styles; scripts are never
// inline.
constexpr std::string_view kCommonHeaders =
    "Server: llamatelemetry\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'\r\n";

}  // namespace

HeadBuilder::HeadBuilder(unsigned status) {
  const auto reason = boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
  text_ = fmt::format("HTTP/1.1 {} {}\r\n{}", status, std::string_view(reason.data(), reason.size()),
                      kCommonHeaders);
}

HeadBuilder& HeadBuilder::add(std::string_view name, std::string_view value) {
  text_ += name;
  text_ += ": ";
  text_ += value;
  text_ += "\r\n";
  return *this;
}

std::string HeadBuilder::finish(bool keep_alive) {
  add("Connection", keep_alive ? "keep-alive" : "close");
  text_ += "\r\n";
  return std::move(text_);
}

std::string chunk_head(std::size_t size) { return fmt::format("{:x}\r\n", size); }

}  // namespace llt::views

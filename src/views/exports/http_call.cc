#include "views/exports/http_call.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>

namespace llt::views {
namespace {

constexpr long kConnectTimeoutS = 10;
constexpr std::size_t kMaxReplyBytes = 1024 * 1024;

struct FreeHandle {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using List = std::unique_ptr<curl_slist, FreeList>;
using File = std::unique_ptr<std::FILE, CloseFile>;

std::size_t take_body(char* bytes, std::size_t, std::size_t size, void* reply) {
  std::string& body = static_cast<HttpReply*>(reply)->body;
  body.append(bytes, std::min(size, kMaxReplyBytes - body.size()));
  return size;
}

std::string_view value_of(std::string_view header, std::string_view name) {
  if (header.size() <= name.size() || header[name.size()] != ':') return {};
  const auto same = [](char a, char b) { return (a | 0x20) == (b | 0x20); };
  if (!std::ranges::equal(header.substr(0, name.size()), name, same)) return {};
  header.remove_prefix(name.size() + 1);
  while (!header.empty() && header.front() == ' ') header.remove_prefix(1);
  while (!header.empty() && (header.back() == '\r' || header.back() == '\n')) header.remove_suffix(1);
  return header;
}

std::size_t take_header(char* bytes, std::size_t, std::size_t size, void* into) {
  auto& reply = *static_cast<HttpReply*>(into);
  const std::string_view header(bytes, size);
  if (const auto value = value_of(header, "location"); !value.empty()) reply.location = value;
  if (const auto value = value_of(header, "retry-after"); !value.empty()) {
    int seconds = 0;
    if (std::from_chars(value.data(), value.data() + value.size(), seconds).ec == std::errc() && seconds >= 0)
      reply.retry_after_s = seconds;
  }
  return size;
}

int show_progress(void* progress, curl_off_t, curl_off_t, curl_off_t total, curl_off_t sent) {
  if (total > 0) {
    (*static_cast<const SendProgress*>(progress))(static_cast<std::uint64_t>(sent),
                                                  static_cast<std::uint64_t>(total));
  }
  return 0;
}

std::string host_of(const std::string& url) {
  const std::size_t begin = url.find("://");
  if (begin == std::string::npos) return url;
  return url.substr(begin + 3, url.find_first_of("/?", begin + 3) - begin - 3);
}

std::unexpected<Error> failure(CURLcode code, const std::string& url, const char* detail) {
  const std::string host = host_of(url);
  const std::string why = *detail == '\0' ? curl_easy_strerror(code) : detail;
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return fail(ErrorCode::not_found, fmt::format("cannot find {}: {}", host, why),
                  "check the address and the network");
    case CURLE_COULDNT_CONNECT:
      return fail(ErrorCode::unavailable, fmt::format("cannot connect to {}: {}", host, why),
                  "check the address, the network, and that the server runs");
    case CURLE_OPERATION_TIMEDOUT:
      return fail(ErrorCode::timeout, fmt::format("{} does not answer: {}", host, why),
                  "check the network, and try again");
    case CURLE_PEER_FAILED_VERIFICATION:
      return fail(ErrorCode::permission_denied,
                  fmt::format("the certificate of {} is not trusted: {}", host, why),
                  "check the address; a certificate of your own is named with --ca-file or SSL_CERT_FILE");
    case CURLE_SSL_CACERT_BADFILE:
      return fail(ErrorCode::not_found, fmt::format("cannot read the certificates to trust: {}", why),
                  "install ca-certificates, or name a file with --ca-file or SSL_CERT_FILE");
    case CURLE_SSL_CONNECT_ERROR:
      return fail(ErrorCode::unavailable, fmt::format("no TLS with {}: {}", host, why),
                  "check whether the address should begin with http:// or https://");
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return fail(ErrorCode::invalid_argument, fmt::format("'{}' is no address: {}", url, why),
                  "an address begins with https:// or http://");
    default:
      return fail(ErrorCode::unavailable, fmt::format("the connection to {} broke: {}", host, why),
                  "try again");
  }
}

}  // namespace

// libcurl knows the place of the distribution it was built on only.
std::optional<std::string> trusted_certificates(const HttpTrust& trust) {
  constexpr std::array kPlaces{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                               "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};
  if (trust.ca_file) return trust.ca_file;
  if (const char* named = std::getenv("SSL_CERT_FILE"); named != nullptr && *named != '\0') return named;
  std::error_code ignored;
  for (const char* place : kPlaces) {
    if (std::filesystem::exists(place, ignored)) return place;
  }
  return std::nullopt;
}

struct HttpSession::State {
  HttpTrust trust;
  std::unique_ptr<CURL, FreeHandle> handle{curl_easy_init()};
};

HttpSession::HttpSession(HttpTrust trust) : state_(std::make_unique<State>()) {
  LLT_CHECK(state_->handle != nullptr);
  state_->trust = std::move(trust);
}

HttpSession::~HttpSession() = default;

Result<HttpReply> HttpSession::call(const HttpCall& call, const SendProgress& progress, int silence_s) {
  CURL* curl = state_->handle.get();
  curl_easy_reset(curl);  // keeps the connection
  HttpReply reply;
  std::array<char, CURL_ERROR_SIZE> detail{};
  const HttpTrust& trust = state_->trust;
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail.data());
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_URL, call.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectTimeoutS);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(silence_s));
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (const auto certificates = trusted_certificates(trust))
    curl_easy_setopt(curl, CURLOPT_CAINFO, certificates->c_str());
  if (!trust.client_certificate.empty())
    curl_easy_setopt(curl, CURLOPT_SSLCERT, trust.client_certificate.c_str());
  if (!trust.client_key.empty()) curl_easy_setopt(curl, CURLOPT_SSLKEY, trust.client_key.c_str());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &reply);
  if (progress) {
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, show_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &progress);
  }
  List headers(curl_slist_append(nullptr, "Expect:"));
  for (const std::string& header : call.headers) curl_slist_append(headers.get(), header.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  if (call.once) curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
  File file;
  if (call.method == "POST") curl_easy_setopt(curl, CURLOPT_POST, 1L);
  if (call.method != "POST") curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call.method.c_str());
  if (call.body_file) {
    file.reset(std::fopen(call.body_file->c_str(), "rb"));
    if (!file) return fail(ErrorCode::not_found, fmt::format("cannot read {}", call.body_file->string()));
    std::error_code error;
    const auto size = std::filesystem::file_size(*call.body_file, error);
    curl_easy_setopt(curl, CURLOPT_READDATA, file.get());  // read by fread, as it is
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(size));
  } else if (call.method == "POST") {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call.body.data());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
  }
  const CURLcode code = curl_easy_perform(curl);
  if (code != CURLE_OK) return failure(code, call.url, detail.data());
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  reply.status = static_cast<int>(status);
  return reply;
}

bool is_passing(int status) { return status == 429 || status == 502 || status == 503 || status == 504; }

}  // namespace llt::views

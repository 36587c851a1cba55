#include "views/exports/graphistry.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "base/clock.h"

namespace llt::views {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMostPatienceS = 30;
constexpr std::string_view kJson = "Content-Type: application/json";

std::string dump(const Json& document) {
  return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// The requests, one function each.

HttpCall login_call(const GraphistryTarget& target, const GraphistryIdentity& identity) {
  Json body = Json::object();
  if (!identity.by_key()) body = {{"username", identity.username}, {"password", identity.password}};
  if (!target.org.empty()) body["org_name"] = target.org;
  HttpCall call{"POST", target.server, {std::string(kJson), "Accept: application/json"}, dump(body), {}};
  call.url += identity.by_key() ? "/api/v2/auth/pkey/jwt/" : "/api/v2/auth/token/generate";
  if (identity.by_key())
    call.headers.push_back(
        fmt::format("Authorization: PersonalKey {}:{}", identity.key_id, identity.key_secret));
  return call;
}

HttpCall json_call(const GraphistryTarget& target, std::string_view path, const Json& body) {
  return {"POST",
          fmt::format("{}{}", target.server, path),
          {std::string(kJson), "Accept: application/json"},
          dump(body),
          {}};
}

HttpCall create_file_call(const GraphistryTarget& target, const ViewDescription& view,
                          std::string_view name) {
  Json body = {{"file_type", "arrow"},
               {"agent_name", "llamatelemetry"},
               {"agent_version", view.agent_version},
               {"name", name}};
  if (!target.org.empty()) body["org_name"] = target.org;
  return json_call(target, "/api/v2/files/", body);
}

// `erase` makes it safe to send the same bytes again.
HttpCall upload_call(const GraphistryTarget& target, const std::string& file_id,
                     const std::filesystem::path& file) {
  return {"POST",
          fmt::format("{}/api/v2/upload/files/{}?erase=true", target.server, file_id),
          {"Content-Type:", "Accept: application/json"},
          {},
          file};
}

HttpCall dataset_call(const GraphistryTarget& target, const GraphistryUpload& upload,
                      const std::string& edges, const std::string& nodes) {
  return json_call(target, "/api/v2/upload/datasets/",
                   dataset_document(upload.tables, upload.encodings, upload.view, edges, nodes));
}

HttpCall share_call(const GraphistryTarget& target, const std::string& dataset_id) {
  return json_call(target, "/api/v2/share/link/",
                   {{"obj_pk", dataset_id},
                    {"obj_type", "dataset"},
                    {"mode", target.privacy},
                    {"notify", false},
                    {"invited_users", Json::array()},
                    {"mode_action", target.privacy == "private" ? "20" : "10"},
                    {"message", ""}});
}

std::string random_uuid() {
  std::random_device random;
  const auto word = [&random] { return static_cast<std::uint64_t>(random()) << 32 | random(); };
  const std::uint64_t high = (word() & ~0xF000ULL) | 0x4000, low = (word() >> 2) | 1ULL << 63;
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, high >> 16 & 0xFFFF, high & 0xFFFF,
                     low >> 48, low & 0xFFFF'FFFF'FFFF);
}

// With a layout of ours the server's own does not move the vertices.
std::string view_url(const GraphistryTarget& target, const std::string& dataset_id, const Table& nodes) {
  std::string url =
      fmt::format("{}/graph/graph.html?dataset={}&type=arrow&viztoken={}&info=true&splashAfter={}",
                  target.server, dataset_id, random_uuid(), now_unix() / 1'000'000'000 + 15);
  if (nodes.find("x") != nullptr) url += "&play=0";
  return url;
}

// What a server says for itself: DRF's and Graphistry's members, or the beginning of whatever it is.
std::string words_of(const HttpReply& reply) {
  const Json body = Json::parse(reply.body, nullptr, false);
  if (!body.is_object()) {
    if (reply.body.find('<') != std::string::npos) return {};
    return reply.body.substr(0, kShownBytes);
  }
  for (const char* member : {"message", "detail", "error", "non_field_errors", "errors"}) {
    if (!body.contains(member) || body[member].is_null()) continue;
    const Json& value = body[member];
    const std::string text = value.is_string() ? value.get<std::string>() : dump(value);
    if (!text.empty() && text != "[]") return text.substr(0, kShownBytes);
  }
  return dump(body).substr(0, kShownBytes);
}

std::unexpected<Error> refusal(std::string_view what, const HttpReply& reply) {
  const std::string words = words_of(reply);
  const std::string answer =
      words.empty() ? fmt::format("{}", reply.status) : fmt::format("{}: {}", reply.status, words);
  const std::string message = fmt::format("the server did not take {} ({})", what, answer);
  if (reply.status >= 300 && reply.status < 400) {
    return fail(
        ErrorCode::invalid_argument,
        fmt::format("the server sends us on to {}", reply.location.empty() ? "nowhere" : reply.location),
        "give that server with --server");
  }
  switch (reply.status) {
    case 401:
    case 403:
      return fail(ErrorCode::permission_denied, message,
                  "this account may not do that, or not in this --org");
    case 402:
    case 429:
      return fail(ErrorCode::resource_exhausted, message,
                  "the account's quota is used up: try later, or ask its owner");
    case 413:
    case 507:
      return fail(ErrorCode::resource_exhausted, message, "send less: a shorter --since");
    case 404:
      return fail(ErrorCode::not_found, message,
                  "check that --server is a Graphistry server, version 2.35 or later");
    default:
      break;
  }
  if (reply.status >= 500)
    return fail(ErrorCode::unavailable, message, "the server has trouble: try again, or tell its operator");
  return fail(ErrorCode::invalid_argument, message);
}

class Upload {
 public:
  Upload(const GraphistryTarget& target, const GraphistryIdentity& identity, const GraphistryUpload& upload,
         const UploadProgress& progress)
      : target_(target),
        identity_(identity),
        upload_(upload),
        progress_(progress),
        session_({target.ca_file, {}, {}}) {}

  Result<GraphistryView> run() {
    if (auto logged_in = login(); !logged_in) return std::unexpected(logged_in.error());
    auto edges = send_file("edges", upload_.edges);
    if (!edges) return std::unexpected(edges.error());
    auto nodes = send_file("nodes", upload_.nodes);
    if (!nodes) return std::unexpected(nodes.error());
    auto dataset = make_dataset(*edges, *nodes);
    if (!dataset) return std::unexpected(dataset.error());
    if (auto shared = share(*dataset); !shared) return std::unexpected(shared.error());
    return GraphistryView{*dataset, view_url(target_, *dataset, upload_.tables.nodes)};
  }

 private:
  /// A call that is repeated while the server or the way to it is passingly out of order. A call that must
  /// not happen twice is repeated only where it cannot have happened.
  Result<HttpReply> patiently(const HttpCall& call, std::string_view what, bool repeatable) {
    for (int attempt = 1;; ++attempt) {
      auto reply =
          session_.call(call, [&](std::uint64_t sent, std::uint64_t total) { progress_(what, sent, total); });
      const bool never_arrived = !reply && reply.error().code == ErrorCode::unavailable &&
                                 reply.error().message.starts_with("cannot connect");
      const bool broke = !reply && (reply.error().code == ErrorCode::unavailable ||
                                    reply.error().code == ErrorCode::timeout);
      const bool refused = reply && (reply->status == 429 || reply->status == 503);
      const bool again =
          never_arrived || refused || (repeatable && (broke || (reply && is_passing(reply->status))));
      if (!again || attempt == kAttempts) return reply;
      const int asked = reply ? reply->retry_after_s.value_or(0) : 0;
      const auto pause = std::chrono::milliseconds(500 << (attempt - 1));
      std::this_thread::sleep_for(
          std::max<std::chrono::milliseconds>(pause, std::chrono::seconds(std::min(asked, kMostPatienceS))));
    }
  }

  Result<> login() {
    progress_("logging in", 0, 0);
    HttpCall call = login_call(target_, identity_);
    auto reply = patiently(call, "logging in", true);
    if (reply && identity_.by_key() && reply->status == 405) {  // servers of before 2023
      call.method = "GET";
      call.body.clear();
      reply = patiently(call, "logging in", true);
    }
    if (!reply) return std::unexpected(reply.error());
    if (reply->status == 400 || reply->status == 401 || reply->status == 403) {
      return fail(ErrorCode::permission_denied,
                  fmt::format("{} does not know these credentials ({}: {})", target_.server, reply->status,
                              words_of(*reply)),
                  identity_.by_key() ? "check GRAPHISTRY_PERSONAL_KEY_ID and GRAPHISTRY_PERSONAL_KEY_SECRET"
                                     : "check GRAPHISTRY_USERNAME and GRAPHISTRY_PASSWORD");
    }
    if (reply->status / 100 != 2) return refusal("the login", *reply);
    const Json body = Json::parse(reply->body, nullptr, false);
    if (!body.is_object() || !body.contains("token") || !body["token"].is_string())
      return unexpected_answer("the login", *reply);
    token_ = body["token"].get<std::string>();
    return check_org(body);
  }

  Result<> check_org(const Json& body) const {
    if (target_.org.empty() || !body.contains("active_organization")) return {};
    const Json& org = body["active_organization"];
    if (!org.is_object()) return {};
    if (org.value("is_found", true) == false)
      return fail(ErrorCode::not_found, fmt::format("the server knows no organisation '{}'", target_.org),
                  "check --org");
    if (org.value("is_member", true) == false) {
      return fail(ErrorCode::permission_denied,
                  fmt::format("you are no member of the organisation '{}'", target_.org),
                  "check --org, or ask its owner");
    }
    return {};
  }

  /// With the token; a token that ran out meanwhile is replaced once.
  Result<Json> ask(HttpCall call, std::string_view what, bool repeatable) {
    const std::size_t at = call.headers.size();
    call.headers.push_back("Authorization: Bearer " + token_);
    call.once = !repeatable;
    auto reply = patiently(call, what, repeatable);
    if (reply && reply->status == 401) {
      if (auto logged_in = login(); !logged_in) return std::unexpected(logged_in.error());
      call.headers[at] = "Authorization: Bearer " + token_;
      reply = patiently(call, what, repeatable);
    }
    if (!reply) return std::unexpected(reply.error());
    if (reply->status / 100 != 2) return refusal(what, *reply);
    Json body = Json::parse(reply->body, nullptr, false);
    if (!body.is_object()) return unexpected_answer(what, *reply);
    return body;
  }

  static std::unexpected<Error> unexpected_answer(std::string_view what, const HttpReply& reply) {
    return fail(ErrorCode::data_loss,
                fmt::format("the answer to {} is none of a Graphistry server's: {}", what, words_of(reply)),
                "check --server");
  }

  Result<std::string> send_file(std::string_view name, const std::filesystem::path& file) {
    const std::string what = fmt::format("the {}", name);
    progress_(what, 0, 0);
    auto made = ask(create_file_call(target_, upload_.view, name), what, true);
    if (!made) return std::unexpected(made.error());
    if (!made->contains("file_id") || !(*made)["file_id"].is_string())
      return fail(ErrorCode::data_loss,
                  fmt::format("the server gave {} no file id: {}", what, dump(*made).substr(0, kShownBytes)),
                  "check --server");
    const std::string id = (*made)["file_id"].get<std::string>();
    auto sent = ask(upload_call(target_, id, file), what, true);
    if (!sent) return std::unexpected(sent.error());
    // A file that does not parse is answered with 200.
    if (sent->value("is_valid", false) && sent->value("is_uploaded", false)) return id;
    const std::string why = sent->contains("errors") ? dump((*sent)["errors"]) : dump(*sent);
    return fail(ErrorCode::invalid_argument,
                fmt::format("the server finds {} not valid: {}", what, why.substr(0, kShownBytes)),
                "this is a mistake of llamatelemetry or of the server: please report it");
  }

  Result<std::string> make_dataset(const std::string& edges, const std::string& nodes) {
    progress_("the view", 0, 0);
    auto made = ask(dataset_call(target_, upload_, edges, nodes), "the view", false);
    if (!made) return std::unexpected(made.error());
    const Json data = made->value("data", Json::object());
    if (made->value("success", false) && data.contains("dataset_id") && data["dataset_id"].is_string())
      return data["dataset_id"].get<std::string>();
    return fail(ErrorCode::invalid_argument,
                fmt::format("the server did not make a view: {}", dump(*made).substr(0, kShownBytes)));
  }

  // Until this is done, whoever has the address can see the view.
  Result<> share(const std::string& dataset_id) {
    progress_("who may see it", 0, 0);
    auto done = ask(share_call(target_, dataset_id), "who may see it", true);
    if (done && done->value("success", true) && done->value("status", "OK") == "OK") return {};
    const std::string why = done ? dump(*done).substr(0, kShownBytes) : done.error().to_string();
    return fail(done ? ErrorCode::permission_denied : done.error().code,
                fmt::format("the view is there, but could not be made {}: {}", target_.privacy, why),
                fmt::format("whoever has its address can see it: delete the dataset {} at {}", dataset_id,
                            target_.server));
  }

  const GraphistryTarget& target_;
  const GraphistryIdentity& identity_;
  const GraphistryUpload& upload_;
  const UploadProgress& progress_;
  HttpSession session_;
  std::string token_;
};

Json shown(const HttpCall& call, bool with_token) {
  Json headers = Json::array();
  for (const std::string& header : call.headers) {
    if (!header.ends_with(':')) headers.push_back(header);
  }
  if (with_token) headers.push_back("Authorization: Bearer {token}");
  Json entry = {{"method", call.method}, {"url", call.url}, {"headers", headers}};
  if (call.body_file) {
    entry["body_file"] = call.body_file->filename().string();
  } else {
    entry["body"] = Json::parse(call.body, nullptr, false);
  }
  return entry;
}

}  // namespace

Result<GraphistryView> upload_to_graphistry(const GraphistryTarget& target,
                                            const GraphistryIdentity& identity,
                                            const GraphistryUpload& upload,
                                            const UploadProgress& progress) try {
  return Upload(target, identity, upload, progress).run();
} catch (const nlohmann::json::exception& error) {
  return fail(ErrorCode::data_loss, fmt::format("the server's answer was not understood: {}", error.what()),
              "check --server");
}

Json graphistry_requests(const GraphistryTarget& target, bool by_key, const GraphistryUpload& upload) {
  GraphistryIdentity identity;
  if (by_key) {
    identity.key_id = "{key id}";
    identity.key_secret = "{key secret}";
  } else {
    identity.username = "{user}";
    identity.password = "{password}";
  }
  const std::string edges = "{file id of edges}", nodes = "{file id of nodes}";
  Json requests = Json::array();
  requests.push_back(shown(login_call(target, identity), false));
  requests.push_back(shown(create_file_call(target, upload.view, "edges"), true));
  requests.push_back(shown(upload_call(target, edges, upload.edges), true));
  requests.push_back(shown(create_file_call(target, upload.view, "nodes"), true));
  requests.push_back(shown(upload_call(target, nodes, upload.nodes), true));
  requests.push_back(shown(dataset_call(target, upload, edges, nodes), true));
  requests.push_back(shown(share_call(target, "{dataset id}"), true));
  return requests;
}

}  // namespace llt::views

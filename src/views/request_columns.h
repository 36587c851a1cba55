#pragma once
// The columns of `requests` that lists of requests carry: what a row and its phases need, without bodies.

#include <string_view>

namespace llt::views {

inline constexpr std::string_view kRequestColumns =
    "request_id, trace_id, start_unix_ns, route, operation, model, response_model, upstream, stream, "
    "http_status, "
    "error_type, error_message, total_ns, receive_ns, gateway_ns, connect_ns, queue_ns, prefill_ns, "
    "decode_ns, "
    "unattributed_ns, client_ns, ttft_ns, input_tokens, cached_tokens, output_tokens, finish_reason, slot, "
    "conversation_id";

}  // namespace llt::views

#pragma once
// A server-sent event stream on its way to the client: every event is read for telemetry, and what the
// gateway caused the server to add is taken out again. All other bytes pass as they came.
// Format: https://html.spec.whatwg.org/multipage/server-sent-events.html (lines may end in LF or CRLF).

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/answer.h"
#include "gateway/request_body.h"

namespace llt::gateway {

class EventStream {
 public:
  /// `max_held` bounds the memory for one event; a larger event passes unread and is counted as a loss.
  EventStream(AnswerReader& answer, Injected injected, std::size_t max_held)
      : answer_(answer), injected_(injected), max_held_(max_held) {}

  /// What one piece of the stream held.
  struct Seen {
    std::uint32_t content_events = 0;
    bool progress = false;
    bool error = false;
  };

  /// Appends to `out` what the client may see. Without injected members that is `bytes` at once; with them
  /// an event is held until its end has come.
  Seen feed(std::string_view bytes, std::string& out);

  /// The stream is over: gives out a last event that lacks its blank line.
  Seen finish(std::string& out);

  /// Where a stream broke off.
  struct Break {
    bool in_event = false;         ///< the server's bytes end inside an event
    bool client_in_event = false;  ///< so do the client's: a blank line must come before another event
  };
  /// The stream broke off: forgets a held half event.
  Break abandon();

 private:
  std::size_t event_end(std::size_t from) const noexcept;
  void take_event(std::size_t size, std::string& out, Seen& seen);
  std::string_view data_of(std::string_view event);
  void give_up_on_event(std::string& out);
  [[nodiscard]] bool holds() const noexcept { return injected_.any(); }

  AnswerReader& answer_;
  Injected injected_;
  std::size_t max_held_;
  std::string pending_;      ///< from the start of the current event
  std::size_t scanned_ = 0;  ///< no event ends before this offset of pending_
  std::string joined_;       ///< the data of an event with several data lines
  bool oversized_ = false;   ///< inside an event that grew beyond max_held_
};

}  // namespace llt::gateway

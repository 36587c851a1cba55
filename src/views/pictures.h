#pragma once
// What the pages Trace, Graph and Model ask for: answers that take work, kept between questions.

#include <stop_token>
#include <string>
#include <string_view>

#include "views/console.h"
#include "views/graph/graph_service.h"
#include "views/reply.h"
#include "views/router.h"
#include "views/target.h"
#include "views/trace/trace_cache.h"

namespace llt::views {

/// Thread-safe. Outlived by `sources`.
class Pictures {
 public:
  explicit Pictures(const Sources& sources) : sources_(sources), graphs_(sources) {}

  /// The answer of a route for which is_picture() holds. `stop` ends a graph's analysis; nothing else takes
  /// long.
  [[nodiscard]] Reply answer(const Route& route, const Target& target, std::string_view body,
                             std::stop_token stop);

  /// Whether the answer takes so little that it shall not wait for one that takes long.
  [[nodiscard]] bool is_soon(const Route& route, const Target& target);

  /// Makes the sketch of a trace that is about to be asked for.
  void expect_trace(const std::string& id);

 private:
  [[nodiscard]] Reply answer_for(const Route& route, const Target& target, std::string_view body,
                                 std::stop_token stop);

  const Sources& sources_;
  TraceCache traces_;
  GraphService graphs_;
};

[[nodiscard]] bool is_picture(Resource resource);
/// Whether it can take so long that it has to wait its turn, and can be given up.
[[nodiscard]] bool is_slow(Resource resource);

/// Gives a whole answer an ETag that follows from its bytes; 304 without a body when `if_none_match` names
/// it.
[[nodiscard]] Reply with_etag(Reply reply, std::string_view if_none_match);

}  // namespace llt::views

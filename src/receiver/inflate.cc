#include "receiver/inflate.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <memory>

namespace llt::receiver {
namespace {

struct End {
  void operator()(z_stream* stream) const { inflateEnd(stream); }
};

}  // namespace

Result<std::string> gunzip(std::string_view packed, std::size_t limit) {
  constexpr int kGzipOnly = 16 + MAX_WBITS;
  constexpr std::size_t kStep = 64 * 1024;
  z_stream stream{};
  if (inflateInit2(&stream, kGzipOnly) != Z_OK) {
    return fail(ErrorCode::resource_exhausted, "there is no memory to unpack the body");
  }
  const std::unique_ptr<z_stream, End> owner(&stream);
  // zlib does not write to what it reads; its interface is older than const.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string text;
  for (int status = Z_OK; status != Z_STREAM_END;) {
    const std::size_t had = text.size();
    if (had > limit) {
      return fail(ErrorCode::resource_exhausted,
                  fmt::format("the body is larger than {} bytes unpacked", limit),
                  "send fewer spans in one request");
    }
    text.resize(had + kStep);
    stream.next_out = reinterpret_cast<Bytef*>(text.data() + had);
    stream.avail_out = kStep;
    status = inflate(&stream, Z_NO_FLUSH);
    text.resize(had + kStep - stream.avail_out);
    const bool stuck = status == Z_BUF_ERROR || (stream.avail_in == 0 && stream.avail_out != 0);
    if (status != Z_STREAM_END && ((status != Z_OK && status != Z_BUF_ERROR) || stuck)) {
      return fail(ErrorCode::invalid_argument, "the body is not gzip, or cut off");
    }
  }
  return text;
}

}  // namespace llt::receiver

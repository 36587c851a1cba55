#include <array>
#include <cstring>

#include "gguf/test_files.h"

namespace llt::gguf::test {
namespace {

using Shape2 = std::array<std::uint64_t, 2>;

// A number as it lies in a little-endian file.
template <class Number>
std::string raw(Number value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

std::string begin(std::uint64_t tensors, std::uint64_t entries, std::uint32_t version = 3) {
  return "GGUF" + raw(version) + raw(tensors) + raw(entries);
}

std::string text(std::string_view value) { return raw(std::uint64_t{value.size()}) + std::string(value); }

std::string with_metadata(const Writes& more) {
  return make_file([&](HeaderWriter& head) { write_metadata(head), more(head); }, write_tensors);
}

std::string with_tensors(const Writes& more, long beyond = 0) {
  return make_file(
      write_metadata, [&](HeaderWriter& head) { write_tensors(head), more(head); }, beyond);
}

// The metadata of a model, but for the keys that `instead` writes.
std::string instead_of_shape(const Writes& instead) {
  return make_file(
      [&](HeaderWriter& head) {
        head.add_text("general.architecture", "llama");
        head.add_u32("general.quantization_version", 2);
        head.add_u32("llama.context_length", 128);
        head.add_u32("llama.embedding_length", 32);
        instead(head);
        write_vocabulary(head);
      },
      write_tensors);
}

// Values that cannot be read to their end.
void add_unreadable_values(std::vector<BrokenFile>& files) {
  const auto value = [](std::uint32_t type, std::string bytes) {
    return begin(0, 1) + text("k") + raw(type) + std::move(bytes);
  };
  const auto array = [](std::uint32_t element, std::uint64_t count) { return raw(element) + raw(count); };
  std::string nested;
  for (int i = 0; i < 40; ++i) nested += array(9, 1);
  files.push_back(
      {"value-type-unknown", value(13, "xxxxxxxx"), false, "the type of 'k' (metadata entry 1 of 1) is 13"});
  files.push_back({"text-length-huge", value(8, raw(~0ull)), false, "the length of the value of 'k'"});
  files.push_back({"value-missing", value(12, "1234"), false, "the value of 'k'"});
  files.push_back({"array-count-huge", value(9, array(0, 1ull << 62)), false, "elements, but only"});
  files.push_back({"array-bytes-overflow", value(9, array(12, (1ull << 61) + 1) + "12345678"), false,
                   "elements, but only"});
  files.push_back({"array-of-texts-huge", value(9, array(8, 1ull << 40)), false, "elements, but only"});
  files.push_back(
      {"array-of-texts-cut", value(9, array(8, 2) + text("abcdefgh") + "1234"), false, "the value of 'k'"});
  files.push_back({"array-type-unknown", value(9, array(99, 1) + "x"), false, "an array of type 99"});
  files.push_back({"array-nested-deep", value(9, nested + std::string(64, '\0')), false, "nests arrays"});
}

// Heads that cannot be read to their end.
void add_unreadable(std::vector<BrokenFile>& files) {
  const std::string good = good_file();
  files.push_back({"empty", "", false, "is empty"});
  files.push_back({"text", "Once upon a time there was a model.\n", false, "this is text"});
  files.push_back({"web-page", "<!DOCTYPE html><html>", false, "web page"});
  files.push_back({"lfs-pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", false,
                   "Git LFS"});
  files.push_back({"ggml-of-2023", "tjgg\x03" + std::string(64, '\0'), false, "before August 2023"});
  files.push_back({"safetensors", raw(std::uint64_t{64}) + "{\"__metadata__\"", false, "safetensors"});
  files.push_back({"zip", "PK\x03\x04 ....", false, "PyTorch"});
  files.push_back({"noise", "\x01\x02\x03\x04\x05\x06", false, "the magic is 01 02 03 04"});
  files.push_back({"magic-cut", "GG", false, "the magic needs 4 bytes"});
  files.push_back(
      {"version-cut", "GGUF\x03", false, "byte 4: the file is truncated: the version needs 4 bytes"});
  files.push_back({"version-1", begin(0, 0, 1), false, "the version is 1"});
  files.push_back({"version-9", begin(0, 0, 9), false, "the version is 9"});
  files.push_back({"version-0", begin(0, 0, 0), false, "the version is 0"});
  files.push_back({"tensor-count-huge", begin(~0ull, 0) + std::string(99, '\0'), false,
                   "more than the 107 bytes that follow can hold"});
  files.push_back({"entry-count-huge", begin(0, 1ull << 60) + std::string(99, '\0'), false,
                   "more than the 99 bytes that follow can hold"});
  files.push_back({"key-length-huge", begin(0, 1) + raw(1ull << 63) + std::string(99, 'k'), false,
                   "the length of the key"});
  files.push_back({"key-empty", begin(0, 2) + std::string(99, '\0'), false,
                   "byte 24: the key of metadata entry 1 of 2 is empty"});
  files.push_back({"tensor-name-empty", begin(1, 0) + std::string(99, '\0'), false,
                   "the name of tensor 1 of 1 is empty"});
  files.push_back({"five-dimensions", begin(1, 0) + text("t") + raw(5u) + std::string(99, '\1'), false,
                   "has 5 dimensions"});
  files.push_back({"dimensions-huge", begin(1, 0) + text("t") + raw(~0u) + std::string(99, '\1'), false,
                   "4294967295 dimensions"});
  files.push_back({"cut-in-metadata", good.substr(0, 450), false, "truncated"});
  files.push_back({"big-endian-cut", good_file(ByteOrder::big).substr(0, 430), false, "truncated"});
  add_unreadable_values(files);
}

void add_bad_tensors(std::vector<BrokenFile>& files) {
  const auto tensor_at = [](std::string_view name, TensorTypeId type, const Shape2& shape,
                            std::uint64_t offset) {
    return with_tensors([=](HeaderWriter& head) { head.add_tensor_at(name, type, shape, offset); });
  };
  files.push_back({"type-unknown", tensor_at("t", 77, {32, 1}, 896), true, "unknown-type: its type 77"});
  files.push_back(
      {"type-removed", tensor_at("t", 31, {32, 1}, 896), true, "removed-type: its type q4_0_4_4"});
  files.push_back(
      {"row-of-half-blocks", tensor_at("t", 2, {33, 1}, 896), true, "block-size: its rows of 33"});
  files.push_back(
      {"shape-overflow", tensor_at("t", 0, {1ull << 40, 1ull << 40}, 896), true, "overflow: its shape"});
  files.push_back({"bytes-overflow", tensor_at("t", 28, {1ull << 61, 1}, 896), true, "overflow: its data"});
  files.push_back({"offset-misaligned", tensor_at("t", 24, {1, 1}, 897), true, "misaligned: its offset 897"});
  files.push_back(
      {"offset-overlaps", tensor_at("t", 24, {32, 1}, 0), true, "overlap: its data begins at offset 0"});
  files.push_back(
      {"offset-behind-gap", tensor_at("t", 24, {0, 1}, 928), true, "gap: its data begins at offset 928, 64"});
  files.push_back(
      {"offset-out-of-range", tensor_at("t", 24, {32, 1}, 1 << 20), true, "out-of-range: its data"});
  files.push_back({"offset-overflow", tensor_at("t", 24, {32, 1}, ~0ull - 31), true, "beyond 2^64"});
  files.push_back(
      {"tensor-twice", tensor_at("output_norm.weight", 24, {32, 1}, 896), true, "duplicate: another tensor"});
  files.push_back({"tensor-name-long", tensor_at(std::string(64, 'n'), 24, {32, 1}, 896), true,
                   "name-too-long: its name has 64"});
  files.push_back(
      {"tensor-name-bad-utf8", tensor_at("t\xC0\x80", 24, {32, 1}, 896), true, "bad-utf8: its name"});
  files.push_back({"block-beyond", tensor_at("blk.7.attn_q.weight", 24, {32, 1}, 896), true, "extra-block"});
  files.push_back({"tensor-empty", tensor_at("t", 24, {0, 1}, 864), true, "empty: its shape"});
  files.push_back({"tensors-unordered",
                   with_tensors(
                       [](HeaderWriter& head) {
                         head.add_tensor_at("later", 24, Shape2{32, 1}, 896);
                         head.add_tensor_at("earlier", 24, Shape2{32, 1}, 864);
                       },
                       64),
                   true, "unordered: its data"});
  files.push_back({"data-cut", with_tensors([](HeaderWriter&) {}, -1), true, "out-of-range"});
  files.push_back({"data-missing", with_tensors([](HeaderWriter&) {}, -864), true, "out-of-range"});
  files.push_back({"bytes-behind", with_tensors([](HeaderWriter&) {}, 77), true, "trailing: 77 bytes"});
}

void add_bad_metadata(std::vector<BrokenFile>& files) {
  files.push_back({"key-twice", with_metadata([](HeaderWriter& h) { h.add_text("general.name", "again"); }),
                   true, "duplicate: the key"});
  files.push_back({"key-bad-utf8", with_metadata([](HeaderWriter& h) { h.add_u32("k\xFF", 1); }), true,
                   "bad-utf8: the key"});
  files.push_back({"text-bad-utf8", with_metadata([](HeaderWriter& h) { h.add_text("k", "ab\xED\xA0\x80"); }),
                   true, "bad-utf8: the text is no valid UTF-8 at byte 2"});
  files.push_back({"alignment-0", with_metadata([](HeaderWriter& h) { h.add_u32("general.alignment", 0); }),
                   true, "alignment: 0"});
  files.push_back({"alignment-48", with_metadata([](HeaderWriter& h) { h.add_u32("general.alignment", 48); }),
                   true, "alignment: 48"});
  files.push_back({"alignment-text",
                   with_metadata([](HeaderWriter& h) { h.add_text("general.alignment", "32"); }), true,
                   "alignment: it is of type string"});
  files.push_back({"split-short", with_metadata([](HeaderWriter& h) { h.add_i32("split.tensors.count", 9); }),
                   true, "split: it says 9 tensors"});
  files.push_back(
      {"quantisation-version-missing",
       make_file([](HeaderWriter& h) { h.add_text("general.architecture", "clip"); }, write_tensors), true,
       "quantisation: the key is missing"});
  files.push_back({"architecture-missing", make_file(write_vocabulary, write_tensors), true,
                   "required: the key is missing"});
  files.push_back({"block-count-missing", instead_of_shape([](HeaderWriter&) {}), true,
                   "required: the key is missing or no number"});
  files.push_back({"block-count-huge",
                   instead_of_shape([](HeaderWriter& h) { h.add_u32("llama.block_count", ~0u); }), true,
                   "block-count: 4294967295"});
  files.push_back({"heads-of-other-blocks", instead_of_shape([](HeaderWriter& h) {
                     h.add_u32("llama.block_count", 1);
                     h.add_u32s("llama.attention.head_count", std::array<std::uint32_t, 3>{4, 4, 4});
                   }),
                   true, "per-block: the array has 3 values for 1"});
  files.push_back({"block-missing",
                   instead_of_shape([](HeaderWriter& h) { h.add_u32("llama.block_count", 3); }), true,
                   "missing-block: 2 of 3"});
  files.push_back({"token-beyond",
                   with_metadata([](HeaderWriter& h) { h.add_u32("tokenizer.ggml.eot_token_id", 4); }), true,
                   "token-id: the eot token is number 4"});
  files.push_back({"merge-bad-utf8", with_metadata([](HeaderWriter& h) {
                     h.add_texts("tokenizer.ggml.merges", std::vector<std::string>{"a b", "\x80"});
                   }),
                   true, "bad-utf8: 1 entries"});
  files.push_back({"scores-short",
                   make_file(
                       [](HeaderWriter& h) {
                         h.add_f32s("tokenizer.ggml.scores", std::array<float, 1>{0});
                         write_metadata(h);
                       },
                       write_tensors),
                   true, "vocabulary: it has 1 entries for 4 tokens"});
  files.push_back({"tokens-are-numbers",
                   make_file(
                       [](HeaderWriter& h) {
                         h.add_u32s("tokenizer.ggml.tokens", std::array<std::uint32_t, 4>{1, 2, 3, 4});
                         write_metadata(h);
                       },
                       write_tensors),
                   true, "vocabulary: it is no list of texts"});
}

}  // namespace

std::vector<BrokenFile> broken_files() {
  std::vector<BrokenFile> files;
  add_unreadable(files);
  add_bad_tensors(files);
  add_bad_metadata(files);
  return files;
}

}  // namespace llt::gguf::test

#include "analytics/text/sentences.h"

#include <algorithm>
#include <array>

namespace llt::analytics {
namespace {

constexpr std::string_view kBlank = " \t\r\n\v\f";
constexpr auto kAbbreviations =
    std::to_array<std::string_view>({"Dr", "Mr", "Mrs", "Ms", "Prof", "St", "Jr", "Sr", "vs", "etc", "e.g",
                                     "i.e", "cf", "Fig", "No", "approx", "Inc", "Ltd"});

bool is_blank(char c) { return kBlank.find(c) != std::string_view::npos; }
bool ends_sentence(char c) { return c == '.' || c == '!' || c == '?'; }
bool closes(char c) { return c == '"' || c == '\'' || c == ')' || c == ']'; }

// The word that ends before `end`.
std::string_view word_before(std::string_view text, std::size_t end) {
  std::size_t begin = end;
  while (begin > 0 && !is_blank(text[begin - 1]) && text[begin - 1] != '(') --begin;
  return text.substr(begin, end - begin);
}

bool is_abbreviation(std::string_view word) {
  const bool initial = word.size() == 1 && word.front() >= 'A' && word.front() <= 'Z';
  return initial || std::ranges::find(kAbbreviations, word) != kAbbreviations.end();
}

// Whether the sentence ends at `at`; then `end` is behind it.
bool ends_at(std::string_view text, std::size_t at, std::size_t& end) {
  if (text[at] == '\n') {
    const std::size_t next = text.find_first_not_of(" \t\r", at + 1);
    end = at;
    return next != std::string_view::npos && text[next] == '\n';
  }
  if (!ends_sentence(text[at])) return false;
  end = at + 1;
  while (end < text.size() && (ends_sentence(text[end]) || closes(text[end]))) ++end;
  if (end < text.size() && !is_blank(text[end])) return false;
  if (text[at] == '.' && is_abbreviation(word_before(text, at))) return false;
  const std::size_t next = text.find_first_not_of(kBlank, end);
  return next == std::string_view::npos || !(text[next] >= 'a' && text[next] <= 'z');
}

std::string tidy_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (!is_blank(c))
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

// Where to cut a text that is too long: at the last blank, and never inside a character.
std::size_t cut_of(std::string_view text, std::size_t longest) {
  const std::size_t blank = text.rfind(' ', longest);
  if (blank != std::string_view::npos && blank > 0) return blank;
  std::size_t cut = longest;
  while (cut > 1 && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80U) --cut;
  return cut;
}

void add(std::string_view text, std::size_t longest, std::vector<std::string>& sentences) {
  const std::string whole = tidy_text(text);
  std::string_view left = whole;
  while (left.size() > longest) {
    const std::size_t cut = cut_of(left, longest);
    sentences.emplace_back(left.substr(0, cut));
    left.remove_prefix(cut);
    while (left.starts_with(' ')) left.remove_prefix(1);
  }
  if (!left.empty()) sentences.emplace_back(left);
}

}  // namespace

std::vector<std::string> sentences_of(std::string_view text, std::size_t longest) {
  std::vector<std::string> sentences;
  std::size_t begin = 0, end = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!ends_at(text, at, end)) continue;
    add(text.substr(begin, end - begin), longest, sentences);
    begin = end;
    at = std::max(at + 1, end) - 1;
  }
  add(text.substr(begin), longest, sentences);
  return sentences;
}

}  // namespace llt::analytics

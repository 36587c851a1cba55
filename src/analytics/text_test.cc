#include <gtest/gtest.h>

#include "analytics/group_names.h"
#include "analytics/text/facts.h"
#include "analytics/text/sentences.h"
#include "analytics/why.h"

namespace llt::analytics {
namespace {

using Texts = std::vector<std::string>;

TEST(Sentences, EndWhereReadersEndThem) {
  EXPECT_EQ(sentences_of("One. Two! \"Three?\" Four", 100), (Texts{"One.", "Two!", "\"Three?\"", "Four"}));
  EXPECT_EQ(sentences_of("Dr. Who met J. Smith, e.g. at 3.5 km. Then he left.", 100),
            (Texts{"Dr. Who met J. Smith, e.g. at 3.5 km.", "Then he left."}));
  EXPECT_EQ(sentences_of("a line\nthat goes on\n\nanother", 100), (Texts{"a line that goes on", "another"}));
  EXPECT_EQ(sentences_of(" \n ", 100), Texts());
  EXPECT_EQ(sentences_of("\n\nOne.", 100), Texts{"One."});
  EXPECT_EQ(sentences_of("aaaa bbbb cccc", 9), (Texts{"aaaa bbbb", "cccc"}));
  EXPECT_EQ(sentences_of("äöü", 3), (Texts{"ä", "ö", "ü"}));
}

TEST(NamingWords, LeaveOutWhatIsEverywhere) {
  EXPECT_EQ(naming_words("The GPU's memory (of 80 GB), and /v1/chat/completions!"),
            (Texts{"/v1/chat/completions", "gpu", "memory"}));
}

TEST(GroupNames, AreWhatMembersShareAndOthersDoNot) {
  Outcome outcome;
  outcome.groups = {0, 0, 0, 1, 1, 2};
  outcome.group_count = 3;
  const Texts words{"red apple", "red pear", "red plum", "blue apple", "blue sky", "lonely"};
  const auto names = name_groups(outcome, 5, [&](Vertex v) { return words[v]; });
  ASSERT_EQ(names.size(), 2u);
  EXPECT_EQ(names[0].terms.front(), "red");
  EXPECT_EQ(names[0].inside, 1);
  EXPECT_EQ(names[0].elsewhere, 0);
  EXPECT_EQ(names[1].terms.front(), "blue");
}

TEST(Facts, OfTheSameThingMeetInOneVertex) {
  const Texts sentences{"The Acme company sells anvils.", "ACME  hires Bert."};
  const auto facts = parse_facts(
      R"({"entities":[{"name":"Acme company","type":"organisation"}],"relations":[
          {"sentence":1,"source":"The Acme Company","relation":"sells","target":"anvils"},
          {"sentence":2,"source":"acme","relation":"hires","target":"Bert"},
          {"sentence":2,"source":"Bert","relation":"is","target":"bert"},
          {"sentence":2,"source":"Mars","relation":"orbits","target":"Bert"}]})",
      sentences, "d");
  ASSERT_TRUE(facts) << facts.error().message;
  const DescribedGraph graph = facts_graph(*facts, false);
  EXPECT_EQ(graph.graph.edges.size(), 2u);
  EXPECT_EQ(graph.edge_notes[1].sentence, sentences[1]);
  EXPECT_EQ(graph.labels[0], "The Acme Company (organisation)");
  EXPECT_EQ(graph.notes.size(), 3u);
  EXPECT_FALSE(parse_facts(R"({"entities":[],"relations":[{"sentence":3}]})", sentences, "d"));
  EXPECT_FALSE(parse_facts("{", sentences, "d"));
}

TEST(Why, SaysWhatFallsApart) {
  EdgeList star;
  star.vertices = 5;
  for (Vertex v = 1; v < 4; ++v) star.add(0, v);
  EXPECT_EQ(parts_without(star, 0), (std::vector<Vertex>{1, 1, 1}));
  EXPECT_EQ(parts_without(star, 0, 1), (std::vector<Vertex>{3, 1}));
  star.add(1, 2);
  EXPECT_EQ(parts_without(star, 0), (std::vector<Vertex>{2, 1}));
  EXPECT_EQ(neighbours_of(star, 1), (std::vector<Vertex>{0, 2}));
  const std::vector<double> values{1, 5, 2, 3, 9};
  EXPECT_EQ(strongest_givers(star, values, 2, true, 3), (std::vector<Vertex>{1, 0}));
  EXPECT_EQ(strongest_givers(star, values, 0, false, 2), (std::vector<Vertex>{1, 3}));
}

}  // namespace
}  // namespace llt::analytics

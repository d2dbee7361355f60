// The members of two structs or unions and the enumerators of two enums: which are the same, where they lie,
// what was added. Part of comparing types (type_compare.h); the members' own types are compared there.
#pragma once

#include "relink/compat/type_graph.h"

#include <string>
#include <utility>
#include <vector>

namespace romlink::relink {

/// What a type is called in a path.
struct MemberTitles {
  std::string type;   ///< "struct s", "enum color"
  std::string member; ///< "s" in "s.a", "enum color" in "enum color.BLUE"
};

struct FieldDifference {
  std::string path; ///< empty: nothing breaks
  std::vector<std::string> notes;
};

struct MemberComparison {
  std::string path;
  std::vector<std::string> notes;
  std::vector<std::pair<const TypeField*, const TypeField*>> pairs; ///< whose types are still to be compared
};

struct Record {
  const TypeGraph& graph;
  const TypeNode& node;
};

/// ".a"; "" for a member without a name.
[[nodiscard]] std::string memberTitle(const TypeField& field);

[[nodiscard]] MemberComparison compareMembers(const MemberTitles& titles, const Record& rom,
                                              const Record& firmware);

/// An enumerator that one side has besides breaks nothing if it lies beyond all values of the other side.
[[nodiscard]] FieldDifference compareEnumerators(const MemberTitles& titles, const TypeNode& rom,
                                                 const TypeNode& firmware);

} // namespace romlink::relink

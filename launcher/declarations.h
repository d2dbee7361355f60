// The declarations of file scope of a C translation unit, as groups of tokens: what lies between two
// semicolons, or a function with its body. Each token of the text is in one group; a pragma that concerns
// everything is one of its own.
#pragma once

#include "base/digest.h"
#include "launcher/meaning.h"

#include <set>
#include <string>
#include <vector>

namespace romlink::launcher {

struct Group {
  std::vector<std::string>
      names; ///< of file scope that it declares: typedefs, tags, enumerators, functions, objects, labels
  std::vector<std::string> references; ///< identifiers that it mentions, each once, sorted
  Digest digest;                       ///< of its tokens, the pragmas in force, and the layout of its types
  std::string rank; ///< of a typedef of an arithmetic type: which it is; the digest has its size and sign
  /// Whatever the unit defines may depend on it: file-scope asm, a parse error, a function that compilers
  /// call without being told to.
  bool ofEverything = false;
  /// It has a static object that may be written: at file scope, in a body, or a compound literal.
  bool hasState = false;
  bool unstable = false; ///< compilers may read something in it each in its own way
  bool floatingPoint = false;
  bool ints = false;        ///< it accesses memory as int (type_uses.h)
  bool longs = false;       ///< as long
  bool bitFields = false;   ///< whose types gcc and clang make in their own ways (type_uses.h)
  bool enumeration = false; ///< declared in a body
  bool wideText = false;
  bool assembler = false;
};

struct Declarations {
  struct Defined {
    std::string name;   ///< in the source
    std::string symbol; ///< in the object
    std::string within; ///< of a static object in a body: its function
    bool function = false;
  };
  std::vector<Group> groups;
  std::vector<Defined> defined; ///< in the order of the text
  std::vector<std::string> included;
};

/// Malformed: clang does not take the text at all. Refused: it has something that makes all tokens doubtful.
Result<Declarations> readDeclarations(const std::string& text, const Meaning& meaning);

} // namespace romlink::launcher

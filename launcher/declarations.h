// The declarations of file scope of a C translation unit, as groups of tokens: what lies between two
// semicolons, or a function with its body. Each token of the text is in one group.
#pragma once

#include "base/digest.h"
#include "launcher/meaning.h"

#include <set>
#include <string>
#include <vector>

namespace romlink::launcher {

struct Group {
  std::vector<std::string>
      names; ///< of file scope that it declares: typedefs, tags, enumerators, functions, objects
  std::vector<std::string> references; ///< identifiers that it mentions, each once, in their order
  Digest digest;                       ///< of its tokens and the layout of its types
  bool ofEverything = false; ///< whatever the unit defines may depend on it: file-scope asm, a parse error
  bool unstable = false;     ///< compilers answer something in it each in its own way
  bool floatingPoint = false;
  bool enumeration = false; ///< declared in a body
  bool wideText = false;
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
  Digest pragmas;
  std::vector<std::string> included;
};

/// Malformed: clang does not take the text at all.
Result<Declarations> readDeclarations(const std::string& text, const Meaning& meaning);

} // namespace romlink::launcher

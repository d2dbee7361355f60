// Fingerprints of the source of each function and object that a translation unit defines.
//
// Definition: two functions have one fingerprint if their definitions are the same tokens, if so are all
// declarations of file scope that those tokens name, and all that these name, and so on, and if the meaning
// of the language is the same (launcher/meaning.h). In C a name means a declaration of its scope or of file
// scope, and there is no other way to reach one; so names that a local variable or member happens to share
// bring in a declaration too many and never one too few. A callee or constant of the same unit is thus in the
// fingerprint with its definition, whether the compiler inlines it or not; one of another unit with its
// prototype.
//
//   static int twice(int x) { return 2 * x; }       the fingerprint of f covers f, twice, g's prototype
//   int g(int);
//   int f(int x) { return g(twice(x)); }
//
// The text is divided by clang's parser: it says where function bodies end, which names a declaration
// makes, how large types are, and as what memory is accessed. Declarations that it cannot parse belong to
// every fingerprint of the unit; what it does not understand inside of a body does no harm, since the tokens
// are there.
//
//   - A typedef of an arithmetic type counts by kind, size and sign: newlib's uint32_t is `unsigned long` to
//   gcc and
//     `unsigned int` to clang, both of 4 bytes. Where memory is accessed as both int and long, which of them
//     it is counts, too, unless -fno-strict-aliasing (type_uses.h).
//   - A structure counts with its size and offsets besides its tokens, an enumeration with its size.
//   - Whatever leads to a static variable that may be written counts where that is used: a compiler may know
//   all that is stored in it.
//   - Where a name has several declarations, it counts which of them stand before its use.
//   - What is not known to mean the same to gcc and clang (vocabulary.h) leaves what uses it without a
//   fingerprint.
//
// Limits: C only. What is the same in C under other words (a macro that the headers of two compilers define
// differently) has two fingerprints, which costs sharing and never correctness.
#pragma once

#include "base/digest.h"
#include "launcher/meaning.h"

#include <string>
#include <vector>

namespace romlink::launcher {

struct Definition {
  std::string symbol; ///< of a static object of a function: the object's own name
  std::string within; ///< the function that a static object belongs to; else empty
  bool function = false;
  Digest digest; ///< zero: none can be made
};

struct Unit {
  std::vector<Definition> definitions; ///< in the order of the text
  std::vector<std::string> included;   ///< files that the text is made of
};

/// `text`: the preprocessed source. Malformed: clang cannot parse any of it.
Result<Unit> readUnit(const std::string& text, const Meaning& meaning);

} // namespace romlink::launcher

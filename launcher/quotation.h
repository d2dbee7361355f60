// Follows tokens into asm and attributes, where strings name things and names are attributes.
#pragma once

#include "launcher/tokens.h"

#include <string>

namespace romlink::launcher {

class Quotation {
public:
  enum class Of { Nothing, Assembler, Attribute, BracketAttribute };

  /// Goes on to the token. `next` is the one after it.
  void take(const SourceToken& token, const SourceToken* next);

  /// What the token is part of; the word that begins an asm or attribute is not.
  [[nodiscard]] Of of() const { return inside_ ? of_ : Of::Nothing; }
  /// Is the token the name of an attribute?
  [[nodiscard]] bool isAttributeName() const { return isName_; }

private:
  void leaveOrEnter(const SourceToken& token);

  Of of_ = Of::Nothing;
  int depth_ = 0;    ///< of parentheses
  int brackets_ = 0; ///< of a [[attribute]]
  bool inside_ = false;
  bool isName_ = false;
};

} // namespace romlink::launcher

#include "launcher/quotation.h"

namespace romlink::launcher {

namespace tok = clang::tok;

void Quotation::take(const SourceToken& token, const SourceToken* next) {
  isName_ = false;
  if (of_ == Of::Nothing) {
    inside_ = false;
    if (token.kind == tok::kw_asm)
      of_ = Of::Assembler;
    else if (token.kind == tok::kw___attribute)
      of_ = Of::Attribute;
    else if (token.kind == tok::l_square && next != nullptr && next->kind == tok::l_square)
      of_ = Of::BracketAttribute;
    else
      return;
    brackets_ = of_ == Of::BracketAttribute ? 1 : 0;
    depth_ = 0;
    return;
  }
  leaveOrEnter(token);
  const bool isWord = token.kind == tok::identifier || tok::getKeywordSpelling(token.kind) != nullptr;
  const bool atNames = (of_ == Of::Attribute && depth_ == 2) || (of_ == Of::BracketAttribute && depth_ == 0);
  isName_ = isWord && inside_ && atNames;
}

void Quotation::leaveOrEnter(const SourceToken& token) {
  const bool wasInside = inside_;
  if (token.kind == tok::l_paren)
    ++depth_;
  else if (token.kind == tok::r_paren)
    --depth_;
  else if (of_ == Of::BracketAttribute && depth_ == 0 && token.kind == tok::l_square)
    ++brackets_;
  else if (of_ == Of::BracketAttribute && depth_ == 0 && token.kind == tok::r_square)
    --brackets_;
  inside_ = of_ == Of::BracketAttribute ? brackets_ > 0 : depth_ > 0;
  if (wasInside && !inside_)
    of_ = Of::Nothing;
}

} // namespace romlink::launcher

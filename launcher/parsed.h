// What clang's parser tells of a preprocessed C source: names of file scope with their places, function
// bodies, and where it does not understand the text. Places are offsets in the text.
#pragma once

#include "base/error.h"
#include "launcher/meaning.h"

#include <clang/AST/ASTContext.h>
#include <clang/AST/Decl.h>
#include <clang/Frontend/ASTUnit.h>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace romlink::launcher {

struct Range {
  std::uint32_t begin = 0;
  std::uint32_t end = 0; ///< of the last token
  [[nodiscard]] bool contains(std::uint32_t at) const { return begin <= at && at <= end; }
};

class Parsed {
public:
  struct Name {
    const clang::NamedDecl* declaration;
    std::uint32_t place;
  };

  /// `text`: without directives (tokens.h). Malformed: clang does not take it, or gives up in the middle.
  static Result<Parsed> parse(const std::string& text, const Meaning& meaning);

  [[nodiscard]] const Range* bodyAround(std::uint32_t place) const;
  [[nodiscard]] clang::ASTContext& context() const { return unit_->getASTContext(); }
  [[nodiscard]] const clang::LangOptions& language() const { return unit_->getLangOpts(); }

  std::vector<Name> names;
  std::vector<Range> bodies;    ///< of function definitions, by place
  std::vector<Range> functions; ///< their definitions as a whole, by place
  std::vector<std::uint32_t> fileScopeAsm;
  std::vector<std::uint32_t> errors;

private:
  Parsed(std::unique_ptr<clang::ASTUnit> unit, std::vector<std::uint32_t> errors);
  [[nodiscard]] std::optional<std::uint32_t> placeOf(clang::SourceLocation location) const;
  void findBody(const clang::Decl& declaration);
  void take(const clang::Decl& declaration);

  std::unique_ptr<clang::ASTUnit> unit_;
};

} // namespace romlink::launcher

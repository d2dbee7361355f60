#include "launcher/declarations.h"

#include "launcher/parsed.h"
#include "launcher/quotation.h"
#include "launcher/tokens.h"
#include "launcher/type_uses.h"
#include "launcher/vocabulary.h"

#include <algorithm>
#include <clang/AST/Attr.h>
#include <fmt/format.h>

namespace romlink::launcher {
namespace {

namespace tok = clang::tok;

std::string symbolOf(const clang::NamedDecl& declaration) {
  if (const auto* label = declaration.getAttr<clang::AsmLabelAttr>())
    return label->getLabel().str();
  return declaration.getNameAsString();
}

/// The pragmas in force, as the text goes on.
class PragmaState {
public:
  void take(const std::string& pragma) {
    switch (meaningOfPragma(pragma)) {
    case PragmaMeaning::Text:
      return takeText(pragma);
    case PragmaMeaning::Push:
      return saved_.push_back(options_);
    case PragmaMeaning::Pop:
      unstable_ |= saved_.empty();
      options_ = !saved_.empty() && saved_.back();
      return saved_.empty() ? void() : saved_.pop_back();
    case PragmaMeaning::Options:
      options_ = true;
      return;
    case PragmaMeaning::Unstable:
      unstable_ = true;
      return;
    case PragmaMeaning::None:
    case PragmaMeaning::Everything:
      return;
    }
  }

  [[nodiscard]] bool isUnstable() const { return options_ || unstable_; }
  [[nodiscard]] const std::vector<std::string>& texts() const { return texts_; }

private:
  /// What is pushed and popped again is gone.
  void takeText(const std::string& pragma) {
    for (const auto& [push, pop] :
         {std::pair<std::string_view, std::string_view>{"pack ( push", "pack ( pop )"},
          {"GCC visibility push", "GCC visibility pop"}})
      if (pragma == pop && !texts_.empty() && texts_.back().starts_with(push))
        return texts_.pop_back();
    texts_.push_back(pragma);
  }

  std::vector<std::string> texts_;
  std::vector<bool> saved_;
  bool options_ = false; ///< gcc obeys other options
  bool unstable_ = false;
};

/// Divides the tokens, and tells of each group what clang knows of it.
class Grouping {
public:
  Grouping(const TokenList& list, const Parsed& parsed, const Meaning& meaning)
      : list_(list), parsed_(parsed), meaning_(meaning) {
    divide();
    for (const std::uint32_t error : parsed.errors) {
      Group& group = groupAt(error);
      group.ofEverything |= parsed.bodyAround(error) == nullptr;
      group.ints = group.longs = group.floatingPoint = group.bitFields = true;
      details_[indexAt(error)].hasError = true;
    }
    for (const std::uint32_t place : parsed.fileScopeAsm)
      groupAt(place).ofEverything = true;
    for (const Parsed::Name& name : parsed.names)
      declare(name);
    PragmaState pragmas;
    for (std::size_t i = 0; i < groups_.size(); ++i) {
      const std::string text = pragmasOf(i, pragmas);
      describe(i, text);
    }
    for (const Pragma& pragma : list.pragmas)
      if (meaningOfPragma(pragma.text) == PragmaMeaning::Everything)
        groups_.push_back(groupOf(pragma));
  }

  std::vector<Group> take() { return std::move(groups_); }

private:
  void divide() {
    int depth = 0;
    std::size_t function = 0; // of parsed_.functions: the first that does not end before the token
    begins_.push_back(0);
    for (std::size_t i = 0; i < list_.tokens.size(); ++i) {
      const SourceToken& token = list_.tokens[i];
      depth +=
          token.kind == tok::l_brace || token.kind == tok::l_paren || token.kind == tok::l_square ? 1 : 0;
      depth -=
          token.kind == tok::r_brace || token.kind == tok::r_paren || token.kind == tok::r_square ? 1 : 0;
      while (function < parsed_.functions.size() && parsed_.functions[function].end < token.offset)
        ++function;
      const bool inFunction =
          function < parsed_.functions.size() && parsed_.functions[function].contains(token.offset);
      const bool ends =
          inFunction ? parsed_.functions[function].end == token.offset : token.kind == tok::semi;
      if (depth == 0 && ends && i + 1 < list_.tokens.size())
        begins_.push_back(i + 1);
    }
    groups_.resize(begins_.size());
    details_.resize(begins_.size());
  }

  [[nodiscard]] std::size_t indexAt(std::uint32_t place) const {
    const auto after =
        std::upper_bound(begins_.begin(), begins_.end(), place, [&](std::uint32_t p, std::size_t token) {
          return token < list_.tokens.size() && p < list_.tokens[token].offset;
        });
    return after == begins_.begin() ? 0 : static_cast<std::size_t>(after - begins_.begin()) - 1;
  }
  Group& groupAt(std::uint32_t place) { return groups_[indexAt(place)]; }

  void declare(const Parsed::Name& name) {
    const std::size_t index = indexAt(name.place);
    Group& group = groups_[index];
    if (const auto* identifier = name.declaration->getIdentifier()) {
      group.names.push_back(identifier->getName().str());
      if (const std::string symbol = symbolOf(*name.declaration); symbol != group.names.back())
        group.names.push_back(symbol);
    }
    const auto hasState = [&](const clang::Decl* declaration) {
      const auto* object = llvm::dyn_cast<clang::VarDecl>(declaration);
      return object != nullptr && !object->getType().isConstant(parsed_.context()) &&
             (object->isStaticLocal() || object->getFormalLinkage() == clang::Linkage::Internal);
    };
    group.hasState |= hasState(name.declaration);
    if (const auto* function = llvm::dyn_cast<clang::FunctionDecl>(name.declaration);
        function != nullptr && function->doesThisDeclarationHaveABody()) {
      group.ofEverything |= isOfLibrary(symbolOf(*function));
      group.hasState |= std::any_of(function->decls_begin(), function->decls_end(), hasState);
    }
    details_[index].declarations.push_back(name.declaration);
  }

  /// The pragmas in force at the group, and in it. Makes the group unstable if one is not understood.
  std::string pragmasOf(std::size_t index, PragmaState& state) {
    std::string text;
    Group& group = groups_[index];
    const std::size_t end = endOf(index);
    const bool isEmpty = end == begins_[index];
    group.unstable |= state.isUnstable();
    const auto last = isEmpty ? 0 : list_.tokens[end - 1].offset;
    for (; pragma_ < list_.pragmas.size() && list_.pragmas[pragma_].offset < last; ++pragma_) {
      const Pragma& pragma = list_.pragmas[pragma_];
      const auto token =
          std::lower_bound(list_.tokens.begin() + static_cast<std::ptrdiff_t>(begins_[index]),
                           list_.tokens.begin() + static_cast<std::ptrdiff_t>(end), pragma.offset,
                           [](const SourceToken& t, std::uint32_t offset) { return t.offset < offset; });
      const auto at = static_cast<std::size_t>(token - list_.tokens.begin()) - begins_[index];
      state.take(pragma.text);
      if (at == 0)
        group.unstable = state.isUnstable(); // it stands before the group
      else
        group.unstable |= state.isUnstable();
      if (at != 0 && meaningOfPragma(pragma.text) != PragmaMeaning::None)
        text += fmt::format("{} #pragma {}\n", at, pragma.text);
    }
    for (const std::string& inForce : state.texts())
      text += "#pragma " + inForce + '\n';
    return text;
  }

  [[nodiscard]] static Group groupOf(const Pragma& pragma) {
    Group group;
    group.ofEverything = true;
    group.digest = sha256Of("#pragma " + pragma.text);
    group.references = wordsIn(pragma.text);
    return group;
  }

  /// A group that is one typedef of an arithmetic type: "typedef NAME i4". Else empty.
  [[nodiscard]] std::string arithmeticTypedef(std::size_t index) const {
    const auto& declarations = details_[index].declarations;
    const auto* alias =
        declarations.size() == 1 ? llvm::dyn_cast<clang::TypedefDecl>(declarations.front()) : nullptr;
    if (alias == nullptr || alias->hasAttrs() || alias->isInvalidDecl() || groups_[index].ofEverything ||
        meaning_.ownBitFields)
      return {};
    for (std::size_t i = begins_[index]; i < endOf(index); ++i)
      if (list_.tokens[i].kind == tok::kw___attribute || list_.tokens[i].kind == tok::kw_typeof ||
          list_.tokens[i].kind == tok::l_square)
        return {};
    const std::string type = arithmeticType(parsed_.context(), alias->getUnderlyingType());
    return type.empty() ? std::string() : fmt::format("typedef {} {}", alias->getName().str(), type);
  }

  [[nodiscard]] std::size_t endOf(std::size_t index) const {
    return index + 1 < begins_.size() ? begins_[index + 1] : list_.tokens.size();
  }

  void describe(std::size_t index, const std::string& pragmas) {
    Group& group = groups_[index];
    const auto& declarations = details_[index].declarations;
    if (const std::string alias = arithmeticTypedef(index); !alias.empty()) {
      const auto type = llvm::cast<clang::TypedefDecl>(declarations.front())->getUnderlyingType();
      group.digest = sha256Of(alias);
      group.rank = fmt::format("{} is {}", alias, type.getCanonicalType().getAsString());
      group.floatingPoint = type->hasFloatingRepresentation();
      return;
    }
    const std::string text = pragmas + readTokens(index, group);
    TypeUses uses;
    std::string layouts;
    for (const clang::NamedDecl* declaration : declarations) {
      addUses(parsed_.context(), *declaration, uses);
      if (const std::string layout = layoutOf(parsed_.context(), *declaration); !layout.empty())
        layouts += fmt::format("layout {}\n", layout);
    }
    group.ints |= uses.ints;
    group.longs |= uses.longs;
    group.bitFields |= uses.bitFields;
    group.unstable |= uses.unstable;
    group.hasState |= uses.staticLiteral;
    group.floatingPoint |= uses.floatingPoint;
    std::sort(group.references.begin(), group.references.end());
    group.references.erase(std::unique(group.references.begin(), group.references.end()),
                           group.references.end());
    group.digest = sha256Of(text + layouts + uses.layouts);
  }

  /// The tokens as text; notes in the group what they say.
  std::string readTokens(std::size_t index, Group& group) const {
    std::string text;
    std::string strings;     // adjacent ones are one
    bool atOperands = false; // of an asm: its strings are constraints
    Quotation quotation;
    for (std::size_t i = begins_[index]; i < endOf(index); ++i) {
      const SourceToken& token = list_.tokens[i];
      const auto before = quotation.of();
      quotation.take(token, i + 1 < list_.tokens.size() ? &list_.tokens[i + 1] : nullptr);
      const auto of = quotation.of();
      const bool inAttribute = of == Quotation::Of::Attribute || of == Quotation::Of::BracketAttribute;
      const std::string word = inAttribute ? withoutUnderscores(token) : token.text;
      text += word + '\n';
      group.assembler |= of == Quotation::Of::Assembler;
      if (of != Quotation::Of::Nothing && tok::isStringLiteral(token.kind)) {
        strings += textOfLiteral(token.text);
        continue;
      }
      readStrings(strings, before == Quotation::Of::Assembler && !atOperands, group);
      atOperands = of == Quotation::Of::Assembler &&
                   (atOperands || token.kind == tok::colon || token.kind == tok::coloncolon);
      group.unstable |= atOperands && token.kind == tok::kw_asm;
      look(token, group);
      group.unstable |=
          details_[index].hasError && (token.kind == tok::kw___alignof || token.kind == tok::kw__Alignof ||
                                       token.kind == tok::kw_alignof);
      if (quotation.isAttributeName())
        judge(meaningOfAttribute(word), group);
    }
    return text;
  }

  static void readStrings(std::string& strings, bool isAssembler, Group& group) {
    for (std::string& word : wordsIn(strings))
      group.references.push_back(std::move(word));
    if (isAssembler) {
      AssemblerText read = readAssembler(strings);
      group.ofEverything |= read.everything;
      group.unstable |= read.unstable;
      group.names.insert(group.names.end(), read.labels.begin(), read.labels.end());
    }
    strings.clear();
  }

  /// `__packed__` in an attribute is `packed`.
  static std::string withoutUnderscores(const SourceToken& token) {
    const bool wrapped = token.kind == tok::identifier && token.text.size() > 4 &&
                         token.text.starts_with("__") && token.text.ends_with("__");
    return wrapped ? token.text.substr(2, token.text.size() - 4) : token.text;
  }

  static void judge(WordMeaning meaning, Group& group) {
    group.unstable |= meaning == WordMeaning::Unstable;
    group.floatingPoint |= meaning == WordMeaning::FloatingPoint;
  }

  void look(const SourceToken& token, Group& group) const {
    switch (token.kind) {
    case tok::kw_float:
    case tok::kw_double:
    case tok::kw__Complex:
    case tok::kw__Float16:
    case tok::kw_half:
      group.floatingPoint = true;
      break;
    case tok::kw_enum:
      group.enumeration |= parsed_.bodyAround(token.offset) != nullptr;
      break;
    case tok::wide_string_literal:
    case tok::wide_char_constant:
      group.wideText = true;
      break;
    case tok::numeric_constant:
      group.floatingPoint |= !isCanonicalInteger(token.text);
      break;
    default:
      break;
    }
    if (token.kind != tok::identifier && tok::getKeywordSpelling(token.kind) == nullptr)
      return;
    judge(meaningOfWord(token.text), group);
    if (token.kind != tok::identifier)
      return;
    constexpr std::string_view kBuiltin = "__builtin_";
    group.references.push_back(token.text);
    if (token.text.starts_with(kBuiltin)) // may become a call of the function
      group.references.push_back(token.text.substr(kBuiltin.size()));
  }

  struct Detail {
    std::vector<const clang::NamedDecl*> declarations;
    bool hasError = false; ///< clang did not understand all of it
  };
  const TokenList& list_;
  const Parsed& parsed_;
  const Meaning& meaning_;
  std::vector<std::size_t> begins_; ///< of each group: its first token
  std::size_t pragma_ = 0;          ///< the first that has not been taken
  std::vector<Group> groups_;
  std::vector<Detail> details_;
};

void define(const clang::NamedDecl& declaration, std::vector<Declarations::Defined>& defined) {
  if (const auto* function = llvm::dyn_cast<clang::FunctionDecl>(&declaration)) {
    if (!function->doesThisDeclarationHaveABody())
      return;
    defined.push_back({function->getNameAsString(), symbolOf(*function), {}, true});
    for (const clang::Decl* local : function->decls())
      if (const auto* object = llvm::dyn_cast<clang::VarDecl>(local);
          object != nullptr && object->isStaticLocal())
        defined.push_back({object->getNameAsString(), object->getNameAsString(), symbolOf(*function), false});
  }
  const auto* object = llvm::dyn_cast<clang::VarDecl>(&declaration);
  if (object != nullptr && object->isThisDeclarationADefinition() != clang::VarDecl::DeclarationOnly)
    defined.push_back({object->getNameAsString(), symbolOf(*object), {}, false});
}

} // namespace

Result<Declarations> readDeclarations(const std::string& text, const Meaning& meaning) {
  ROMLINK_ASSIGN(const Parsed parsed, Parsed::parse(withoutDirectives(text), meaning));
  const TokenList list = tokensOf(text, parsed.language());
  if (!list.notUnderstood.empty())
    return fail(ErrorCode::Refused, "the preprocessed source is not understood", "",
                "it has " + list.notUnderstood);
  Declarations declarations;
  declarations.groups = Grouping(list, parsed, meaning).take();
  for (const Parsed::Name& name : parsed.names)
    define(*name.declaration, declarations.defined);
  declarations.included = list.included;
  return declarations;
}

} // namespace romlink::launcher

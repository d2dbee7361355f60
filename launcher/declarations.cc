#include "launcher/declarations.h"

#include "launcher/tokens.h"

#include <algorithm>
#include <clang/AST/ASTContext.h>
#include <clang/AST/Attr.h>
#include <clang/AST/Decl.h>
#include <clang/AST/RecordLayout.h>
#include <clang/Frontend/ASTUnit.h>
#include <clang/Tooling/Tooling.h>
#include <fmt/format.h>
#include <map>
#include <optional>

namespace romlink::launcher {
namespace {

namespace tok = clang::tok;

constexpr std::string_view kUnstable[] = {"_Generic",
                                          "__builtin_types_compatible_p",
                                          "__builtin_constant_p",
                                          "__builtin_object_size",
                                          "__builtin_dynamic_object_size",
                                          "__builtin_return_address",
                                          "__builtin_extract_return_addr",
                                          "__builtin_frob_return_addr",
                                          "__builtin_frame_address",
                                          "__builtin_apply",
                                          "__builtin_apply_args",
                                          "__builtin_return",
                                          "__builtin_has_attribute",
                                          "__builtin_va_arg_pack",
                                          "__builtin_va_arg_pack_len",
                                          "__PRETTY_FUNCTION__",
                                          "__builtin_FILE",
                                          "__builtin_LINE",
                                          "__builtin_FUNCTION"};
/// In an attribute: one compiler obeys, another ignores it.
constexpr std::string_view kUnstableAttributes[] = {"scalar_storage_order", "copy"};

/// Places of errors in the text.
class Errors : public clang::DiagnosticConsumer {
public:
  void HandleDiagnostic(clang::DiagnosticsEngine::Level level, const clang::Diagnostic& info) override {
    DiagnosticConsumer::HandleDiagnostic(level, info);
    if (level < clang::DiagnosticsEngine::Error)
      return;
    if (!info.hasSourceManager() || info.getLocation().isInvalid())
      fatal = true;
    else
      places.push_back(
          info.getSourceManager().getFileOffset(info.getSourceManager().getFileLoc(info.getLocation())));
  }

  std::vector<std::uint32_t> places;
  bool fatal = false; ///< not the text's fault: clang does not know an option
};

struct Range {
  std::uint32_t begin = 0;
  std::uint32_t end = 0; ///< of the last token
  [[nodiscard]] bool contains(std::uint32_t at) const { return begin <= at && at <= end; }
};

/// What clang's parser tells: names with their places, bodies, types.
class Parsed {
public:
  struct Name {
    const clang::NamedDecl* declaration;
    std::uint32_t place;
  };

  explicit Parsed(clang::ASTContext& context) : context_(context) {
    const auto* unit = context.getTranslationUnitDecl();
    for (const clang::Decl* declaration : unit->decls())
      findBody(*declaration);
    std::sort(bodies.begin(), bodies.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
    for (const clang::Decl* declaration : unit->decls())
      take(*declaration);
  }

  [[nodiscard]] std::optional<std::uint32_t> placeOf(clang::SourceLocation location) const {
    const auto& sources = context_.getSourceManager();
    if (location.isInvalid() || sources.getFileID(location) != sources.getMainFileID())
      return std::nullopt;
    return sources.getFileOffset(location);
  }

  [[nodiscard]] const Range* bodyAround(std::uint32_t place) const {
    const auto after = std::upper_bound(bodies.begin(), bodies.end(), place,
                                        [](std::uint32_t p, const Range& r) { return p < r.begin; });
    return after != bodies.begin() && std::prev(after)->contains(place) ? &*std::prev(after) : nullptr;
  }

  [[nodiscard]] clang::ASTContext& context() const { return context_; }

  std::vector<Name> names;
  std::vector<Range> bodies;    ///< of function definitions, by place
  std::vector<Range> functions; ///< their definitions as a whole, by place
  std::vector<std::uint32_t> fileScopeAsm;

private:
  void findBody(const clang::Decl& declaration) {
    const auto* function = llvm::dyn_cast<clang::FunctionDecl>(&declaration);
    if (function == nullptr || !function->doesThisDeclarationHaveABody() || function->getBody() == nullptr)
      return;
    const auto begin = placeOf(function->getBody()->getBeginLoc());
    const auto end = placeOf(function->getBody()->getEndLoc());
    const auto start = placeOf(function->getBeginLoc());
    if (!begin || !end || !start)
      return;
    bodies.push_back({*begin, *end});
    functions.push_back({*start, *end});
  }

  void take(const clang::Decl& declaration) {
    const auto place = placeOf(declaration.getLocation());
    if (!place || declaration.isImplicit() || bodyAround(*place) != nullptr)
      return;
    if (llvm::isa<clang::FileScopeAsmDecl>(declaration))
      fileScopeAsm.push_back(*place);
    if (const auto* named = llvm::dyn_cast<clang::NamedDecl>(&declaration))
      names.push_back({named, *place});
    if (const auto* tag =
            llvm::dyn_cast<clang::TagDecl>(&declaration)) // structures hold structures, enumerators
      for (const clang::Decl* member : tag->decls())
        if (!llvm::isa<clang::FieldDecl, clang::IndirectFieldDecl>(member))
          take(*member);
  }

  clang::ASTContext& context_;
};

/// A type by kind, size and sign, if it is arithmetic and unqualified.
std::string arithmeticType(clang::ASTContext& context, clang::QualType type) {
  const clang::QualType plain = type.getCanonicalType();
  if (context.hasSameType(plain, context.getBuiltinVaListType()))
    return "va_list";
  const auto* builtin = plain->getAs<clang::BuiltinType>();
  if (builtin == nullptr || plain.hasQualifiers() || !builtin->isArithmeticType())
    return {};
  const auto bytes = context.getTypeSizeInChars(plain).getQuantity();
  if (builtin->getKind() == clang::BuiltinType::Bool)
    return "bool";
  if (builtin->isInteger())
    return fmt::format("{}{}", builtin->isSignedInteger() ? 'i' : 'u', bytes);
  return fmt::format("{} {}", builtin->getName(context.getPrintingPolicy()).str(), bytes);
}

/// "4 4 0 8": size, alignment and offsets of the members, in bytes and bits; empty for what has none.
std::string layoutOf(clang::ASTContext& context, const clang::NamedDecl& declaration) {
  if (const auto* record = llvm::dyn_cast<clang::RecordDecl>(&declaration);
      record != nullptr && record->isCompleteDefinition() && !record->isInvalidDecl()) {
    const auto& layout = context.getASTRecordLayout(record);
    std::string text =
        fmt::format("{} {}", layout.getSize().getQuantity(), layout.getAlignment().getQuantity());
    for (unsigned i = 0; i < layout.getFieldCount(); ++i)
      text += fmt::format(" {}", layout.getFieldOffset(i));
    return text;
  }
  const auto* enumeration = llvm::dyn_cast<clang::EnumDecl>(&declaration);
  if (enumeration == nullptr || !enumeration->isCompleteDefinition() || enumeration->isInvalidDecl())
    return {};
  return arithmeticType(context, enumeration->getIntegerType());
}

/// Divides the tokens, and tells of each group what clang knows of it.
class Grouping {
public:
  Grouping(const TokenList& list, const Parsed& parsed, const std::vector<std::uint32_t>& errors)
      : list_(list), parsed_(parsed) {
    divide();
    for (const std::uint32_t error : errors)
      if (parsed.bodyAround(error) == nullptr)
        groupAt(error).ofEverything = true;
    for (const std::uint32_t place : parsed.fileScopeAsm)
      groupAt(place).ofEverything = true;
    for (const Parsed::Name& name : parsed.names)
      declare(name);
    for (std::size_t i = 0; i < groups_.size(); ++i)
      describe(i);
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
    if (const auto* identifier = name.declaration->getIdentifier())
      groups_[index].names.push_back(identifier->getName().str());
    details_[index].declarations.push_back(name.declaration);
  }

  /// A group that is one typedef of an arithmetic type: "typedef NAME i4". Else empty.
  [[nodiscard]] std::string arithmeticTypedef(std::size_t index) const {
    const auto& declarations = details_[index].declarations;
    const auto* alias =
        declarations.size() == 1 ? llvm::dyn_cast<clang::TypedefDecl>(declarations.front()) : nullptr;
    if (alias == nullptr || alias->hasAttrs() || alias->isInvalidDecl() || groups_[index].ofEverything)
      return {};
    for (std::size_t i = begins_[index]; i < endOf(index); ++i)
      if (list_.tokens[i].kind == tok::kw___attribute)
        return {};
    const std::string type = arithmeticType(parsed_.context(), alias->getUnderlyingType());
    return type.empty() ? std::string() : fmt::format("typedef {} {}", alias->getName().str(), type);
  }

  [[nodiscard]] std::size_t endOf(std::size_t index) const {
    return index + 1 < begins_.size() ? begins_[index + 1] : list_.tokens.size();
  }

  void describe(std::size_t index) {
    Group& group = groups_[index];
    if (const std::string alias = arithmeticTypedef(index); !alias.empty()) {
      group.digest = sha256Of(alias);
      group.floatingPoint =
          alias.find("double") != std::string::npos || alias.find("float") != std::string::npos ||
          alias.find("fp16") != std::string::npos || alias.find("Float16") != std::string::npos;
      return;
    }
    std::string text;
    std::set<std::string> mentioned;
    int quoted =
        0; // depth of parentheses in an asm or attribute, whose strings name things; -1: they begin next
    for (std::size_t i = begins_[index]; i < endOf(index); ++i) {
      const SourceToken& token = list_.tokens[i];
      text += quoted > 0 ? withoutUnderscores(token) : token.text;
      text += '\n';
      if (quoted == 0 && (token.kind == tok::kw_asm || token.kind == tok::kw___attribute))
        quoted = -1;
      else if (quoted != 0 && token.kind == tok::l_paren)
        quoted = std::max(quoted, 0) + 1;
      else if (quoted > 0 && token.kind == tok::r_paren)
        --quoted;
      look(token, quoted > 0, group);
      if (token.kind == tok::identifier)
        mention(token.text, mentioned, group);
      if (quoted > 0 && tok::isStringLiteral(token.kind))
        for (const std::string& word : wordsIn(token.text))
          mention(word, mentioned, group);
    }
    for (const clang::NamedDecl* declaration : details_[index].declarations)
      if (const std::string layout = layoutOf(parsed_.context(), *declaration); !layout.empty())
        text += fmt::format("layout {}\n", layout);
    group.digest = sha256Of(text);
  }

  /// `__packed__` in an attribute is `packed`.
  static std::string withoutUnderscores(const SourceToken& token) {
    const bool wrapped = token.kind == tok::identifier && token.text.size() > 4 &&
                         token.text.starts_with("__") && token.text.ends_with("__");
    return wrapped ? token.text.substr(2, token.text.size() - 4) : token.text;
  }

  static void mention(const std::string& name, std::set<std::string>& mentioned, Group& group) {
    if (mentioned.insert(name).second)
      group.references.push_back(name);
  }

  void look(const SourceToken& token, bool quoted, Group& group) const {
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
      group.floatingPoint |=
          token.text.find("f4") != std::string::npos || token.text.find("f8") != std::string::npos;
      break;
    default:
      break;
    }
    const std::string plain = quoted ? withoutUnderscores(token) : token.text;
    const auto isListed = [](const auto& list, const std::string& word) {
      return std::find(std::begin(list), std::end(list), word) != std::end(list);
    };
    group.unstable |= isListed(kUnstable, token.text) || (quoted && isListed(kUnstableAttributes, plain));
  }

  struct Detail {
    std::vector<const clang::NamedDecl*> declarations;
  };
  const TokenList& list_;
  const Parsed& parsed_;
  std::vector<std::size_t> begins_; ///< of each group: its first token
  std::vector<Group> groups_;
  std::vector<Detail> details_;
};

std::string symbolOf(const clang::NamedDecl& declaration) {
  if (const auto* label = declaration.getAttr<clang::AsmLabelAttr>())
    return label->getLabel().str();
  return declaration.getNameAsString();
}

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

std::unique_ptr<clang::ASTUnit> parse(const std::string& text, const std::vector<std::string>& flags,
                                      Errors& errors) {
  std::vector<std::string> arguments = {"-x", "cpp-output",      "--target=arm-none-eabi",
                                        "-w", "-ferror-limit=0", "-fsyntax-only"};
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  return clang::tooling::buildASTFromCodeWithArgs(
      text, arguments, "unit.i", "romlink-cc", std::make_shared<clang::PCHContainerOperations>(),
      [](const clang::tooling::CommandLineArguments& same, llvm::StringRef) { return same; },
      clang::tooling::FileContentMappings(), &errors);
}

/// Without those that name a processor, which clang may not know.
std::vector<std::string> generalFlags(std::vector<std::string> flags) {
  flags.erase(std::remove_if(flags.begin(), flags.end(),
                             [](const std::string& flag) { return flag.starts_with("-m"); }),
              flags.end());
  return flags;
}

} // namespace

Result<Declarations> readDeclarations(const std::string& text, const Meaning& meaning) {
  auto errors = std::make_unique<Errors>();
  auto ast = parse(text, meaning.parserFlags, *errors);
  if (ast == nullptr || errors->fatal) {
    ast.reset();
    errors = std::make_unique<Errors>();
    ast = parse(text, generalFlags(meaning.parserFlags), *errors);
  }
  if (ast == nullptr || errors->fatal)
    return fail(ErrorCode::Malformed, "clang does not read the preprocessed source", "",
                "it does not know one of the options");
  const Parsed parsed(ast->getASTContext());
  const TokenList list = tokensOf(text, ast->getLangOpts());
  Declarations declarations;
  declarations.groups = Grouping(list, parsed, errors->places).take();
  for (const Parsed::Name& name : parsed.names)
    define(*name.declaration, declarations.defined);
  std::string pragmas;
  for (const SourceToken& token : list.pragmas)
    pragmas += token.text + '\n';
  declarations.pragmas = sha256Of(pragmas);
  declarations.included = list.included;
  return declarations;
}

} // namespace romlink::launcher

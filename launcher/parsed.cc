#include "launcher/parsed.h"

#include <algorithm>
#include <clang/Tooling/Tooling.h>

namespace romlink::launcher {
namespace {

/// Places of errors in the text.
class Errors : public clang::DiagnosticConsumer {
public:
  void HandleDiagnostic(clang::DiagnosticsEngine::Level level, const clang::Diagnostic& info) override {
    DiagnosticConsumer::HandleDiagnostic(level, info);
    if (level < clang::DiagnosticsEngine::Error)
      return;
    if (level == clang::DiagnosticsEngine::Fatal || !info.hasSourceManager() ||
        info.getLocation().isInvalid())
      fatal = true;
    else
      places.push_back(
          info.getSourceManager().getFileOffset(info.getSourceManager().getFileLoc(info.getLocation())));
  }

  std::vector<std::uint32_t> places;
  bool fatal = false; ///< clang does not know an option, or reads no further
};

std::unique_ptr<clang::ASTUnit> buildUnit(const std::string& text, const std::vector<std::string>& flags,
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

Result<Parsed> Parsed::parse(const std::string& text, const Meaning& meaning) {
  for (const auto& flags : {meaning.parserFlags, generalFlags(meaning.parserFlags)}) {
    Errors errors;
    if (auto unit = buildUnit(text, flags, errors); unit != nullptr && !errors.fatal)
      return Parsed(std::move(unit), std::move(errors.places));
  }
  return fail(ErrorCode::Malformed, "clang does not read the preprocessed source", "",
              "it does not know one of the options, or gives up in the text");
}

Parsed::Parsed(std::unique_ptr<clang::ASTUnit> unit, std::vector<std::uint32_t> places)
    : errors(std::move(places)), unit_(std::move(unit)) {
  const auto* all = context().getTranslationUnitDecl();
  for (const clang::Decl* declaration : all->decls())
    findBody(*declaration);
  std::sort(bodies.begin(), bodies.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
  for (const clang::Decl* declaration : all->decls())
    take(*declaration);
}

std::optional<std::uint32_t> Parsed::placeOf(clang::SourceLocation location) const {
  const auto& sources = context().getSourceManager();
  if (location.isInvalid() || sources.getFileID(location) != sources.getMainFileID())
    return std::nullopt;
  return sources.getFileOffset(location);
}

const Range* Parsed::bodyAround(std::uint32_t place) const {
  const auto after = std::upper_bound(bodies.begin(), bodies.end(), place,
                                      [](std::uint32_t p, const Range& r) { return p < r.begin; });
  return after != bodies.begin() && std::prev(after)->contains(place) ? &*std::prev(after) : nullptr;
}

void Parsed::findBody(const clang::Decl& declaration) {
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

void Parsed::take(const clang::Decl& declaration) {
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

} // namespace romlink::launcher

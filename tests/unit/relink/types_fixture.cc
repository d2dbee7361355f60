#include "types_fixture.h"

#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace romlink::relink {
namespace {

std::vector<std::uint8_t> compile(Workshop& workshop, const std::string& compiler, const std::string& source,
                                  const std::string& suffix) {
  workshop.write("source" + suffix, source);
  workshop.run(compiler + " -c source" + suffix + " -o object.o");
  return workshop.read("object.o");
}

} // namespace

CompiledTypes::CompiledTypes(Workshop& workshop, const std::string& compiler, const std::string& source,
                             const std::string& suffix)
    : CompiledTypes(compile(workshop, compiler, source, suffix)) {}

CompiledTypes::CompiledTypes(std::vector<std::uint8_t> object)
    : bytes(std::move(object)), elf(ElfImage::read(bytes, "object.o").value()), types(DebugTypes::read(elf)) {
}

SymbolType CompiledTypes::of(const std::string& name) const {
  const auto found = std::find_if(elf.symbols.begin(), elf.symbols.end(), [&](const Symbol& symbol) {
    return symbol.name == name && symbol.isDefinedInSection();
  });
  EXPECT_NE(found, elf.symbols.end()) << name;
  return types.at(found->section, found->address(), found->isFunction(), name);
}

std::string CompiledTypes::hashOf(const std::string& symbol) const {
  const SymbolType type = of(symbol);
  return type.type == kVoid ? type.why : typeHashText(types.hashes()[type.type]);
}

std::string compared(const CompiledTypes& rom, const CompiledTypes& firmware, const std::string& symbol) {
  const SymbolType ours = rom.of(symbol);
  const SymbolType theirs = firmware.of(symbol);
  if (ours.type == kVoid || theirs.type == kVoid)
    return "not checked: " + (ours.type == kVoid ? ours.why : theirs.why);
  const TypeDifference difference =
      compareTypes({rom.types.graph(), rom.types.hashes()}, ours.type,
                   {firmware.types.graph(), firmware.types.hashes()}, theirs.type, symbol);
  const bool same = rom.types.hashes()[ours.type] == firmware.types.hashes()[theirs.type];
  // Equal hashes mean the same, and other hashes a difference that the walk finds.
  EXPECT_EQ(same, difference.path.empty() && difference.notes.empty()) << symbol;
  if (same)
    return "same";
  return difference.path.empty() ? fmt::format("notes: {}", fmt::join(difference.notes, "; "))
                                 : difference.path;
}

} // namespace romlink::relink

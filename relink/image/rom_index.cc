#include "relink/image/rom_index.h"

#include "relink/compat/rom_types.h"
#include "relink/image/body_digest.h"
#include "relink/image/rom_references.h"
#include "relink/image/sources.h"
#include "romlink/worker/rom_index.pb.h"

#include <algorithm>

namespace romlink::relink {
namespace {

void store(const AddressRange& range, v1::AddressRange& message) {
  message.set_address(range.address);
  message.set_size(range.size);
}

void storeParts(const RomLayout& layout, worker::RomIndex& index) {
  for (const RomPart& part : layout.parts()) {
    if (part.writable)
      store(part.range, *index.add_writable());
    if (part.use == RomPart::Use::Zeroed)
      continue;
    worker::Region& region = part.use == RomPart::Use::InPlace ? *index.add_read_only() : *index.add_loaded();
    region.set_address(part.range.address);
    region.set_content(part.bytes.data(), part.bytes.size());
    region.set_executable(part.executable);
  }
}

/// Functions and objects, by address.
std::vector<const Symbol*> symbolsOf(const ElfImage& elf) {
  std::vector<const Symbol*> symbols;
  for (const Symbol& symbol : elf.symbols)
    if ((symbol.isFunction() || symbol.isObject()) && symbol.isDefinedInSection() &&
        std::uint64_t{symbol.address()} + symbol.size <= 0x1'0000'0000U)
      symbols.push_back(&symbol);
  std::stable_sort(symbols.begin(), symbols.end(),
                   [](const auto* a, const auto* b) { return a->address() < b->address(); });
  return symbols;
}

void storeSymbols(const std::vector<const Symbol*>& symbols, const RomLayout& layout,
                  worker::RomIndex& index) {
  for (const Symbol* symbol : symbols) {
    worker::Symbol& message = *index.add_symbols();
    message.set_name(std::string(symbol->name));
    message.set_address(symbol->address());
    message.set_size(symbol->size);
    message.set_function(symbol->isFunction());
    message.set_local(symbol->isLocal());
    message.set_thumb(symbol->isThumbFunction());
    if (!symbol->isThumbFunction())
      continue;
    if (const auto body = bodyDigest(layout, {symbol->address(), symbol->size}, symbol->name))
      message.set_body_digest(body->bytes.data(), body->bytes.size());
  }
}

void storeReferences(const std::vector<RomReferenceEdge>& edges, worker::References& references) {
  Address last = 0;
  for (const RomReferenceEdge& edge : edges) {
    references.add_place_steps(edge.place - last);
    references.add_targets(edge.target);
    references.mutable_kinds()->push_back(static_cast<char>(edge.kind));
    last = edge.place;
  }
}

/// What could not be read, if so.
std::string storeSources(const ElfImage& elf, worker::RomIndex& index) {
  const auto sources = romSources(elf, "the ROM");
  if (!sources)
    return sources.error().line();
  for (const auto& [address, source] : *sources) {
    worker::SourceFingerprint& message = *index.add_sources();
    message.set_address(address);
    message.set_kind(static_cast<worker::SourceFingerprint::Kind>(source.kind));
    message.set_unit(source.unit);
    if (source.digest)
      message.set_digest(source.digest->bytes.data(), source.digest->bytes.size());
  }
  return {};
}

} // namespace

BuiltRomIndex buildRomIndex(const RomIndexSource& source) {
  const RomLayout layout(source.elf);
  const auto edges = romReferences(source.elf, layout);
  worker::RomIndex index;
  index.set_image_hash(source.imageHash.bytes.data(), source.imageHash.bytes.size());
  index.set_image_size(static_cast<std::uint32_t>(source.flash.bytes.size()));
  for (const AddressRange& range : source.flash.ranges)
    store(range, *index.add_flash());
  storeParts(layout, index);
  const auto symbols = symbolsOf(source.elf);
  storeSymbols(symbols, layout, index);
  storeTypes(source.elf, symbols, *index.mutable_types());
  if (source.sharedRam)
    store(*source.sharedRam, *index.mutable_shared_ram());
  storeReferences(edges, *index.mutable_references());
  *index.mutable_flags() = source.flags;
  std::string note = storeSources(source.elf, index);

  worker::RomIndexFile file;
  file.set_format_version(worker::RomIndex::CURRENT);
  *file.mutable_content() = index.SerializeAsString();
  const Digest digest = sha256Of(file.content());
  file.set_digest(digest.bytes.data(), digest.bytes.size());

  BuiltRomIndex built;
  built.file = file.SerializeAsString();
  built.formatVersion = file.format_version();
  built.functions = static_cast<std::uint32_t>(std::count_if(index.symbols().begin(), index.symbols().end(),
                                                             [](const auto& s) { return s.function(); }));
  built.references = static_cast<std::uint32_t>(edges.size());
  for (const worker::Symbol& symbol : index.symbols())
    if (const auto body = Digest::fromBytes(asBytes(symbol.body_digest())))
      built.bodies.push_back(*body);
    else
      built.unknownBodies += symbol.function() ? 1 : 0;
  std::sort(built.bodies.begin(), built.bodies.end());
  built.bodies.erase(std::unique(built.bodies.begin(), built.bodies.end()), built.bodies.end());
  built.note = std::move(note);
  return built;
}

} // namespace romlink::relink

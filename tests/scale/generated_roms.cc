#include "generated_roms.h"

#include "base/file.h"
#include "server/image_mask.h"

#include <algorithm>

namespace romlink::scale {
namespace {

constexpr std::uint32_t kBase = 0x10000000;
constexpr std::uint32_t kVolatile = 0x200; // offset
constexpr std::uint32_t kVolatileBytes = 16;

std::string familyOf(const store::RomRecord& rom) {
  return rom.name;
}

} // namespace

// One of 4096, the smaller ones more often.
std::uint16_t GeneratedRoms::halfword() {
  const std::uint32_t drawn = random_();
  return static_cast<std::uint16_t>(((drawn & 0xFFF) * (drawn >> 12 & 0xFFF) >> 12) * 40503U);
}

void GeneratedRoms::beginFamily() {
  image_.resize((8 + random_() % 49) * 1024);
  for (std::size_t i = 0; i + 1 < image_.size(); i += 2) {
    const std::uint16_t word = halfword();
    image_[i] = static_cast<std::uint8_t>(word & 0xFF);
    image_[i + 1] = static_cast<std::uint8_t>(word >> 8);
  }
}

void GeneratedRoms::revise() {
  for (unsigned stretches = 1 + random_() % 4; stretches > 0; --stretches) {
    const std::size_t length = 32 + random_() % 480;
    const std::size_t at = random_() % (image_.size() - length);
    for (std::size_t i = at; i < at + length; ++i)
      image_[i] = static_cast<std::uint8_t>(random_());
  }
  if (random_() % 5 == 0) {
    const std::vector<std::uint8_t> inserted(4 + random_() % 64, static_cast<std::uint8_t>(random_()));
    image_.insert(image_.begin() + static_cast<std::ptrdiff_t>(random_() % image_.size()), inserted.begin(),
                  inserted.end());
  }
}

GeneratedRom GeneratedRoms::next() {
  const unsigned family = number_ / kRevisions;
  const unsigned revision = number_ % kRevisions;
  if (revision == 0)
    beginFamily();
  else
    revise();
  ++number_;
  if (image_.back() == 0xFF)
    image_.back() = 0;
  GeneratedRom made;
  made.image = image_;
  store::RomRecord& rom = made.rom;
  rom.name = "boot" + std::to_string(family);
  rom.version = "1." + std::to_string(revision);
  rom.imageSize = static_cast<std::uint32_t>(image_.size());
  rom.flash = {{kBase, rom.imageSize}};
  rom.entry = kBase | 1;
  rom.architecture = "v8-M.main";
  rom.labels = {{"board", "an521"}};
  rom.buildId = sha256Of(rom.name + "@" + rom.version).hex().substr(0, 40);
  if (number_ % 4 == 0) {
    rom.volatileRanges = {{kBase + kVolatile, kVolatileBytes}};
    std::fill_n(made.image.begin() + kVolatile, kVolatileBytes, 0xFF);
  }
  rom.imageHash = sha256Of(Bytes(made.image));
  return made;
}

Result<std::vector<store::ArtifactSource>> GeneratedRoms::write(const GeneratedRom& rom,
                                                                const std::filesystem::path& folder) {
  std::vector<store::ArtifactSource> sources;
  const auto add = [&](const char* role, Bytes content) -> Result<void> {
    sources.push_back({role, std::string(role) + ".file", folder / role});
    return writeFile(sources.back().file, content);
  };
  const auto text = [&](const std::string& what, std::size_t size) {
    std::string content;
    for (unsigned line = 0; content.size() < size; ++line)
      content += what + " " + familyOf(rom.rom) + " line " + std::to_string(line * 2654435761U) + "\n";
    return content;
  };
  ROMLINK_TRY(add("image", rom.image));
  const std::string symbols = text("symbol of " + rom.rom.version, 1024);
  std::vector<std::uint8_t> elf(symbols.begin(), symbols.end());
  elf.insert(elf.end(), rom.image.begin(), rom.image.end());
  ROMLINK_TRY(add("elf", elf));
  ROMLINK_TRY(add("linker-script", asBytes(text("script", 4096))));
  ROMLINK_TRY(add("flags", asBytes(text("flags", 1024))));
  ROMLINK_TRY(add("config", asBytes(text("config", 16384))));
  return sources;
}

} // namespace romlink::scale

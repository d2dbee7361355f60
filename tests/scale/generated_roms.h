// ROM sets as a company has them after fifteen years: families of revisions.
//
// A family has 50 revisions. Its images are 8 to 56 KiB of halfwords of which some are much more frequent
// than others, so that they compress as Thumb code does (to about a half). Each revision changes a few
// stretches of the one before, and sometimes inserts one, so that all behind it moves. The ELF is the image
// with a kilobyte of symbols in front, which is enough for storage; the linker script, the flags and the
// configuration are the family's. One ROM in four declares a device-specific range.
#pragma once

#include "store/archive.h"

#include <cstdint>
#include <filesystem>
#include <random>
#include <vector>

namespace romlink::scale {

struct GeneratedRom {
  store::RomRecord rom; ///< all but what the archive fills in
  std::vector<std::uint8_t> image;
};

class GeneratedRoms {
public:
  static constexpr unsigned kRevisions = 50; ///< of a family

  /// The next one. The same sequence each time.
  GeneratedRom next();

  /// Writes the set's files to `folder`, over those of the set before.
  static Result<std::vector<store::ArtifactSource>> write(const GeneratedRom& rom,
                                                          const std::filesystem::path& folder);

private:
  void beginFamily();
  void revise();
  std::uint16_t halfword();

  std::mt19937 random_{1};
  unsigned number_ = 0;
  std::vector<std::uint8_t> image_;
};

} // namespace romlink::scale

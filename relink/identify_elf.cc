// What an ELF says of itself: its flash image, its build-id, and the ROMs that it was linked against.

#include "base/file.h"
#include "relink/image/build_id.h"
#include "relink/image/flash_image.h"
#include "relink/patch/patch.h"
#include "relink/relinker.h"

#include <llvm/BinaryFormat/ELF.h>

namespace romlink::relink {

Result<ElfIdentity> identifyElf(const std::filesystem::path& file) {
  const std::string where = file.filename().string();
  ROMLINK_ASSIGN(const auto content, readFile(file));
  ROMLINK_ASSIGN(const auto elf, ElfImage::read(content, where));
  if (elf.type != llvm::ELF::ET_EXEC && elf.type != llvm::ELF::ET_DYN)
    return fail(ErrorCode::Malformed, "not a linked image", where, "it is an object file",
                "give the linked firmware, the ROM's ELF, or a dump");
  std::string buildId = buildIdOf(elf);
  auto flash = flashImageOf(elf, where);
  if (!flash && buildId.empty())
    return fail(std::move(flash.error()));
  if (!flash) // debug information alone, in a file of its own
    return ElfIdentity{{}, 0, romIdsOf(elf), std::move(buildId)};
  return ElfIdentity{std::move(flash->bytes), flash->base, romIdsOf(elf), std::move(buildId)};
}

} // namespace romlink::relink

// The part of the fixture that needs the whole of relink.

#include "fixture.h"
#include "relink/relinker.h"

namespace romlink::relink {

RomImage romOf(const Workshop& shop, const std::string& file, std::vector<AddressRange> volatileRanges) {
  RomQuestion question;
  question.elf = shop.folder() / file;
  const auto answer = inspectRom(question);
  return RomImage::parse(asBytes(answer.value().index), file, std::move(volatileRanges)).value();
}

} // namespace romlink::relink

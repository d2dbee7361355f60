#include "relink/verify/branches.h"

namespace romlink::relink {

Result<std::vector<DecodedBranch>> decodeBranches(const ElfImage& image) {
  ROMLINK_ASSIGN(auto decoder, ThumbDecoder::create());
  return branchesOf(image, ImageView(image), decoder);
}

std::vector<DecodedBranch> branchesOf(const ElfImage& image, const ImageView& view, ThumbDecoder& decoder) {
  std::vector<DecodedBranch> branches;
  for (const Section& section : image.sections) {
    if (!section.isAllocated() || !section.isExecutable() || section.data.size() != section.size)
      continue;
    for (const Span& span : view.spansIn({section.address, section.size}, true)) {
      if (!span.code)
        continue;
      for (std::uint32_t at = span.begin; at < span.end;) {
        const auto instruction = decoder.decode(section.data.subspan(at, span.end - at));
        if (!instruction)
          break;
        if (instruction->kind == ThumbInstruction::Kind::Branch)
          branches.push_back({section.address + at, instruction->targetFrom(section.address + at)});
        at += instruction->size;
      }
    }
  }
  return branches;
}

} // namespace romlink::relink

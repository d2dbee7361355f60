// The direct branches of an image, found by LLVM's disassembler along the mapping symbols ($t, $d).
#pragma once

#include "relink/verify/image_view.h"
#include "relink/verify/thumb.h"

#include <vector>

namespace romlink::relink {

struct DecodedBranch {
  Address from = 0;
  Address to = 0;
};

/// Every direct branch in the image's Thumb code. Internal error if LLVM has no Arm target.
Result<std::vector<DecodedBranch>> decodeBranches(const ElfImage& image);

/// The same for one who has a decoder. REQUIRES: `view` is of `image`.
std::vector<DecodedBranch> branchesOf(const ElfImage& image, const ImageView& view, ThumbDecoder& decoder);

} // namespace romlink::relink

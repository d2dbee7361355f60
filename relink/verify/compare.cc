#include "relink/verify/compare.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <llvm/Support/Endian.h>
#include <map>

namespace romlink::relink {
namespace {

using Verdict = Judge::Verdict;

class Comparison {
public:
  Comparison(ThumbDecoder& decoder, const PlacedBytes& left, const PlacedBytes& right, Judge& judge,
             bool tolerant)
      : decoder_(decoder), left_(left), right_(right), judge_(judge), tolerant_(tolerant) {}

  std::optional<Mismatch> run(const std::vector<Span>& spans) {
    for (const Span& span : spans) {
      if (span.code)
        compareCode(span);
      else
        compareData(span.begin, span.end);
      if (mismatch_ && !span.code && span.executable)
        compareAsCode(span);
      if (mismatch_)
        return mismatch_;
    }
    for (auto& [reg, number] : built_)
      finish(number);
    for (const Half& half : halves_)
      if (!half.paired && half.left != half.right && (half.hasOther || !tolerant_))
        refuse(half.offset, "its half of an address", half.left, half.right);
    return mismatch_;
  }

private:
  struct Half { // a MOVW
    std::uint32_t offset = 0;
    std::uint16_t reg = 0;
    std::uint16_t left = 0;
    std::uint16_t right = 0;
    bool hasOther = false; ///< a MOVT of the register follows
    bool paired = false;   ///< and with it the address fits
  };
  struct Built { // an address that is built byte by byte
    std::uint32_t offset = 0;
    std::uint32_t left = 0;
    std::uint32_t right = 0;
    int bytes = 0; ///< 0: none is begun
  };

  [[nodiscard]] bool passes(Verdict verdict) const {
    return verdict == Verdict::Fits || (tolerant_ && verdict == Verdict::Unknown);
  }
  void refuse(std::uint32_t offset, std::string what) {
    if (!mismatch_)
      mismatch_ = Mismatch{offset, std::move(what)};
  }
  void refuse(std::uint32_t offset, const char* what, std::uint32_t left, std::uint32_t right) {
    refuse(offset, fmt::format("{} {:#010x} is {:#010x} in {}", what, left, right, right_.image));
  }
  [[nodiscard]] bool isSame(std::uint32_t offset, std::uint32_t size) const {
    return std::memcmp(left_.bytes.data() + offset, right_.bytes.data() + offset, size) == 0;
  }
  /// Both lead to the same offset of the section.
  [[nodiscard]] bool staysInside(Address left, Address right) const {
    return left - left_.address == right - right_.address && left - left_.address < left_.bytes.size();
  }

  void compareCode(const Span& span) {
    for (std::uint32_t at = span.begin; at < span.end && !mismatch_;) {
      const auto left = decoder_.decode(left_.bytes.subspan(at, span.end - at));
      if (!left) // the span ends inside of an instruction
        return compareData(at, span.end);
      const bool same = isSame(at, left->size);
      const Bytes theirs = right_.bytes.subspan(at, left->size);
      if (decoder_.isNoCall(left_.bytes.subspan(at, left->size)) && decoder_.isNoCall(theirs)) {
        at += left->size;
        continue;
      }
      if (!same && !decoder_.isAlike(left_.bytes.subspan(at, left->size), theirs))
        return refuse(at, fmt::format("{} has another instruction", right_.image));
      compareInstruction(at, *left, same ? *left : decoder_.decode(theirs).value_or(*left));
      at += left->size;
    }
  }

  /// Instructions may have been written as numbers.
  void compareAsCode(const Span& span) {
    const auto asData = std::exchange(mismatch_, std::nullopt);
    compareCode(span);
    for (std::uint32_t at = span.begin; at + 4 <= span.end && !mismatch_; ++at)
      if (isAligned(at) && isSame(at, 4) && !passes(word(at)))
        refuse(at, "its word", wordAt(left_, at), wordAt(right_, at));
    if (mismatch_)
      mismatch_ = asData;
  }

  void compareInstruction(std::uint32_t at, const ThumbInstruction& left, const ThumbInstruction& right) {
    using Kind = ThumbInstruction::Kind;
    const Address from = left_.address + at;
    const Address other = right_.address + at;
    if (left.handsOutAddress && !passes(judge_.ownAddress()))
      return refuse(at, "it hands out its own address, and both copies are used");
    switch (left.kind) {
    case Kind::Branch:
      if (const Address l = left.targetFrom(from), r = right.targetFrom(other);
          !staysInside(l, r) && !passes(judge_.branch(l, r)))
        refuse(at, "its branch to", l, r);
      return;
    case Kind::PcData:
      if (const Address l = left.targetFrom(from), r = right.targetFrom(other);
          !staysInside(l, r) && !passes(judge_.besidePc({at, false}, l, r)))
        refuse(at, "what it reads or addresses at", l, r);
      return;
    case Kind::Movw:
      halves_.push_back({at, left.reg, left.immediate, right.immediate});
      return;
    case Kind::Movt:
      return join(at, left, right);
    case Kind::Movs:
    case Kind::Lsls8:
    case Kind::Adds:
      return build(at, left, right);
    case Kind::Other:
      return;
    }
  }

  /// Joins a MOVT with a MOVW of the same register. One that is the same on both sides may also change a
  /// number that another instruction made; a MOVW that then is left over shows at the end.
  void join(std::uint32_t at, const ThumbInstruction& left, const ThumbInstruction& right) {
    const Half* nearest = nullptr;
    for (auto half = halves_.rbegin(); half != halves_.rend(); ++half) {
      if (half->reg != left.reg)
        continue;
      nearest = nearest == nullptr ? &*half : nearest;
      half->hasOther = true;
      if (passes(judge_.number({half->offset, false}, half->left | std::uint32_t{left.immediate} << 16,
                               half->right | std::uint32_t{right.immediate} << 16))) {
        half->paired = true;
        return;
      }
    }
    if (left.immediate == right.immediate && (nearest == nullptr || nearest->left != nearest->right))
      return;
    if (nearest != nullptr)
      refuse(nearest->offset, "its address", nearest->left | std::uint32_t{left.immediate} << 16,
             nearest->right | std::uint32_t{right.immediate} << 16);
    else if (!tolerant_)
      refuse(at, "its half of an address", left.immediate, right.immediate);
  }

  /// MOVS, LSLS #8, ADDS, LSLS #8, ADDS, LSLS #8, ADDS: how Armv6-M code without literals makes an address
  /// (R_ARM_THM_ALU_ABS_G3 to G0).
  void build(std::uint32_t at, const ThumbInstruction& left, const ThumbInstruction& right) {
    Built& number = built_[left.reg];
    if (left.kind == ThumbInstruction::Kind::Movs) {
      finish(number);
      number = {at, left.immediate, right.immediate, 1};
    } else if (number.bytes == 0) {
      if (left.immediate != right.immediate && !tolerant_)
        refuse(at, "its number", left.immediate, right.immediate);
    } else if (left.kind == ThumbInstruction::Kind::Lsls8) {
      number.left <<= 8;
      number.right <<= 8;
    } else {
      number.left += left.immediate;
      number.right += right.immediate;
      if (++number.bytes == 4)
        finish(number);
    }
  }

  void finish(Built& number) {
    if (number.bytes == 4 && !passes(judge_.number({number.offset, false}, number.left, number.right)))
      refuse(number.offset, "its address", number.left, number.right);
    else if (number.bytes < 4 && number.left != number.right && !tolerant_)
      refuse(number.offset, "its number", number.left, number.right);
    number = {};
  }

  /// A word of the section, at any offset.
  [[nodiscard]] static std::uint32_t wordAt(const PlacedBytes& copy, std::uint32_t at) {
    return llvm::support::endian::read32le(copy.bytes.data() + at);
  }
  [[nodiscard]] Verdict word(std::uint32_t at) {
    return judge_.number({at, true}, wordAt(left_, at), wordAt(right_, at));
  }
  [[nodiscard]] bool isAligned(std::uint32_t at) const { return (left_.address + at) % 4 == 0; }

  void compareData(std::uint32_t begin, std::uint32_t end) {
    for (std::uint32_t at = begin; at < end && !mismatch_;) {
      const bool wholeWord = isAligned(at) && end - at >= 4;
      if (wholeWord && isSame(at, 4)) {
        if (!passes(word(at)))
          refuse(at, "the same number is an address of both images:", wordAt(left_, at), wordAt(right_, at));
        at += 4;
      } else if (left_.bytes[at] == right_.bytes[at] && !wholeWord) {
        ++at;
      } else {
        at = explain(begin, at, end);
      }
    }
  }

  /// The end of the word that explains a mismatch of the word or byte at `at`.
  std::uint32_t explain(std::uint32_t begin, std::uint32_t at, std::uint32_t end) {
    const std::uint32_t wholeWord = at - (left_.address + at) % 4;
    while (left_.bytes[at] == right_.bytes[at])
      ++at;
    std::vector<std::uint32_t> places = {wholeWord};
    for (std::uint32_t back = 0; back < 4; ++back)
      places.push_back(at - back);
    const auto isInside = [&](std::uint32_t place) {
      return place >= std::max(begin, explained_) && place <= at && place + 4 <= end && place + 4 > at;
    };
    for (const std::uint32_t place : places)
      if (isInside(place) && word(place) == Verdict::Fits)
        return explained_ = place + 4;
    const Verdict verdict = isInside(wholeWord) ? word(wholeWord) : Verdict::Unknown;
    if (passes(verdict))
      return std::max(wholeWord + 4, at + 1);
    if (isInside(wholeWord))
      refuse(wholeWord, "its word", wordAt(left_, wholeWord), wordAt(right_, wholeWord));
    else
      refuse(at, "its byte", left_.bytes[at], right_.bytes[at]);
    return end;
  }

  ThumbDecoder& decoder_;
  const PlacedBytes left_;
  const PlacedBytes right_;
  Judge& judge_;
  const bool tolerant_;
  std::vector<Half> halves_;
  std::map<std::uint16_t, Built> built_; ///< by register
  std::uint32_t explained_ = 0;          ///< where the last word that differs and fits ends
  std::optional<Mismatch> mismatch_;
};

} // namespace

std::optional<Mismatch> firstMismatch(ThumbDecoder& decoder, const PlacedBytes& left,
                                      const PlacedBytes& right, const std::vector<Span>& spans, Judge& judge,
                                      bool tolerant) {
  return Comparison(decoder, left, right, judge, tolerant).run(spans);
}

} // namespace romlink::relink

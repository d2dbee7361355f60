#include "relink/verify/confirm.h"

#include "relink/verify/compare.h"
#include "relink/verify/correspondence.h"

#include <algorithm>
#include <fmt/format.h>

namespace romlink::relink {
namespace {

using Verdict = Judge::Verdict;

class Confirmation {
public:
  Confirmation(const ConfirmQuestion& question, ThumbDecoder decoder)
      : q_(question), plain_(question.plain), decoder_(std::move(decoder)), shares_(question.shares),
        usedBy_(question.shares.size()), doubts_(question.shares.size()),
        romBytes_([this](Address a, std::uint32_t size) { return q_.rom.read(a, size, false); }),
        pieces_(question.pieces, plain_.reader(), romBytes_) {}

  std::vector<Doubt> run() {
    for (std::size_t i = 0; i < q_.shares.size(); ++i)
      if (const std::string why = check(i); !why.empty())
        doubt({i, why, true});
    spread();
    for (std::size_t i = 0; i < q_.shares.size(); ++i)
      if (q_.shares[i].kind == Share::Kind::State && !doubts_[i] && !isUsed(i))
        doubt({i, "nothing that is confirmed uses it", true});
    spread();
    std::vector<Doubt> found;
    for (auto& one : doubts_)
      if (one)
        found.push_back(std::move(*one));
    return found;
  }

private:
  /// Judges the fields of one share.
  class ShareJudge : public Judge {
  public:
    ShareJudge(Confirmation& all, std::size_t share) : all_(all), share_(share) {}

    Verdict branch(Address left, Address right) override {
      if (const auto target = all_.proofAt(left); target && isEntered(*target, left, right))
        return uses(*target);
      const auto stops = all_.decoder_.throughVeneers(all_.romBytes_, right);
      const auto starts = all_.decoder_.throughVeneers(all_.plain_.reader(), left);
      for (const Address start : starts) {
        const auto target = all_.proofAt(start);
        if (target && std::any_of(stops.begin(), stops.end(),
                                  [&](Address stop) { return isEntered(*target, start, stop); }))
          return uses(*target);
        const bool isNumber = all_.plain_.sectionAt(start) == nullptr;
        if (isNumber && std::find(stops.begin(), stops.end(), start) != stops.end())
          return Verdict::Fits;
      }
      return Verdict::Wrong;
    }

    Verdict number(Field field, std::uint32_t left, std::uint32_t right) override {
      if (left == right) {
        const auto target = all_.proofAt(left);
        if (target && all_.q_.shares[*target].counterpartOf(left) == right)
          return uses(*target);
        return all_.isAddressOfBoth(left) ? Verdict::Wrong : Verdict::Fits;
      }
      if (isAddress(field, left, right))
        return Verdict::Fits;
      return isDistance(field, left, right) ? Verdict::Fits : Verdict::Wrong;
    }

    Verdict besidePc(Field field, Address left, Address right) override {
      return isAddress(field, left, right) ? Verdict::Fits : Verdict::Wrong;
    }

    Verdict ownAddress() override { return self().equivalentOnly ? Verdict::Wrong : Verdict::Fits; }

  private:
    [[nodiscard]] const Share& self() const { return all_.q_.shares[share_]; }

    [[nodiscard]] bool isEntered(std::size_t target, Address left, Address right) const {
      const Share& share = all_.q_.shares[target];
      return share.kind == Share::Kind::Function && share.counterpartOf(left) == right;
    }

    Verdict uses(std::size_t target) {
      if (target != share_)
        all_.usedBy_[target].push_back(share_);
      return Verdict::Fits;
    }

    /// An address is more than what lies there: the firmware has to use the ROM's object, too.
    bool isAddress(Field field, std::uint32_t left, std::uint32_t right) {
      const auto leadsTo = [&](std::size_t target) {
        const Share& share = all_.q_.shares[target];
        return !share.equivalentOnly && share.counterpartOf(left) == right;
      };
      for (const Share::Beyond& beyond : self().beyond)
        if (const auto target = all_.proofAt(beyond.plain);
            beyond.offset == field.offset && target && leadsTo(*target)) {
          uses(*target);
          return true;
        }
      if (const auto target = all_.proofAt(left)) {
        if (!leadsTo(*target))
          return false;
        uses(*target);
        return true;
      }
      // Which of two equal strings it is, may show in the firmware unless all of it comes from the ROM.
      return !self().equivalentOnly && all_.pieces_.has(left, right);
    }

    /// From the field: R_ARM_REL32, R_ARM_THM_MOVW_PREL_NC with its MOVT and, in 31 bits, R_ARM_PREL31.
    bool isDistance(Field field, std::uint32_t left, std::uint32_t right) {
      const Address from = self().plain + field.offset;
      const Address other = self().rom + field.offset;
      if (isAddress(field, from + left, other + right))
        return true;
      const auto extend = [](std::uint32_t word) { return word << 1 >> 1 | (word << 1 & 0x80000000); };
      return (left ^ right) >> 31 == 0 && isAddress(field, from + extend(left), other + extend(right));
    }

    Confirmation& all_;
    const std::size_t share_;
  };

  void doubt(Doubt one) {
    toVisit_.push_back(one.share);
    doubts_[one.share] = std::move(one);
  }
  /// From what is in doubt to all that leads to it.
  void spread() {
    while (!toVisit_.empty()) {
      const std::size_t cause = toVisit_.back();
      toVisit_.pop_back();
      for (const std::size_t user : usedBy_[cause])
        if (!doubts_[user])
          doubt({user, "it leads to " + q_.shares[cause].name + ", which is in doubt", false});
    }
  }
  [[nodiscard]] bool isUsed(std::size_t share) const {
    return std::any_of(usedBy_[share].begin(), usedBy_[share].end(),
                       [&](std::size_t user) { return !doubts_[user]; });
  }

  /// The share that may stand for what the plain link has at this address.
  [[nodiscard]] std::optional<std::size_t> proofAt(Address plain) const {
    const auto found = shares_.covering(plain);
    return found && !q_.shares[*found].alone ? found : std::nullopt;
  }

  [[nodiscard]] bool isAddressOfBoth(std::uint32_t number) const {
    return plain_.isObject(number) && (q_.rom.isWritable(number) || isInFlash(number));
  }
  [[nodiscard]] bool isInFlash(Address address) const {
    return std::any_of(q_.rom.flash.begin(), q_.rom.flash.end(),
                       [&](const AddressRange& range) { return range.contains(address); });
  }

  /// Empty if the share is what it claims to be, as far as its own bytes tell.
  std::string check(std::size_t index) {
    const Share& share = q_.shares[index];
    for (const Address start : share.restsOn) {
      const auto target = proofAt(start);
      if (!target)
        return fmt::format("it rests on what is at {}, which is not proved", plain_.placeOf(start));
      usedBy_[*target].push_back(index);
    }
    if (share.accepted || share.kind == Share::Kind::State)
      return {};
    const bool executable = share.kind == Share::Kind::Function;
    const Bytes ours = plain_.read(share.plain, share.size);
    const Bytes theirs = q_.rom.read(share.rom, share.size, executable);
    if (ours.size() != share.size || theirs.size() != share.size || share.size == 0)
      return fmt::format("there are no {} bytes to compare at {:#010x}", share.size, share.rom);
    ShareJudge judge(*this, index);
    const auto mismatch = firstMismatch(decoder_, {ours, share.plain, {}}, {theirs, share.rom, "the ROM"},
                                        plain_.spansIn(share.range(), executable), judge, false);
    if (!mismatch)
      return {};
    return fmt::format("at {}: {}", plain_.placeOf(share.plain + mismatch->offset), mismatch->what);
  }

  const ConfirmQuestion& q_;
  const ImageView plain_;
  ThumbDecoder decoder_;
  const RangeIndex<Share> shares_;
  std::vector<std::vector<std::size_t>> usedBy_;
  std::vector<std::optional<Doubt>> doubts_; ///< of each share
  std::vector<std::size_t> toVisit_;         ///< whose users have not been told
  const ReadBytes romBytes_;
  const EqualPieces pieces_;
};

} // namespace

Result<std::vector<Doubt>> confirm(const ConfirmQuestion& question) {
  ROMLINK_ASSIGN(auto decoder, ThumbDecoder::create());
  return Confirmation(question, std::move(decoder)).run();
}

} // namespace romlink::relink

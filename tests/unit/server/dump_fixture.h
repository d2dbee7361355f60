// Made-up flash images, archived in memory, and dumps of them.
#pragma once

#include "server/identify.h"
#include "server/sketch.h"

#include <deque>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>
#include <string>

namespace romlink::server {

using Content = std::vector<std::uint8_t>;

inline constexpr std::uint32_t kBase = 0x10000000;

inline Content noise(std::size_t size, unsigned seed) {
  std::minstd_rand random(seed);
  Content content(size);
  for (auto& byte : content)
    byte = static_cast<std::uint8_t>(random() >> 8);
  return content;
}

/// `pattern` again and again.
inline Content repeated(const Content& pattern, std::size_t times) {
  Content content;
  for (std::size_t i = 0; i < times; ++i)
    content.insert(content.end(), pattern.begin(), pattern.end());
  return content;
}

inline Content operator+(Content left, const Content& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

/// An archive of images, numbered as they were added.
class Images {
public:
  std::size_t add(Content image, const std::vector<store::AddressRange>& volatileRanges = {}) {
    const ImageMask mask = maskOf(kBase, volatileRanges);
    for (const OffsetRange& range : mask)
      for (std::size_t at = range.begin; at < std::min<std::size_t>(range.end, image.size()); ++at)
        image[at] = 0xFF;
    KnownImage known{static_cast<std::int64_t>(images_.size()),
                     sha256Of(Bytes(image)),
                     static_cast<std::uint32_t>(image.size()),
                     kBase,
                     mask,
                     0};
    index_.add({{known, sketchOf(image, mask).anchors}});
    images_.push_back(std::move(image));
    return images_.size() - 1;
  }

  [[nodiscard]] Search find(const Content& dump, const DumpAddress& address = {}) const {
    const auto going = [] { return false; };
    return findImages(dump, address, index_.candidates(dump, going), index_.withoutAnchors(), going);
  }

  [[nodiscard]] const Content& operator[](std::size_t number) const { return images_[number]; }
  [[nodiscard]] const ImageIndex& index() const { return index_; }

private:
  std::deque<Content> images_;
  ImageIndex index_;
};

/// "NUMBER at OFFSET" of each.
inline std::vector<std::string> places(const std::vector<ExactMatch>& matches) {
  std::vector<std::string> texts;
  texts.reserve(matches.size());
  for (const ExactMatch& match : matches)
    texts.push_back(std::to_string(match.image->romId) + " at " + std::to_string(match.offset));
  return texts;
}

} // namespace romlink::server

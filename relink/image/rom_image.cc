#include "relink/image/rom_image.h"

#include "base/file.h"
#include "romlink/worker/rom_index.pb.h"

#include <algorithm>
#include <fmt/format.h>
#include <functional>

namespace romlink::relink {
namespace {

constexpr const char* kHint = "`romlink archive verify` checks the archive";

tl::unexpected<Error> malformed(const std::string& where, std::string why) {
  return fail(ErrorCode::Malformed, "cannot read the ROM index", where, std::move(why), kHint);
}

bool fits(std::uint64_t address, std::uint64_t size) {
  return address + size <= 0x1'0000'0000U;
}

/// Empties `to` and fills it with the ranges; false if one does not fit the address space or they are not
/// sorted.
template <typename Messages>
bool takeRanges(const Messages& messages, std::vector<AddressRange>& to) {
  to.clear();
  for (const auto& message : messages) {
    if (!fits(message.address(), message.size()))
      return false;
    to.push_back({message.address(), message.size()});
  }
  return std::is_sorted(to.begin(), to.end());
}

/// The element of a sequence by address that begins last at or before `address`, or nullptr.
template <typename Items, typename AddressOf>
auto* lastAt(const Items& items, Address address, AddressOf addressOf) {
  const auto after = std::upper_bound(items.begin(), items.end(), address,
                                      [&](Address a, const auto& item) { return a < addressOf(item); });
  return after == items.begin() ? nullptr : &*std::prev(after);
}

constexpr std::hash<std::string_view> hashOf;

constexpr auto kBegin = [](const auto& item) { return item.range.address; };

} // namespace

Result<RomImage> RomImage::read(const std::filesystem::path& index, std::vector<AddressRange> volatileRanges,
                                const std::optional<Digest>& imageHash) {
  const std::string where = index.filename().string();
  ROMLINK_ASSIGN(const auto content, readFile(index));
  ROMLINK_ASSIGN(RomImage rom, parse(content, where, std::move(volatileRanges)));
  if (imageHash && rom.imageHash_ != *imageHash)
    return malformed(where, "it belongs to another ROM, " + rom.imageHash_.text());
  return rom;
}

Result<RomImage> RomImage::parse(Bytes content, const std::string& where,
                                 std::vector<AddressRange> volatileRanges) {
  worker::RomIndexFile file;
  if (content.size() > INT32_MAX || !file.ParseFromArray(content.data(), static_cast<int>(content.size())))
    return malformed(where, "it is truncated or no ROM index");
  if (file.format_version() != worker::RomIndex::CURRENT)
    return malformed(where, fmt::format("its format is {}, this romlink reads {}", file.format_version(),
                                        static_cast<int>(worker::RomIndex::CURRENT)));
  const auto digest = Digest::fromBytes(asBytes(file.digest()));
  if (!digest || *digest != sha256Of(file.content()))
    return malformed(where, "its content does not match its digest");
  auto index = std::make_shared<worker::RomIndex>();
  if (!index->ParseFromString(file.content()))
    return malformed(where, "its content is no ROM index");
  RomImage rom;
  rom.index_ = std::move(index);
  rom.volatile_ = std::move(volatileRanges);
  ROMLINK_TRY(rom.take(where));
  return rom;
}

/// Turns the message into what the questions below need; checks all that they rely on.
Result<void> RomImage::take(const std::string& where) {
  const worker::RomIndex& index = *index_;
  if (!takeRanges(index.flash(), flash_) || !takeRanges(index.writable(), writable_))
    return malformed(where, "its ranges are not in order");
  imageSize_ = index.image_size();
  const auto hash = Digest::fromBytes(asBytes(index.image_hash()));
  if (!hash)
    return malformed(where, "its image hash is no SHA-256");
  imageHash_ = *hash;
  if (index.has_shared_ram()) {
    if (!fits(index.shared_ram().address(), index.shared_ram().size()))
      return malformed(where, "its shared RAM does not fit the address space");
    sharedRam_ = AddressRange{index.shared_ram().address(), index.shared_ram().size()};
  }
  for (const auto& [messages, regions] :
       {std::pair(&index.read_only(), &regions_), std::pair(&index.loaded(), &loaded_)})
    for (const worker::Region& region : *messages) {
      const std::uint64_t size = region.content().size();
      const bool ordered = regions->empty() || regions->back().range.address <= region.address();
      if (!fits(region.address(), size) || !ordered)
        return malformed(where, "its regions are not in order");
      regions->push_back({{region.address(), static_cast<std::uint32_t>(size)},
                          asBytes(region.content()),
                          region.executable()});
    }
  symbols_.reserve(static_cast<std::size_t>(index.symbols_size()));
  for (const worker::Symbol& symbol : index.symbols()) {
    if (!symbols_.empty() && symbols_.back().address > symbol.address())
      return malformed(where, "its symbols are not in order");
    if (!fits(symbol.address(), symbol.size()))
      return malformed(where, "a symbol does not fit the address space");
    const std::uint64_t end = std::uint64_t{symbol.address()} + symbol.size();
    reach_.push_back(reach_.empty() ? end : std::max(reach_.back(), end));
    byName_.emplace_back(hashOf(symbol.name()), symbols_.size());
    symbols_.push_back({symbol.name(), symbol.address(), symbol.size(), symbol.function(), symbol.local(),
                        symbol.thumb(), asBytes(symbol.body_digest())});
  }
  std::sort(byName_.begin(), byName_.end());
  for (const worker::SourceFingerprint& message : index.sources()) {
    Source source{static_cast<SourceRecord::Kind>(message.kind()), std::nullopt, message.unit()};
    if (!message.digest().empty()) {
      const auto made = Digest::fromBytes(asBytes(message.digest()));
      if (!made)
        return malformed(where, "a fingerprint of its source is no SHA-256");
      source.digest = *made;
    }
    sources_.emplace(message.address(), source);
  }
  const worker::References& references = index.references();
  const int count = references.targets_size();
  if (references.place_steps_size() != count || references.kinds().size() != static_cast<std::size_t>(count))
    return malformed(where, "its references are not complete");
  edges_.reserve(static_cast<std::size_t>(count));
  std::uint64_t place = 0;
  for (int i = 0; i < count; ++i) {
    place += references.place_steps(i);
    if (!fits(place, 1))
      return malformed(where, "its references are not in order");
    edges_.push_back({static_cast<Address>(place), references.targets(i),
                      references.kinds()[static_cast<std::size_t>(i)] == worker::References::BRANCH});
  }
  return {};
}

const worker::TypeTable& RomImage::types() const {
  return index_->types();
}

const Source* RomImage::sourceAt(Address address) const {
  const auto found = sources_.find(address);
  return found == sources_.end() ? nullptr : &found->second;
}

const RomImage::Region* RomImage::regionAt(Address address) const {
  const Region* region = lastAt(regions_, address, kBegin);
  return region != nullptr && region->range.contains(address) ? region : nullptr;
}

Bytes RomImage::readOnly(Address address, std::uint32_t size, bool executable) const {
  const Region* region = regionAt(address);
  const AddressRange wanted{address, size};
  if (region == nullptr || !region->range.contains(wanted) || (executable && !region->executable))
    return {};
  for (const AddressRange& range : volatile_)
    if (range.overlaps(wanted))
      return {};
  return region->bytes.subspan(address - region->range.address, size);
}

Bytes RomImage::readOnlyUpTo(Address address, std::uint32_t limit) const {
  const Region* region = regionAt(address);
  if (region == nullptr)
    return {};
  std::uint64_t end = std::min<std::uint64_t>(region->range.end(), std::uint64_t{address} + limit);
  for (const AddressRange& range : volatile_)
    if (range.end() > address)
      end = std::min<std::uint64_t>(end, std::max(range.address, address));
  return region->bytes.subspan(address - region->range.address, end - address);
}

Bytes RomImage::loaded(Address address, std::uint32_t size) const {
  const Region* region = lastAt(loaded_, address, kBegin);
  if (region == nullptr || !region->range.contains(AddressRange{address, size}))
    return {};
  return region->bytes.subspan(address - region->range.address, size);
}

bool RomImage::isWritable(Address address) const {
  return std::any_of(writable_.begin(), writable_.end(), [&](const auto& r) { return r.contains(address); });
}

std::vector<Address> RomImage::addressesOf(std::string_view name, bool function) const {
  std::vector<Address> addresses;
  const std::size_t hash = hashOf(name);
  auto it = std::lower_bound(byName_.begin(), byName_.end(), std::pair(hash, std::uint32_t{0}));
  for (; it != byName_.end() && it->first == hash; ++it)
    if (symbols_[it->second].name == name && symbols_[it->second].function == function)
      addresses.push_back(symbols_[it->second].address);
  return addresses;
}

const RomSymbol* RomImage::symbolAt(Address address) const {
  const RomSymbol* symbol = lastAt(symbols_, address, [](const RomSymbol& s) { return s.address; });
  if (symbol == nullptr)
    return nullptr;
  const RomSymbol* const last = symbol;
  while (symbol != symbols_.data() && (symbol - 1)->address == symbol->address)
    --symbol;
  for (; symbol <= last; ++symbol)
    if (address == symbol->address || address < std::uint64_t{symbol->address} + symbol->size)
      return symbol;
  return nullptr;
}

std::span<const RomSymbol> RomImage::symbolsIn(AddressRange range) const {
  const auto begin = std::lower_bound(symbols_.begin(), symbols_.end(), range.address,
                                      [](const RomSymbol& s, Address a) { return s.address < a; });
  const auto end = std::lower_bound(begin, symbols_.end(), range.end(),
                                    [](const RomSymbol& s, std::uint64_t a) { return s.address < a; });
  return {begin, end};
}

std::optional<AddressRange> RomImage::entityAt(Address address) const {
  const auto next = std::upper_bound(symbols_.begin(), symbols_.end(), address,
                                     [](Address a, const RomSymbol& s) { return a < s.address; });
  auto i = static_cast<std::size_t>(next - symbols_.begin());
  // Labels may stand inside of a function: the largest that covers the address is the whole.
  std::optional<AddressRange> entity;
  for (; i > 0 && reach_[i - 1] > address; --i)
    if (const AddressRange range{symbols_[i - 1].address, symbols_[i - 1].size};
        range.contains(address) && (!entity || entity->size < range.size))
      entity = range;
  if (entity)
    return entity;
  const auto around = partAt(address);
  if (!around)
    return std::nullopt;
  std::uint64_t begin = around->address;
  if (next != symbols_.begin())
    begin = std::max({begin, std::uint64_t{std::prev(next)->address}, reach_[next - symbols_.begin() - 1]});
  const std::uint64_t end =
      next == symbols_.end() ? around->end() : std::min<std::uint64_t>(around->end(), next->address);
  return AddressRange{static_cast<Address>(begin), static_cast<std::uint32_t>(end - begin)};
}

/// The section that has this address when the ROM runs.
std::optional<AddressRange> RomImage::partAt(Address address) const {
  for (const auto* regions : {&regions_, &loaded_})
    if (const Region* region = lastAt(*regions, address, kBegin);
        region != nullptr && region->range.contains(address))
      return region->range;
  const AddressRange* range = lastAt(writable_, address, [](const AddressRange& r) { return r.address; });
  return range != nullptr && range->contains(address) ? std::optional(*range) : std::nullopt;
}

std::span<const RomEdge> RomImage::edgesIn(AddressRange range) const {
  const auto begin = std::lower_bound(edges_.begin(), edges_.end(), range.address,
                                      [](const RomEdge& e, Address a) { return e.place < a; });
  const auto end = std::lower_bound(begin, edges_.end(), range.end(),
                                    [](const RomEdge& e, std::uint64_t a) { return e.place < a; });
  return {begin, end};
}

bool RomImage::isInRom(Address address) const {
  return std::any_of(flash_.begin(), flash_.end(), [&](const auto& r) { return r.contains(address); });
}

const worker::BuildFlags& RomImage::flags() const {
  return index_->flags();
}

} // namespace romlink::relink

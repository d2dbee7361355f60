// The archive's public functions for withdrawal and tamper evidence (archive.h).
#include "store/archive_impl.h"
#include "store/references.h"
#include "store/rom_sets.h"
#include "store/verify.h"
#include "store/withdrawals.h"

namespace romlink::store {

Result<bool> Archive::withdraw(const std::string& reference, Withdrawal withdrawal) {
  ROMLINK_TRY(check(withdrawal));
  withdrawal.withdrawnAt = now();
  return impl_->write("cannot withdraw the ROM", [&](auto& database) -> Result<bool> {
    ROMLINK_ASSIGN(const std::int64_t id, resolve(database, reference));
    ROMLINK_ASSIGN(const RomReader::Row row, RomReader(database).read(id));
    return insertWithdrawal(database, id, row.rom.imageHash, withdrawal);
  });
}

Result<bool> Archive::adoptWithdrawal(const Digest& imageHash, const Withdrawal& withdrawal) {
  ROMLINK_TRY(check(withdrawal));
  return impl_->write("cannot withdraw the ROM", [&](auto& database) -> Result<bool> {
    const auto id = findByImageHash(database, imageHash);
    if (!id)
      return fail(ErrorCode::NotFound, "no such ROM", imageHash.text());
    if (!isTimestamp(withdrawal.withdrawnAt))
      return fail(ErrorCode::Malformed, "cannot withdraw the ROM", imageHash.text(),
                  "the time of its withdrawal is none");
    return store::adoptWithdrawal(database, *id, imageHash, withdrawal);
  });
}

Result<void> Archive::signOnce(const std::function<Result<void>()>& record) {
  impl_->signsEach = false;
  Result<void> recorded = record();
  impl_->signsEach = true;
  ROMLINK_TRY(std::move(recorded));
  return impl_->write("cannot sign the archive's log", [](auto&) { return Result<void>(); });
}

Result<SignedHead> Archive::head() const {
  return impl_->read([](auto& database) { return newestHead(database); });
}

PublicKey Archive::signingKey() const {
  return impl_->connections->signingKey().publicKey();
}

const std::filesystem::path& Archive::signingKeyFile() const {
  return impl_->connections->signingKeyFile();
}

Result<bool> Archive::signingKeyIsNew() const {
  return impl_->read([&](auto& database) -> Result<bool> { return !isKnownKey(database, signingKey()); });
}

Result<std::vector<std::string>>
Archive::verify(const std::function<void(const VerifyProgress&)>& progress) const {
  ROMLINK_ASSIGN(Verification found, verify(Witness(), progress));
  return std::move(found.problems);
}

Result<Verification> Archive::verify(const Witness& witness,
                                     const std::function<void(const VerifyProgress&)>& progress) const {
  return guarded(
      "cannot verify the archive", impl_->connections->file().string(), [&]() -> Result<Verification> {
        ROMLINK_ASSIGN(const WrittenDown writtenDown, store::read(witness));
        const Connections::Reader reader = impl_->connections->read();
        Verification found = verifyAll(*reader, writtenDown, progress);
        if (!isKnownKey(*reader, signingKey()))
          found.notes.push_back("this archive's key has signed nothing in it: it is new, or the log was "
                                "made anew with another key");
        return found;
      });
}

} // namespace romlink::store

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
  return guarded("cannot verify the archive", impl_->connections->file().string(),
                 [&]() -> Result<Verification> {
                   ROMLINK_ASSIGN(const WrittenDown writtenDown, store::read(witness));
                   const Connections::Reader reader = impl_->connections->read();
                   return verifyAll(*reader, writtenDown, progress);
                 });
}

} // namespace romlink::store

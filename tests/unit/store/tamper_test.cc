// Somebody changes the archive on purpose: with SQL and without the triggers, digests computed again, with
// and without the key.
#include "fixture.h"
#include "rebuilt_log.h"
#include "store/record.h"

namespace romlink::store {
namespace {
namespace fs = std::filesystem;

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

class Tamper : public StoreTest {
protected:
  // Entries 0 to 7: bl2@1 to bl2@8. Heads of 0 to 8 entries.
  Tamper() {
    Archive archive = open();
    for (const char* version : {"1", "2", "3", "4", "5", "6", "7", "8"})
      ok(archive.publish(recordOf(version), {source("elf", version)}));
    head_ = ok(archive.head());
  }

  static RomRecord recordOf(const std::string& version) { return romRecord("bl2", version, version); }

  [[nodiscard]] Verification verify(const Witness& witness = {}) const {
    return ok(open().verify(witness, {}));
  }
  [[nodiscard]] std::vector<std::string> problems() const { return verify().problems; }
  [[nodiscard]] std::string contradiction(const std::string& note) const {
    return verify({note, {}}).contradiction;
  }

  // Another reason for bl2@3, with the record's digest and its entry computed again.
  void rewriteRecord() const {
    RomRecord rom = ok(open().find("bl2@3"));
    const Digest before = recordDigest(rom);
    rom.labels["stage"] = "evil";
    const std::string after = recordDigest(rom).hex();
    change("UPDATE label SET value = 'evil' WHERE rom_id = 3 AND key = 'stage';"
           "UPDATE rom SET record_digest = x'" +
           after + "' WHERE id = 3; UPDATE log_entry SET record_digest = x'" + after +
           "' WHERE record_digest = x'" + before.hex() + "'");
  }

  void useCopy(const fs::path& copy) const {
    fs::remove_all(directory());
    fs::copy(copy, directory());
  }

  SignedHead head_;
};

TEST_F(Tamper, nothingDoneIsNothingFound) {
  const Verification found = verify({head_.note(), head_.key.text()});
  EXPECT_THAT(found.problems, IsEmpty());
  EXPECT_EQ(found.contradiction, "");
  EXPECT_THAT(found.notes, IsEmpty());
  EXPECT_EQ(found.entries, 8U);
}

TEST_F(Tamper, aLogThatAnotherKeyMadeIsNoted) {
  fs::remove(directory() / "signing-key.pem");
  EXPECT_THAT(verify().notes, ElementsAre(HasSubstr("this archive's key has signed nothing in it")));
}

TEST_F(Tamper, oneHeadSignsWhatIsRecordedAtOnce) {
  Archive archive = open();
  ok(archive.signOnce([&]() -> Result<void> {
    for (const char* version : {"10", "11", "12"})
      ROMLINK_TRY(archive.publish(recordOf(version), {source("elf", version)}));
    return {};
  }));
  EXPECT_THAT(sql(database(), "SELECT size FROM signed_head WHERE size > 8"), ElementsAre("11"));
  EXPECT_THAT(problems(), IsEmpty());
  ok(archive.publish(recordOf("13"), {source("elf", "13")})); // each again
  EXPECT_THAT(sql(database(), "SELECT size FROM signed_head WHERE size > 8"), ElementsAre("11", "12"));
}

TEST_F(Tamper, olderHeadsStayTrue) {
  ok(open().publish(recordOf("9"), {source("elf", "9")}));
  EXPECT_EQ(contradiction(head_.note()), "");
}

TEST_F(Tamper, aRecordThatIsRewrittenWithItsDigestIsNamed) {
  RomRecord rom = ok(open().find("bl2@3"));
  rom.labels["stage"] = "evil";
  change("UPDATE label SET value = 'evil' WHERE rom_id = 3 AND key = 'stage';"
         "UPDATE rom SET record_digest = x'" +
         recordDigest(rom).hex() + "' WHERE id = 3");
  EXPECT_THAT(problems(), ElementsAre(AllOf(StartsWith("bl2@3: "), HasSubstr("not in the log")),
                                      AllOf(StartsWith("log entry 2: "), HasSubstr("missing or altered"))));
}

TEST_F(Tamper, aRecordThatIsRewrittenWithItsEntryIsNamed) {
  rewriteRecord();
  EXPECT_THAT(problems(), Contains(AllOf(StartsWith("signed heads of 3 to 8 entries (6): "),
                                         HasSubstr("log entry 2 (bl2@3) is not what was signed"))));
  EXPECT_THAT(contradiction(head_.note()), HasSubstr("rewritten"));
}

TEST_F(Tamper, rewritingTheWholeLogLacksTheKey) {
  rewriteRecord();
  change(repairOfTree(database()));
  EXPECT_THAT(problems(), ElementsAre(AllOf(StartsWith("signed heads of 3 to 8 entries (6): "),
                                            HasSubstr("the signature is not that of the archive's key"))));
  EXPECT_THAT(contradiction(head_.note()), HasSubstr("rewritten"));
}

TEST_F(Tamper, signingAnotherHistoryNeedsAnotherKeyOrShowsInAnOldHead) {
  const fs::path copy = folder() / "copy";
  fs::copy(directory(), copy);
  ok(open().publish(recordOf("9"), {source("elf", "nine")}));
  const SignedHead head = ok(open().head());
  useCopy(copy);
  ok(open().publish(recordOf("10"), {source("elf", "ten")}));
  EXPECT_THAT(verify({{}, head.key.text()}).contradiction, IsEmpty()) << "signed with the key";
  EXPECT_THAT(problems(), IsEmpty());
  EXPECT_THAT(contradiction(head.note()), HasSubstr("its first 9 entries are not those of the head"));
  EXPECT_EQ(contradiction(head_.note()), "") << "up to there they are one";

  useCopy(copy);
  fs::remove(directory() / "signing-key.pem");
  ok(open().publish(recordOf("10"), {source("elf", "ten")}));
  const Verification found = verify({{}, head.key.text()});
  EXPECT_THAT(found.contradiction, HasSubstr("another key"));
  EXPECT_THAT(found.notes, SizeIs(1));
  EXPECT_THAT(contradiction(head.note()), HasSubstr("rewritten"));
}

TEST_F(Tamper, truncationShowsInAnOldHead) {
  change("DELETE FROM rom WHERE id > 6; DELETE FROM log_entry WHERE position >= 6;"
         "DELETE FROM signed_head WHERE size > 6; DELETE FROM log_node WHERE (position + 1) << level > 6;"
         "DELETE FROM artifact WHERE rom_id > 6; DELETE FROM address_range WHERE rom_id > 6;"
         "DELETE FROM label WHERE rom_id > 6; DELETE FROM note WHERE rom_id > 6;"
         "DELETE FROM shared_symbol WHERE rom_id > 6");
  EXPECT_THAT(problems(), IsEmpty()) << "it is an archive of before";
  EXPECT_THAT(contradiction(head_.note()), HasSubstr("only 6 of the 8 entries"));
}

TEST_F(Tamper, aRemovedRecordIsNamed) {
  change("DELETE FROM rom WHERE id = 3; DELETE FROM artifact WHERE rom_id = 3;"
         "DELETE FROM address_range WHERE rom_id = 3; DELETE FROM label WHERE rom_id = 3;"
         "DELETE FROM note WHERE rom_id = 3; DELETE FROM shared_symbol WHERE rom_id = 3");
  EXPECT_THAT(problems(), ElementsAre(AllOf(StartsWith("log entry 2: "), HasSubstr("rom with the digest"))));
}

TEST_F(Tamper, removedEntriesAreFound) {
  const fs::path copy = folder() / "copy";
  fs::copy(directory(), copy);
  change("DELETE FROM log_entry WHERE position = 3");
  EXPECT_THAT(problems(), AllOf(Contains("log entry 3: it is missing"),
                                Contains(AllOf(StartsWith("bl2@4: "), HasSubstr("not in the log")))));
  EXPECT_NE(contradiction(head_.note()), "");
  useCopy(copy);
  change("DELETE FROM log_entry WHERE position = 7");
  EXPECT_THAT(problems(), AllOf(Contains("signed head of 8 entries: the log has 7 readable entries only"),
                                Contains(AllOf(StartsWith("bl2@8: "), HasSubstr("not in the log")))));
  EXPECT_THAT(contradiction(head_.note()), HasSubstr("only 7 of the 8"));
}

TEST_F(Tamper, swappedEntriesAreNamed) {
  change("CREATE TEMP TABLE two AS SELECT position, record_digest FROM log_entry WHERE position IN (1, 5);"
         "UPDATE log_entry SET record_digest = (SELECT record_digest FROM two WHERE position = 6 - "
         "log_entry.position)"
         " WHERE position IN (1, 5)");
  EXPECT_THAT(problems(), Contains(AllOf(StartsWith("signed heads of 2 to 8 entries"),
                                         HasSubstr("log entry 1 (bl2@6) is not what was signed"))));
}

TEST_F(Tamper, aRecordInsertedPastTheTriggersIsNamed) {
  RomRecord rom = recordOf("9");
  rom.artifacts = {{"elf", "elf.bin", 1, sha256Of(std::string_view("1"))}};
  change(
      "INSERT INTO rom SELECT 9, x'" + rom.imageHash.hex() +
      "', name, '9', build_id, image_size, entry, architecture, function_count, object_count, published_at,"
      " zeroblob(32) FROM rom WHERE id = 1");
  EXPECT_THAT(problems(), Contains(AllOf(StartsWith("bl2@9: "), HasSubstr("not in the log"))));
}

TEST_F(Tamper, aRecordInsertedWithSqlIsLoggedAndSignedWithTheNext) {
  sql(database(), "INSERT INTO withdrawal VALUES (3, 0, 'warn', 'x', '', zeroblob(32))");
  EXPECT_THAT(problems(), Contains(AllOf(StartsWith("log entry 8: no signed head covers them"),
                                         HasSubstr("bl2@3 withdrawal 0"))));
  ok(open().publish(recordOf("9"), {source("elf", "9")}));
  EXPECT_THAT(problems(), Not(Contains(HasSubstr("no signed head"))));
  EXPECT_THAT(problems(), Contains(StartsWith("bl2@3 withdrawal 0: ")));
}

TEST_F(Tamper, damagedRowsOfTheLogAreNamed) {
  const fs::path copy = folder() / "copy";
  fs::copy(directory(), copy);
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"UPDATE log_node SET hash = zeroblob(32) WHERE level = 2 AND position = 1", "log node 2/1: "},
      {"DELETE FROM log_node WHERE level = 1 AND position = 2", "log node 1/2: it is missing"},
      {"INSERT INTO log_node VALUES (5, 0, zeroblob(32))", "log_node: "},
      {"UPDATE log_node SET position = 9 WHERE level = 1 AND position = 2", "log node 1/2: it is missing"},
      {"UPDATE signed_head SET root = zeroblob(32) WHERE size = 4", "signed head of 4 entries: neither"},
      {"UPDATE signed_head SET signature = zeroblob(64) WHERE size = 4",
       "signed head of 4 entries: the signature"},
      {"UPDATE signed_head SET key_id = 7 WHERE size = 4", "signed head of 4 entries: the signature"},
      {"DELETE FROM signed_head WHERE size = 8", "log entry 7: no signed head"},
      {"DELETE FROM signed_head", "signed heads: there is none"},
      {"UPDATE signing_key SET public_key = zeroblob(32)",
       "signed heads of 0 to 8 entries (9): the signature"},
      {"DELETE FROM signing_key", "signed heads of 0 to 8 entries (9): the signature"},
      {"INSERT INTO signing_key VALUES (2, zeroblob(32))", "signing key 2: no head"},
      {"UPDATE archive_identity SET identity = zeroblob(16)",
       "signed heads of 0 to 8 entries (9): the signature"},
      {"DELETE FROM archive_identity", "archive_identity: its row is missing"},
      {"UPDATE log_entry SET kind = 'row' WHERE position = 3", "bl2@4: the record is not in the log"},
      {"UPDATE log_entry SET record_digest = x'00' WHERE position = 3", "log entry 3: it is missing"},
      {"UPDATE address_range SET position = 7 WHERE rom_id = 2 AND kind = 'flash' AND position = 1",
       "bl2@2 flash ranges: "},
      {"UPDATE note SET position = 7 WHERE rom_id = 2 AND position = 1", "bl2@2 notes: "},
      {"UPDATE rom SET entry = entry + 4294967296 WHERE id = 2", "bl2@2: a number"}};
  for (const auto& [statement, problem] : cases) {
    SCOPED_TRACE(statement);
    useCopy(copy);
    change(statement);
    EXPECT_THAT(ok(open().verify({})), Contains(StartsWith(problem)));
  }
}

TEST_F(Tamper, nothingIsAddedToADamagedLog) {
  for (const char* statement :
       {"UPDATE signed_head SET root = zeroblob(32) WHERE size = 8",
        "DELETE FROM log_entry WHERE position = 7", "UPDATE log_node SET hash = zeroblob(32) WHERE level = 3",
        "DELETE FROM log_node WHERE level = 3", "DELETE FROM signed_head"}) {
    SCOPED_TRACE(statement);
    const fs::path copy = folder() / "copy";
    fs::remove_all(copy);
    fs::copy(directory(), copy);
    change(statement);
    const auto published = open().publish(recordOf("9"), {source("elf", "9")});
    ASSERT_FALSE(published);
    EXPECT_EQ(published.error().code, ErrorCode::Damaged);
    EXPECT_THAT(published.error().hint, HasSubstr("archive verify"));
    EXPECT_FALSE(open().find("bl2@9"));
    EXPECT_EQ(ok(open().find("bl2@3")).name, "bl2") << "what is there can be read";
    useCopy(copy);
  }
}

TEST_F(Tamper, anotherArchivesHeadIsTold) {
  const Archive other = ok(Archive::open(folder() / "other"));
  EXPECT_THAT(contradiction(ok(other.head()).note()), HasSubstr("the head of another archive"));
  EXPECT_THAT(verify({{}, ok(other.head()).key.text()}).contradiction, HasSubstr("another archive"));
}

TEST_F(Tamper, aForgedHeadIsTold) {
  const SigningKey other = ok(SigningKey::generate());
  const std::string text = head_.head.text();
  EXPECT_THAT(contradiction(signNote(text, head_.key.name, other)),
              HasSubstr("not signed with a key of this"));
  EXPECT_THAT(contradiction(signNote(text, "somebody", other)), HasSubstr("not signed with a key of this"));
  EXPECT_THAT(verify({signNote(text, head_.key.name, other), head_.key.text()}).contradiction,
              HasSubstr("not signed with this public key"));
  LogHead altered = head_.head;
  altered.size = 7;
  EXPECT_THAT(contradiction(noteOf(altered.text(), head_.key, head_.signature)),
              HasSubstr("does not verify"));
}

TEST_F(Tamper, whatIsNoHeadIsMalformed) {
  for (const Witness& bad : {Witness{"hello", {}}, Witness{{}, "hello"}, Witness{head_.head.text(), {}},
                             Witness{signNote("a\nb\nc\n", "x", ok(SigningKey::generate())), {}}}) {
    const auto verified = open().verify(bad, {});
    ASSERT_FALSE(verified);
    EXPECT_EQ(verified.error().code, ErrorCode::Malformed);
  }
}

} // namespace
} // namespace romlink::store

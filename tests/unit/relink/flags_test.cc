// Flags of real objects, of gcc and clang, against a real ROM: for each flag which symbols it keeps local,
// and that it keeps no others. What cannot be read or contradicts itself is said.

#include "fixture.h"
#include "relink/compat/flags.h"
#include "relink/compat/rom_flags.h"
#include "relink/relinker.h"
#include "romlink/worker/rom_index.pb.h"

#include <algorithm>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace romlink::relink {
namespace {

using romlink::v1::FlagDifference;
using romlink::v1::LinkReport;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr const char* kGcc = "arm-none-eabi-gcc -mcpu=cortex-m33 -mthumb -Os -g -ffreestanding ";
constexpr const char* kClang = "clang-19 --target=arm-none-eabi -mcpu=cortex-m33 -Os -g -ffreestanding ";
/// The same with everything recorded.
constexpr const char* kClangRecorded =
    "clang-19 --target=arm-none-eabi -mcpu=cortex-m33 -Os -g -ffreestanding -grecord-command-line ";

constexpr const char* kLld = "ld.lld-19 --image-base=0x10000000 -z max-page-size=4";

/// Types that were compared and found the same, or not: what a flag sees of a symbol.
TypeVerdict typesWith(void (*set)(Crossing&),
                      TypeVerdict::Outcome outcome = TypeVerdict::Outcome::Different) {
  TypeVerdict types;
  types.outcome = outcome;
  types.crossing.known = true;
  set(types.crossing);
  return types;
}
const TypeVerdict kInt = typesWith([](Crossing& /*nothing*/) {}, TypeVerdict::Outcome::Same);
const TypeVerdict kEnum = typesWith([](Crossing& c) { c.enumeration = true; });
const TypeVerdict kSameEnum =
    typesWith([](Crossing& c) { c.enumeration = true; }, TypeVerdict::Outcome::Same);
const TypeVerdict kWide = typesWith([](Crossing& c) { c.wideCharacter = true; });
const TypeVerdict kFloat = typesWith([](Crossing& c) { c.floatingPoint = true; }, TypeVerdict::Outcome::Same);
const TypeVerdict kTime = typesWith([](Crossing& c) { c.time = true; });
const TypeVerdict kAggregate = typesWith([](Crossing& c) { c.aggregate = true; }, TypeVerdict::Outcome::Same);
const TypeVerdict kDifferent = typesWith([](Crossing& /*nothing*/) {});
const TypeVerdict kDoubleWord =
    typesWith([](Crossing& c) { c.doubleWord = true; }, TypeVerdict::Outcome::Same);

class Flags : public testing::Test {
protected:
  Flags() { workshop.write("f.c", "enum e { A, B };\nint f(enum e x) { return x + 1; }\n"); }

  /// Compiles f.c to NAME.o.
  void compile(const std::string& name, const std::string& command) {
    workshop.run(command + " -c f.c -o " + name + ".o");
  }
  /// Links objects to the ROM and inspects it, with the owner's record if there is one.
  Result<RomAnswer> inspect(const std::string& objects, const std::string& record = {},
                            const std::string& linker = kLld) {
    workshop.run(linker + " -e 0 " + objects + " -o rom.elf");
    RomQuestion question;
    question.elf = workshop.folder() / "rom.elf";
    if (!record.empty()) {
      workshop.write("flags.txt", record);
      question.flags = workshop.folder() / "flags.txt";
    }
    return inspectRom(question);
  }
  void rom(const std::string& objects, const std::string& record = {}, const std::string& linker = kLld) {
    answer = inspect(objects, record, linker).value();
    rom_.emplace(RomImage::parse(asBytes(answer.index), "rom.index", {}).value());
  }
  void romOf(const std::string& command) {
    compile("rom", command);
    rom("rom.o");
  }
  /// Adds an object of the firmware.
  void object(const std::string& name) {
    contents.push_back(std::make_unique<std::vector<std::uint8_t>>(workshop.read(name)));
    objectOf(name, *contents.back());
  }
  void objectOf(const std::string& name, Bytes content) {
    auto made = std::make_shared<ObjectFile>();
    made->name = name;
    made->elf = ElfImage::read(content, name).value();
    LiveSection live;
    live.object = made;
    firmware.sections.push_back(live);
  }
  void firmwareOf(const std::string& command) {
    compile("fw", command);
    firmware.sections.clear();
    object("fw.o");
  }
  [[nodiscard]] FlagComparison compare() const { return {firmware, *rom_}; }
  [[nodiscard]] std::string objection(const TypeVerdict& types) const {
    return compare().objection(*firmware.sections.front().object, types).value_or("");
  }
  [[nodiscard]] std::string unlessProved() const {
    return compare().objectionUnlessProved(*firmware.sections.front().object).value_or("");
  }
  [[nodiscard]] LinkReport report() const {
    LinkReport made;
    compare().report(made);
    return made;
  }
  /// "CODE message" of each finding.
  [[nodiscard]] std::vector<std::string> findings() const {
    std::vector<std::string> lines;
    const LinkReport made = report();
    for (const auto& finding : made.findings())
      lines.push_back(finding.code() + ' ' + finding.message());
    return lines;
  }
  [[nodiscard]] std::vector<std::string> differences() const {
    std::vector<std::string> lines;
    const LinkReport made = report();
    for (const auto& difference : made.flag_differences())
      lines.push_back(fmt::format("{}: {} | {}", difference.name(), difference.rom(), difference.firmware()));
    return lines;
  }
  /// "VALUE [SOURCE]", as audits show it.
  [[nodiscard]] std::string shown(std::string_view flag) const {
    for (const auto& row : describeFlags(rom_->flags()))
      if (row.name() == flag)
        return row.value() + " [" + row.source() + "]";
    return "not shown";
  }

  Workshop workshop;
  RomAnswer answer;
  std::optional<RomImage> rom_;
  Firmware firmware;
  std::vector<std::unique_ptr<std::vector<std::uint8_t>>> contents;
};

TEST_F(Flags, TheSameFlagsObjectToNothing) {
  for (const char* compiler : {kGcc, kClang, kClangRecorded}) {
    romOf(compiler);
    firmwareOf(compiler);
    for (const TypeVerdict* types : {&kInt, &kEnum, &kWide, &kFloat, &kTime, &kAggregate, &kDoubleWord})
      EXPECT_EQ(objection(*types), "");
    EXPECT_EQ(unlessProved(), "");
    EXPECT_THAT(differences(), IsEmpty());
    EXPECT_THAT(findings(), IsEmpty());
  }
}

TEST_F(Flags, EnumSizeTouchesEnumerations) {
  // gcc's default for Arm's ABI is the variable size, clang's is int.
  const struct {
    std::string rom;
    std::string firmware;
  } kPairs[] = {{kGcc, kClang},
                {kClang, kGcc},
                {kGcc, std::string(kGcc) + "-fno-short-enums"},
                {kClang, std::string(kClang) + "-fshort-enums"}};
  for (const auto& pair : kPairs) {
    romOf(pair.rom);
    firmwareOf(pair.firmware);
    EXPECT_THAT(objection(kEnum), HasSubstr("Tag_ABI_enum_size: ROM "));
    EXPECT_EQ(objection(kSameEnum), "") << "whose values need 4 bytes anyway";
    EXPECT_EQ(objection(kInt), "");
    EXPECT_EQ(objection(kWide), "");
    EXPECT_EQ(objection(TypeVerdict()), "") << "types are not known";
    EXPECT_THAT(findings(), Contains(StartsWith("FLAGS_DIFFER Tag_ABI_enum_size: ROM ")));
  }
  romOf(kGcc);
  firmwareOf(kGcc + std::string("-fno-short-enums"));
  EXPECT_EQ(objection(kEnum), "Tag_ABI_enum_size: ROM variable (-fshort-enums), firmware int "
                              "(-fno-short-enums): enumerations have other sizes");
}

/// A ROM and a firmware that differ in one option.
struct OneFlag {
  const char* compiler;
  const char* rom;
  const char* firmware;
  const char* flag;
  FlagDifference::Effect effect;
  const TypeVerdict* touched; ///< nullptr: every call
};
std::ostream& operator<<(std::ostream& out, const OneFlag& row) {
  return out << row.rom << " against " << row.firmware;
}

class EachFlag : public Flags, public testing::WithParamInterface<OneFlag> {};

TEST_P(EachFlag, TouchesWhatItBreaks) {
  const OneFlag& row = GetParam();
  romOf(std::string(row.compiler) + row.rom);
  firmwareOf(std::string(row.compiler) + row.firmware);
  const std::string begin = std::string(row.flag) + ": ROM ";
  for (const TypeVerdict* types :
       {&kInt, &kSameEnum, &kEnum, &kWide, &kFloat, &kTime, &kAggregate, &kDoubleWord, &kDifferent}) {
    const bool ofTypes = row.touched == &kDifferent && types->outcome == TypeVerdict::Outcome::Different;
    const bool broken = row.effect == FlagDifference::BREAKS_EVERY_CALL || types == row.touched || ofTypes;
    EXPECT_EQ(objection(*types).starts_with(begin), broken) << objection(*types);
  }
  // Breaks some calls, but no type tells which: those of code that is not proved.
  const bool unproved = row.effect == FlagDifference::BREAKS_SOME_CALLS && row.touched == nullptr;
  EXPECT_EQ(unlessProved().starts_with(begin), unproved) << unlessProved();
  const LinkReport made = report();
  const auto difference = std::find_if(made.flag_differences().begin(), made.flag_differences().end(),
                                       [&](const FlagDifference& entry) { return entry.name() == row.flag; });
  ASSERT_NE(difference, made.flag_differences().end());
  EXPECT_EQ(difference->effect(), row.effect);
  EXPECT_THAT(difference->objects(), ElementsAre("fw.o"));
  EXPECT_NE(difference->rom(), difference->firmware());
  EXPECT_FALSE(difference->detail().empty());
}

constexpr auto kEvery = FlagDifference::BREAKS_EVERY_CALL;
constexpr auto kSome = FlagDifference::BREAKS_SOME_CALLS;
constexpr auto kHarmless = FlagDifference::HARMLESS;
constexpr const char* kHard = "-mfloat-abi=hard -mfpu=fpv5-sp-d16";
constexpr const char* kSoftfp = "-mfloat-abi=softfp -mfpu=fpv5-sp-d16";

INSTANTIATE_TEST_SUITE_P(
    RealCompilers, EachFlag,
    testing::Values(
        OneFlag{kGcc, "", "-ffixed-r9", "Tag_ABI_PCS_R9_use", kEvery, nullptr},
        OneFlag{kClang, "", "-ffixed-r9", "Tag_ABI_PCS_R9_use", kEvery, nullptr},
        OneFlag{kClang, "-frwpi", "", "Tag_ABI_PCS_R9_use", kEvery, nullptr},
        OneFlag{kGcc, "", "-msingle-pic-base -fpic", "Tag_ABI_PCS_R9_use", kEvery, nullptr},
        OneFlag{kGcc, "-ffixed-r8", "", "-ffixed-REG", kEvery, nullptr},
        OneFlag{kGcc, "-mabi=apcs-gnu", "", "-mabi", kEvery, nullptr},
        OneFlag{kGcc, "", "-mabi=atpcs", "-mabi", kEvery, nullptr},
        OneFlag{kGcc, "", "-march=armv7-a -mcpu=cortex-a7", "Tag_CPU_arch_profile", kEvery, nullptr},
        OneFlag{kGcc, "-mcpu=cortex-m4 -mfloat-abi=softfp -mfp16-format=alternative",
                "-mcpu=cortex-m4 -mfloat-abi=softfp -mfp16-format=ieee", "Tag_ABI_FP_16bit_format", kSome,
                &kFloat},
        OneFlag{kGcc, kHard, "-mfloat-abi=soft", "Tag_ABI_VFP_args", kSome, &kFloat},
        OneFlag{kGcc, kSoftfp, kHard, "Tag_ABI_VFP_args", kSome, &kFloat},
        OneFlag{kClang, kHard, kSoftfp, "Tag_ABI_VFP_args", kSome, &kFloat},
        OneFlag{kGcc, "", "-fshort-wchar", "Tag_ABI_PCS_wchar_t", kSome, &kWide},
        OneFlag{kClang, "-fshort-wchar", "", "Tag_ABI_PCS_wchar_t", kSome, &kWide},
        OneFlag{kClangRecorded, "-D_TIME_BITS=64", "-D _TIME_BITS=32", "_TIME_BITS", kSome, &kTime},
        OneFlag{kGcc, "", "-fpack-struct=2", "-fpack-struct", kSome, &kDifferent},
        OneFlag{kClangRecorded, "-fpack-struct=1", "", "-fpack-struct", kSome, &kDifferent},
        OneFlag{kGcc, "", "-fsigned-char", "-fsigned-char", kSome, &kDifferent},
        OneFlag{kGcc, "-fpcc-struct-return", "", "-fpcc-struct-return", kSome, &kAggregate},
        OneFlag{kGcc, kSoftfp, "-mfloat-abi=soft", "Tag_FP_arch", kSome, nullptr},
        OneFlag{kClang, "", "-march=armv8.1-m.main+pacbti -mbranch-protection=bti", "Tag_BTI_use", kSome,
                nullptr},
        OneFlag{kClang, "", "-march=armv8.1-m.main+pacbti -mbranch-protection=pac-ret", "Tag_PACRET_use",
                kSome, nullptr},
        OneFlag{kClang, "-march=armv8.1-m.main+mve.fp+fp.dp -mfloat-abi=hard",
                "-march=armv8.1-m.main+fp.dp -mfloat-abi=hard", "Tag_MVE_arch", kSome, nullptr},
        OneFlag{kGcc, "-mcmse", "", "-mcmse", kSome, nullptr},
        OneFlag{kGcc, "", "-fstack-protector-strong", "-fstack-protector", kSome, nullptr},
        OneFlag{kGcc, "", "-mpure-code", "-mpure-code", kSome, nullptr},
        OneFlag{kClangRecorded, "", "-mexecute-only", "-mpure-code", kSome, nullptr},
        OneFlag{kClang, "", "-mno-unaligned-access", "Tag_CPU_unaligned_access", kSome, nullptr},
        OneFlag{kGcc, "-ffast-math", "", "-ffast-math", kSome, nullptr},
        OneFlag{kGcc, "-Ofast", "", "-ffast-math", kSome, nullptr},
        OneFlag{kGcc, "", "-fno-associative-math -O2 -Ofast", "-ffast-math", kSome, nullptr},
        OneFlag{kClangRecorded, "-Ofast", "-O2", "-ffast-math", kSome, nullptr},
        OneFlag{kGcc, "-fassociative-math -fno-signed-zeros -fno-trapping-math", "", "-ffast-math", kSome,
                nullptr},
        OneFlag{kGcc, "", "-freciprocal-math", "-ffast-math", kSome, nullptr},
        OneFlag{kGcc, "-ffinite-math-only", "-ffast-math", "-ffast-math", kSome, nullptr},
        OneFlag{kGcc, "-fsingle-precision-constant", "", "-ffast-math", kSome, nullptr},
        OneFlag{kClangRecorded, "-ffp-model=fast", "", "-ffast-math", kSome, nullptr},
        OneFlag{kClangRecorded, "-fapprox-func", "", "-ffast-math", kSome, nullptr},
        OneFlag{kGcc, kHard, "-mfloat-abi=hard -mfpu=fpv5-sp-d16 -ffp-contract=off", "-ffp-contract", kSome,
                nullptr},
        OneFlag{kClangRecorded, "-mfloat-abi=hard -ffp-contract=fast", "-mfloat-abi=hard", "-ffp-contract",
                kSome, nullptr},
        OneFlag{kGcc, "", "-frounding-math", "-frounding-math", kSome, nullptr},
        OneFlag{kGcc, "", "-fwrapv", "-fwrapv", kSome, nullptr},
        OneFlag{kClangRecorded, "", "-fno-strict-overflow", "-fwrapv", kSome, nullptr},
        OneFlag{kGcc, "-fwrapv", "-ftrapv", "-fwrapv", kSome, nullptr},
        OneFlag{kGcc, "", "-fno-strict-aliasing", "-fno-strict-aliasing", kSome, nullptr},
        OneFlag{kClangRecorded, "", "-fno-delete-null-pointer-checks", "-fno-delete-null-pointer-checks",
                kSome, nullptr},
        OneFlag{kGcc, "", "-mfix-cortex-m3-ldrd", "-mfix-cortex-m3-ldrd", kSome, nullptr},
        OneFlag{kGcc, "-mcpu=cortex-m3 -mno-fix-cortex-m3-ldrd", "-mcpu=cortex-m3", "-mfix-cortex-m3-ldrd",
                kSome, nullptr},
        OneFlag{kGcc, "-mno-fix-cortex-m3-ldrd -mcpu=cortex-m3", "-mcpu=cortex-m3", "-mfix-cortex-m3-ldrd",
                kSome, nullptr},
        OneFlag{kGcc, "-mno-fix-cmse-cve-2021-35465", "", "-mfix-cmse-cve-2021-35465", kSome, nullptr},
        OneFlag{kGcc, "-mcpu=cortex-m3", "", "Tag_CPU_arch", kHarmless, nullptr},
        OneFlag{kGcc, "-O2", "-Os", "-O", kHarmless, nullptr},
        OneFlag{kGcc, "", "-flto -ffat-lto-objects", "-flto", kHarmless, nullptr}));

TEST_F(Flags, WhatOnlyOneSideNeedsDoesNoHarm) {
  const struct {
    std::string rom;
    std::string firmware;
    std::string flag;
  } kPairs[] = {
      {std::string(kClang) + "-march=armv8.1-m.main+pacbti -mbranch-protection=standard",
       std::string(kClang) + "-march=armv8.1-m.main", "Tag_BTI_use"},
      {std::string(kGcc) + "-fstack-protector", kGcc, "-fstack-protector"},
      {std::string(kGcc) + "-mpure-code", kGcc, "-mpure-code"},
      {std::string(kGcc) + "-mfloat-abi=soft", std::string(kGcc) + "-mfloat-abi=softfp -mfpu=fpv5-sp-d16",
       "Tag_FP_arch"},
      {std::string(kGcc) + "-fno-strict-aliasing", kGcc, "-fno-strict-aliasing"},
      {std::string(kGcc) + "-frounding-math", kGcc, "-frounding-math"},
  };
  for (const auto& pair : kPairs) {
    romOf(pair.rom);
    firmwareOf(pair.firmware);
    EXPECT_EQ(unlessProved(), "");
    EXPECT_THAT(findings(), IsEmpty());
    const LinkReport made = report();
    EXPECT_TRUE(std::any_of(made.flag_differences().begin(), made.flag_differences().end(),
                            [&](const FlagDifference& entry) {
                              return entry.name() == pair.flag && entry.effect() == FlagDifference::HARMLESS;
                            }));
  }
}

/// What builds commonly differ in without meaning floating point, and options that a later one takes back.
TEST_F(Flags, WhatLeavesArithmeticAloneIsNoDifference) {
  const std::string gcc = std::string(kGcc) + kHard + ' ';
  const std::string clang = std::string(kClangRecorded) + "-fshort-enums " + kHard + ' ';
  const struct {
    std::string rom;
    std::string firmware;
  } kPairs[] = {
      {gcc, clang},
      {clang, gcc},
      {gcc + "-O0", gcc + "-O3"},
      {clang + "-O0", gcc + "-O3"},
      {gcc + "-Ofast", clang + "-Ofast"},
      {clang + "-ffast-math", gcc + "-O3 -ffast-math"},
      {gcc + "-Ofast -O2", gcc},
      {gcc + "-ffast-math -fno-fast-math", gcc},
      {gcc + "-fno-fast-math -Ofast", gcc},
      {clang + "-fno-fast-math -Ofast", clang + "-ffast-math"},
      {gcc + "-std=c99", gcc + "-std=gnu17"},
      {gcc + "-std=c99", gcc + "-ffp-contract=off"},
      {gcc + "-ffp-contract=fast", gcc},
      {clang + "-ffp-contract=on", gcc},
      {std::string(kGcc) + "-ffp-contract=off", kGcc}, // without a floating-point unit
      {gcc + "-fno-trapping-math", gcc + "-ftrapping-math"},
      {gcc + "-fno-math-errno", gcc}, // as newlib compiles frexp(), which printf() calls
      {gcc + "-fwrapv -fno-wrapv", gcc + "-fstrict-aliasing"},
  };
  for (const auto& pair : kPairs) {
    romOf(pair.rom);
    firmwareOf(pair.firmware);
    EXPECT_EQ(unlessProved(), "") << pair.rom << " against " << pair.firmware;
  }
}

TEST_F(Flags, AnotherCompilerIsANote) {
  romOf(kGcc);
  firmwareOf(std::string(kClang) + "-fshort-enums");
  EXPECT_THAT(findings(),
              ElementsAre(testing::MatchesRegex(
                  "COMPILER_DIFFERS the firmware has code of clang 19[0-9.]*, the ROM of gcc [0-9.]+")));
  for (const TypeVerdict* types : {&kInt, &kEnum, &kFloat})
    EXPECT_EQ(objection(*types), "");
}

TEST_F(Flags, AssemblerCodeSaysLittleAndObjectsToNothing) {
  romOf(kGcc);
  workshop.run("printf '.syntax unified\\n.thumb\\n.globl g\\ng: bx lr\\n' > g.s && "
               "arm-none-eabi-as -mcpu=cortex-m33 g.s -o fw.o && arm-none-eabi-objcopy -R .ARM.attributes "
               "fw.o none.o");
  object("fw.o");
  object("none.o");
  EXPECT_EQ(objection(kEnum), "");
  EXPECT_EQ(unlessProved(), "");
  EXPECT_THAT(findings(),
              ElementsAre("FLAGS_UNKNOWN 1 object without build attributes, flags not compared: none.o"));
}

TEST_F(Flags, WhatTheLinkerLostIsNotAssumed) {
  // lld keeps the attributes of the first object, here an assembler's.
  compile("c", std::string(kGcc) + "-gno-record-gcc-switches");
  workshop.run("printf '.syntax unified\\n.thumb\\n.globl g\\ng: bx lr\\n' > g.s && arm-none-eabi-as "
               "-mcpu=cortex-m33 g.s -o g.o");
  rom("g.o c.o");
  EXPECT_EQ(shown("Tag_ABI_enum_size"), " [not known]");
  EXPECT_THAT(answer.notes,
              Contains(HasSubstr("flags that nothing tells: Tag_ABI_VFP_args, Tag_ABI_enum_size, "
                                 "Tag_ABI_PCS_wchar_t: attach")));
  firmwareOf(kClang);
  EXPECT_EQ(objection(kEnum), "");
  EXPECT_THAT(findings(), Contains("FLAGS_UNKNOWN not known of the ROM and not compared: Tag_ABI_VFP_args, "
                                   "Tag_ABI_enum_size, Tag_ABI_PCS_wchar_t"));
  // The owner's record tells it.
  rom("g.o c.o", "# boot ROM 1\n-mcpu=cortex-m33\n-fshort-enums -fno-short-wchar -mfloat-abi=soft\n");
  EXPECT_EQ(shown("Tag_ABI_enum_size"), "variable (-fshort-enums) [published flags]");
  EXPECT_THAT(objection(kEnum), StartsWith("Tag_ABI_enum_size: ROM variable (-fshort-enums), firmware int"));
  EXPECT_THAT(answer.notes, Not(Contains(HasSubstr("nothing tells"))));
  // And so does a compile unit with its flags.
  compile("c", std::string(kGcc) + "-fshort-enums");
  rom("g.o c.o");
  EXPECT_EQ(shown("Tag_ABI_enum_size"), "variable (-fshort-enums) [DW_AT_producer]");
  EXPECT_EQ(shown("Tag_ABI_VFP_args"), "core registers (soft, softfp) [DW_AT_producer]");
}

TEST_F(Flags, GnuLdKeepsWhatItsObjectsAgreeOn) {
  compile("c", kGcc);
  workshop.run("printf '.syntax unified\\n.thumb\\n.globl g\\ng: bx lr\\n' > g.s && arm-none-eabi-as "
               "-mcpu=cortex-m33 g.s -o g.o");
  rom("g.o c.o", {}, "arm-none-eabi-ld -Ttext 0x10000000");
  EXPECT_EQ(shown("Tag_ABI_enum_size"), "variable (-fshort-enums) [.ARM.attributes]");
  EXPECT_EQ(shown("Tag_ABI_align_preserved"), "8 bytes, needed [.ARM.attributes]");
}

TEST_F(Flags, ContradictionsAreSaidAndBothCount) {
  compile("rom", kGcc);
  rom("rom.o", "-fno-short-enums\n");
  EXPECT_THAT(
      answer.notes,
      Contains("contradictory flags: Tag_ABI_enum_size is int (-fno-short-enums) (published flags) and "
               "variable (-fshort-enums) (.ARM.attributes): links compare with both"));
  firmwareOf(kGcc);
  EXPECT_THAT(objection(kEnum),
              StartsWith("Tag_ABI_enum_size: ROM int (-fno-short-enums), firmware variable"));
  firmwareOf(kClang);
  EXPECT_THAT(objection(kEnum), StartsWith("Tag_ABI_enum_size: ROM variable (-fshort-enums), firmware int"));
  // Two objects inside the ROM: lld keeps the attributes of the first, the second's flags are in its DWARF.
  workshop.write("f.c", "int g(int x) { return x; }\n");
  compile("other", std::string(kGcc) + "-fno-short-enums");
  rom("rom.o other.o");
  EXPECT_THAT(answer.notes, Contains(StartsWith("contradictory flags: Tag_ABI_enum_size is int")));
}

TEST_F(Flags, RecordedCommandLinesAreRead) {
  romOf(std::string(kClang) + "-g0 -frecord-command-line -fpack-struct=4");
  EXPECT_EQ(shown("-fpack-struct"), "4 bytes [.GCC.command.line]");
  romOf(std::string(kGcc) + "-g0 -frecord-gcc-switches -mcmse");
  EXPECT_EQ(shown("-mcmse"), "yes [.GCC.command.line]");
  EXPECT_EQ(shown("-fpack-struct"), "natural [.GCC.command.line]");
}

TEST_F(Flags, ACompilationDatabaseIsRead) {
  compile("rom", kClang);
  rom("rom.o", R"([{"directory": "/x", "file": "a.c", "command": "clang -mcmse -c \"a b.c\""},
                   {"directory": "/x", "file": "b.c", "arguments": ["clang", "-mcmse", "-fstack-protector"]}])");
  EXPECT_EQ(shown("-mcmse"), "yes [published flags]");
  EXPECT_EQ(shown("-fstack-protector"),
            "no (published flags) and some functions (published flags) [published flags]");
  EXPECT_EQ(shown("-fpack-struct"), "natural [published flags]");
  rom("rom.o", R"([{"file": "a.c", "command": "clang @options a.c"}])");
  EXPECT_EQ(shown("-fpack-struct"), "not shown") << "the response file may have it";
  EXPECT_THAT(answer.notes, Contains("published flags: options in response files are not known: @options"));
  firmwareOf(kClang);
  EXPECT_THAT(findings(), Contains("FLAGS_UNKNOWN ROM: published flags: options in response files are not "
                                   "known: @options"));
  rom("rom.o", "-mcmse @a @e\n@b @c @d\n");
  EXPECT_EQ(shown("-mcmse"), "yes [published flags]");
  EXPECT_THAT(answer.notes,
              Contains("published flags: options in response files are not known: @a, @b, @c and 2 more"));
  rom("rom.o", R"([{"file": "a.S", "command": "ccache gcc -c a.S"},
                   {"file": "a.c", "command": "ccache arm-none-eabi-gcc -Ofast -fpack-struct -c a.c"}])");
  EXPECT_EQ(shown("-ffast-math"), "yes [published flags]") << "an assembler's options say nothing";
  EXPECT_EQ(shown("-ffp-contract"), "the compiler's default [published flags]");
  rom("rom.o", R"([{"file": "a.c", "command": "arm-none-eabi-gcc -mcpu=cortex-m3 -mcpu=cortex-m4 -c a.c"}])");
  EXPECT_EQ(shown("-mfix-cortex-m3-ldrd"), "no [published flags]") << "the last processor counts";
  rom("rom.o", R"([{"file": "a.c", "command": "arm-none-eabi-gcc -mcpu=cortex-m4 -mcpu=cortex-m3 -c a.c"}])");
  EXPECT_EQ(shown("-mfix-cortex-m3-ldrd"), "yes [published flags]");
  rom("rom.o", R"([{"file": "a.c", "command": "build.py -mcmse -c a.c"}])");
  EXPECT_EQ(shown("-mcmse"), "yes [published flags]");
  EXPECT_EQ(shown("-fpack-struct"), "not shown") << "its other options may have other names";
}

TEST_F(Flags, UnreadableRecordsAreErrorsWithTheirPlace) {
  compile("rom", kGcc);
  const auto expect = [&](const std::string& record, const char* where, const char* why) {
    const auto refused = inspect("rom.o", record);
    ASSERT_FALSE(refused.has_value()) << record;
    EXPECT_EQ(refused.error().code, ErrorCode::Malformed);
    EXPECT_EQ(refused.error().what, "cannot read the published flags");
    EXPECT_EQ(refused.error().where, where);
    EXPECT_THAT(refused.error().why, HasSubstr(why));
    EXPECT_THAT(refused.error().hint, HasSubstr("compile_commands.json"));
  };
  expect("-Os\n\nhello world\n", "flags.txt:3", "no compiler option");
  expect(std::string("-Os\0-g", 6), "flags.txt", "binary");
  expect("\xff\xfe-Os", "flags.txt", "binary");
  expect(" \n", "flags.txt", "empty");
  expect("# only\n# comments\n", "flags.txt", "no compiler option");
  expect("-Os\nrm -rf /\n", "flags.txt:2", "'rm' is no compiler");
  expect("[{", "flags.txt", "");
  expect("[]", "flags.txt", "no entry");
  expect(std::string(2'000'000, '['), "flags.txt", "nested deeper than 64 levels");
  expect("[{\"a\": \"\\\"[" + std::string(100, '{') + "\"}]", "flags.txt: entry 1", "neither");
  expect(R"([{"command": ""}])", "flags.txt: entry 1", "no compiler option in its command");
  expect(R"([{"command": "gcc"}])", "flags.txt: entry 1", "no compiler option in its command");
  expect(R"([{"arguments": []}])", "flags.txt: entry 1", "no compiler option in its command");
  expect(R"([{"arguments": ["-Os", "gcc"]}])", "flags.txt: entry 1", "'-Os' is no compiler");
  expect("{}", "flags.txt", "no array");
  expect("[1]", "flags.txt: entry 1", "no object");
  expect("[{}]", "flags.txt: entry 1", "neither");
  expect(R"([{"arguments": [1]}])", "flags.txt: entry 1", "no text");
}

/// Every damage of the attributes' bytes is a finding or a reading, never a crash; where they cannot be read
/// nothing is taken from them.
TEST_F(Flags, DamagedAttributesAreSaid) {
  romOf(kGcc);
  compile("fw", std::string(kGcc) + "-g0 -fno-short-enums");
  const auto good = workshop.read("fw.o");
  const auto elf = ElfImage::read(good, "fw.o").value();
  const Section* attributes = elf.findSection(".ARM.attributes");
  ASSERT_NE(attributes, nullptr);
  int unreadable = 0;
  const auto damaged = [&](std::size_t at, std::uint8_t byte) {
    contents.push_back(std::make_unique<std::vector<std::uint8_t>>(good));
    (*contents.back())[attributes->offset + at] = byte;
    firmware.sections.clear();
    objectOf("fw.o", *contents.back());
    const auto said = findings();
    if (std::any_of(said.begin(), said.end(), [](const std::string& line) {
          return line.starts_with("FLAGS_UNKNOWN fw.o: .ARM.attributes cannot be read: ");
        })) {
      ++unreadable;
      EXPECT_EQ(objection(kEnum), "");
    }
  };
  for (std::size_t at = 0; at < attributes->size; ++at)
    for (const std::uint8_t byte : {0x00, 0x01, 0x7f, 0x80, 0xff})
      damaged(at, byte);
  EXPECT_GT(unreadable, 20);
  // The length as a big-endian writer has it, longer than the section.
  damaged(1, 0);
  damaged(4, 0xff);
  EXPECT_THAT(findings(), Contains(StartsWith("FLAGS_UNKNOWN fw.o: .ARM.attributes cannot be read: ")));
}

TEST_F(Flags, ARomWithDamagedAttributesSaysSoWhenItIsPublishedAndLinked) {
  compile("rom", std::string(kGcc) + "-g0");
  workshop.run("ld.lld-19 -e 0 -Ttext 0x10000000 rom.o -o good.elf && head -c 20 /dev/zero > cut && "
               "arm-none-eabi-objcopy --update-section .ARM.attributes=cut good.elf rom.elf");
  RomQuestion question;
  question.elf = workshop.folder() / "rom.elf";
  answer = inspectRom(question).value();
  rom_.emplace(RomImage::parse(asBytes(answer.index), "rom.index", {}).value());
  EXPECT_THAT(answer.notes, Contains(StartsWith(".ARM.attributes cannot be read: ")));
  firmwareOf(kGcc);
  EXPECT_THAT(findings(), Contains(StartsWith("FLAGS_UNKNOWN ROM: .ARM.attributes cannot be read: ")));
}

/// An archive takes notes of one line; LLVM's texts and a file's bytes have more.
TEST_F(Flags, NotesAreOneLineWhateverTheRomHolds) {
  compile("rom", std::string(kGcc) + "-gdwarf-4");
  const auto good = workshop.read("rom.o");
  const auto elf = ElfImage::read(good, "rom.o").value();
  const Section* info = elf.findSection(".debug_info");
  ASSERT_NE(info, nullptr);
  auto damaged = good;
  const std::uint8_t reserved[] = {0xf0, 0xff, 0xff, 0xff}; // a length that DWARF keeps for later
  std::copy(std::begin(reserved), std::end(reserved),
            damaged.begin() + static_cast<std::ptrdiff_t>(info->offset));
  workshop.write("bad.o", std::string(damaged.begin(), damaged.end()));
  workshop.run("ld.lld-19 -e 0 --image-base=0x10000000 rom.o -o rom.elf && arm-none-eabi-objcopy -O binary "
               "--only-section=.debug_info --set-section-flags .debug_info=alloc bad.o bad.info && "
               "arm-none-eabi-objcopy --update-section .debug_info=bad.info rom.elf");
  RomQuestion question;
  question.elf = workshop.folder() / "rom.elf";
  workshop.write("flags.txt", "-mabi=one\x01two -mabi=\xc3\xa4\n-mabi=" + std::string(9000, 'x') + "\n");
  question.flags = workshop.folder() / "flags.txt";
  answer = inspectRom(question).value();
  EXPECT_THAT(answer.notes, Contains(StartsWith("DWARF cannot be read: ")));
  EXPECT_THAT(answer.notes, Contains(StartsWith("contradictory flags: -mabi is ")));
  for (const std::string& note : answer.notes) {
    EXPECT_TRUE(std::all_of(note.begin(), note.end(), [](unsigned char c) { return c >= 0x20 && c < 0x7f; }))
        << note;
    EXPECT_LT(note.size(), 4096U);
  }
}

/// Values that compilers for Cortex-M do not write, but others do.
TEST_F(Flags, HandWrittenAttributesCount) {
  romOf(kGcc);
  const auto with = [&](const std::string& attributes) {
    workshop.write("g.s", ".syntax unified\n.thumb\n" + attributes + "\n.globl g\ng: bx lr\n");
    workshop.run("arm-none-eabi-as -mcpu=cortex-m33 g.s -o g.o");
    firmware.sections.clear();
    object("g.o");
  };
  with(".eabi_attribute Tag_ABI_align_needed, 1\n.eabi_attribute Tag_ABI_align_preserved, 1");
  EXPECT_EQ(objection(kDoubleWord), "");
  with(".eabi_attribute Tag_ABI_align_needed, 1");
  EXPECT_THAT(objection(kDoubleWord), StartsWith("Tag_ABI_align_preserved: ROM 8 bytes, needed, firmware "));
  EXPECT_EQ(objection(kInt), "");
  with(".eabi_attribute Tag_ABI_align_preserved, 1"); // libgcc's assembler code
  EXPECT_EQ(objection(kDoubleWord), "");
  EXPECT_THAT(differences(), IsEmpty());
  with(".eabi_attribute Tag_ABI_PCS_RW_data, 2");
  EXPECT_EQ(objection(kInt), "") << "the ROM's gcc does not say how it finds variables";
}

TEST_F(Flags, DamagedDwarfIsSaidOrRead) {
  romOf(kGcc);
  compile("fw", kGcc);
  const auto good = workshop.read("fw.o");
  const auto elf = ElfImage::read(good, "fw.o").value();
  for (const char* name : {".debug_info", ".debug_abbrev", ".debug_str"}) {
    const Section* section = elf.findSection(name);
    ASSERT_NE(section, nullptr);
    for (std::size_t at = 0; at < std::min<std::size_t>(section->size, 60); ++at)
      for (const std::uint8_t byte : {0x00, 0x7f, 0xff}) {
        contents.push_back(std::make_unique<std::vector<std::uint8_t>>(good));
        (*contents.back())[section->offset + at] = byte;
        firmware.sections.clear();
        objectOf("fw.o", *contents.back());
        EXPECT_THAT(objection(kInt), testing::AnyOf("", StartsWith("-"), StartsWith("Tag_")));
        EXPECT_LE(findings().size(), 3U);
      }
  }
}

TEST_F(Flags, ARecordOfAnyBytesIsKept) {
  compile("rom", kGcc);
  workshop.run(
      "printf 'Compiler \\377\\376\\0' > odd && arm-none-eabi-objcopy --update-section .comment=odd rom.o");
  rom("rom.o");
  EXPECT_THAT(shown("compiler"), HasSubstr("Compiler \377\376"));
}

TEST_F(Flags, AHarmlessMixtureInTheRomIsNoDifference) {
  compile("rom", std::string(kGcc) + "-O2");
  workshop.write("f.c", "int g(int x) { return x; }\n");
  compile("other", std::string(kGcc) + "-O1");
  rom("rom.o other.o");
  firmwareOf(std::string(kGcc) + "-O2");
  EXPECT_THAT(differences(), IsEmpty());
}

} // namespace
} // namespace romlink::relink

// What is the same type, what is a note, what breaks, and how it is said: two sources, through both compilers
// in both directions.

#include "types_fixture.h"

#include <gtest/gtest.h>
#include <ostream>

namespace romlink::relink {
namespace {

struct Case {
  const char* name;
  const char* rom;
  const char* firmware;
  const char* symbol;
  const char* expected;
};
std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << c.name;
}

class TypesOf : public testing::TestWithParam<Case> {};

/// The ROM by each compiler, the firmware by each: the answer is the same.
TEST_P(TypesOf, AreComparedAlikeForEachCompiler) {
  const Case& c = GetParam();
  Workshop workshop;
  for (const char* romCompiler : {kGcc, kClang}) {
    const CompiledTypes rom(workshop, romCompiler, c.rom);
    for (const char* compiler : {kGcc, kClang}) {
      const CompiledTypes firmware(workshop, compiler, c.firmware);
      EXPECT_EQ(compared(rom, firmware, c.symbol), c.expected) << romCompiler << " and " << compiler;
      EXPECT_EQ(compared(rom, rom, c.symbol), "same");
    }
  }
}

// The example of the documentation: mbedtls_sha256_context in mbed TLS.
constexpr const char* kSha = "typedef struct mbedtls_sha256_context { unsigned total[2], state[8];\n"
                             "  unsigned char buffer[64]; int is224; } mbedtls_sha256_context;\n"
                             "void f(mbedtls_sha256_context *ctx) { ctx->is224 = 0; }\n";
constexpr const char* kShaLonger = "typedef struct mbedtls_sha256_context { unsigned total[2], state[8];\n"
                                   "  unsigned char buffer[68]; int is224; } mbedtls_sha256_context;\n"
                                   "void f(mbedtls_sha256_context *ctx) { ctx->is224 = 0; }\n";
#define VERIFY(type, name) "int verify(int a, " type " " name ") { return a + (int)" name "; }"
#define USES(declaration, type) declaration "; int f(" type " *p) { return sizeof *p; }"

const Case kBreaks[] = {
    {"LongerArray", kSha, kShaLonger, "f",
     "mbedtls_sha256_context.is224: offset 0x68 -> 0x6c (buffer[64] -> buffer[68])"},
    {"Parameter", VERIFY("unsigned", "hash_len"), VERIFY("unsigned short", "hash_len"), "verify",
     "verify(parameter 2 hash_len): unsigned int -> unsigned short"},
    {"ParameterBehindTypedef", "typedef long time_t; " VERIFY("time_t", "t"),
     "typedef long long time_t; " VERIFY("time_t", "t"), "verify",
     "verify(parameter 2 t): time_t (long) -> time_t (long long)"},
    {"Result", "int f(void) { return 1; }", "short f(void) { return 1; }", "f", "f(result): int -> short"},
    {"Sign", "int f(int a) { return a; }", "int f(unsigned a) { return a; }", "f",
     "f(parameter 1 a): int -> unsigned int"},
    {"PlainCharIsUnsigned", "char f(void) { return 1; }", "signed char f(void) { return 1; }", "f",
     "f(result): char -> signed char"},
    {"AddedParameter", "int f(int a) { return a; }", "int f(int a, int b) { return a + b; }", "f",
     "f: 1 parameter -> 2 parameters (b added)"},
    {"Variadic", "int f(int a) { return a; }", "int f(int a, ...) { return a; }", "f",
     "f: takes 1 parameter -> takes variable arguments"},
    {"EnumValue", "enum color { RED, GREEN, BLUE }; int f(enum color c) { return c; }",
     "enum color { RED, GREEN, BLUE = 3 }; int f(enum color c) { return c; }", "f",
     "enum color.BLUE: 2 -> 3"},
    {"EnumSize", "enum color { RED, GREEN, BLUE }; int f(enum color c) { return c; }",
     "enum color { RED, GREEN, BLUE, LAST = 300 }; int f(enum color c) { return c; }", "f",
     "enum color: size 1 -> 2"},
    {"EnumeratorBetween", "enum e { A = 1, C = 3 }; int f(enum e c) { return c; }",
     "enum e { A = 1, B = 2, C = 3 }; int f(enum e c) { return c; }", "f", "enum e.B: added as 2"},
    {"EnumOfOtherNames", "enum e { A, B }; int f(enum e c) { return c; }",
     "enum e { X = 10, Y }; int f(enum e c) { return c; }", "f",
     "enum e.A: only in the ROM as 0, and X only in the firmware as 10"},
    {"SwappedParameters", "int f(int width, int height) { return width; }",
     "int f(int height, int width) { return width; }", "f", "f(parameter 1 width): now parameter 2"},
    {"ParameterBefore", "int f(int a, int b, int c) { return a; }",
     "int f(int x, int a, int c) { return a; }", "f", "f(parameter 1 a): now parameter 2"},
    {"MemberAlignment", USES("struct s { _Alignas(8) int a; int b; }", "struct s"),
     USES("struct s { int a; int b; }", "struct s"), "f", "s.a: alignment 8 -> natural"},
    {"MemberAlignmentByTypedef", USES("struct s { int a; int b; }", "struct s"),
     USES("typedef int wide __attribute__((aligned(8))); struct s { const wide a; int b; }", "struct s"), "f",
     "s.a: alignment natural -> 8"},
    {"EnumNegative", "enum e { A = -1, B }; int f(enum e c) { return c; }",
     "enum e { A = -2, B }; int f(enum e c) { return c; }", "f", "enum e.A: -1 -> -2"},
    {"MemberAtTheEnd", USES("struct s { int a, b; }", "struct s"),
     USES("struct s { int a, b, c; }", "struct s"), "f", "struct s: size 8 -> 12 (member c added at 0x8)"},
    {"MemberInPadding", USES("struct s { int a; char b; }", "struct s"),
     USES("struct s { int a; char b, c; }", "struct s"), "f", "struct s: member c added at 0x5"},
    {"MemberInTheMiddle", USES("struct s { int a, b; }", "struct s"),
     USES("struct s { int a, x, b; }", "struct s"), "f", "s.b: offset 0x4 -> 0x8 (member x added at 0x4)"},
    {"MemberRemoved", USES("struct s { int a, x, b; }", "struct s"),
     USES("struct s { int a, b; }", "struct s"), "f", "s.b: offset 0x8 -> 0x4 (member x at 0x4 removed)"},
    {"MemberTypeOfSameSize", USES("struct s { int a; float b; }", "struct s"),
     USES("struct s { int a; int b; }", "struct s"), "f", "s.b: float -> int"},
    {"MembersSwapped", USES("struct s { int a, b; }", "struct s"), USES("struct s { int b, a; }", "struct s"),
     "f", "s.a: offset 0x0 -> 0x4 (the order of members differs)"},
    {"LastMemberLonger", USES("struct s { int a; char t[4]; }", "struct s"),
     USES("struct s { int a; char t[8]; }", "struct s"), "f", "struct s: size 8 -> 12 (t[4] -> t[8])"},
    {"Packed", USES("struct s { char a; int b; }", "struct s"),
     USES("struct __attribute__((packed)) s { char a; int b; }", "struct s"), "f",
     "s.b: offset 0x4 -> 0x1 (packed or aligned otherwise)"},
    {"EnumMemberMoves", USES("enum e { A, B }; struct s { enum e e; char b; }", "struct s"),
     USES("enum e { A, B, Z = 300 }; struct s { enum e e; char b; }", "struct s"), "f",
     "s.b: offset 0x1 -> 0x2 (enum e e: size 1 -> 2)"},
    {"BitField", USES("struct s { unsigned a : 3, b : 9; }", "struct s"),
     USES("struct s { unsigned a : 4, b : 9; }", "struct s"), "f", "s.a: 3 bits -> 4 bits"},
    {"BitFieldMoves", USES("struct s { unsigned : 2, b : 9; }", "struct s"),
     USES("struct s { unsigned : 5, b : 9; }", "struct s"), "f",
     "s.b: place bit 2 -> bit 5 (packed or aligned otherwise)"},
    {"NestedStruct", USES("struct in { int x; }; struct s { struct in *in; }", "struct s"),
     USES("struct in { short x, y; }; struct s { struct in *in; }", "struct s"), "f",
     "struct in: member y added at 0x2"},
    {"AnonymousMember", USES("struct s { union { int i; float f; }; }", "struct s"),
     USES("struct s { union { int i; int f; }; }", "struct s"), "f", "s.f: float -> int"},
    {"AnonymousStructOfTypedef", "typedef struct { int a, b; } pair_t; " USES("", "pair_t"),
     "typedef struct { int a; float b; } pair_t; " USES("", "pair_t"), "f", "pair_t.b: int -> float"},
    {"FunctionPointerMember", USES("struct ops { int (*read)(void *, int); }", "struct ops"),
     USES("struct ops { int (*read)(void *, short); }", "struct ops"), "f",
     "ops.read(parameter 2): int -> short"},
    {"Recursive", USES("struct node { struct node *next; int v; }", "struct node"),
     USES("struct node { struct node *next; float v; }", "struct node"), "f", "node.v: int -> float"},
    {"RecursiveFarAway",
     USES("struct b; struct a { struct b *b; }; struct b { struct a *a; struct c *c; }; "
          "struct c { struct b *b; int v; }",
          "struct a"),
     USES("struct b; struct a { struct b *b; }; struct b { struct a *a; struct c *c; }; "
          "struct c { struct b *b; long long v; }",
          "struct a"),
     "f", "c.v: offset 0x4 -> 0x8 (int v -> long long v)"},
    {"Union", USES("union u { int i; char c[4]; }", "union u"),
     USES("union u { int i; char c[8]; }", "union u"), "f", "union u: size 4 -> 8 (c[4] -> c[8])"},
    {"StructIsUnion", USES("struct s { int a; }", "struct s"), USES("union s { int a; }", "union s"), "f",
     "f(parameter 1 p): struct s * -> union s *"},
    {"Pointee", "int f(int *p) { return *p; }", "int f(short *p) { return *p; }", "f",
     "f(parameter 1 p): int * -> short *"},
    {"PointerToPointer", "int f(int **p) { return **p; }", "int f(int *p) { return *p; }", "f",
     "f(parameter 1 p): int ** -> int *"},
    {"VolatilePointee", "int f(int *p) { return *p; }", "int f(volatile int *p) { return *p; }", "f",
     "f(parameter 1 p): volatile only in the firmware"},
    {"ArrayObject", "int table[4] = {1};", "int table[5] = {1};", "table", "table: int[4] -> int[5]"},
    {"InnerDimension", "int table[2][6] = {{1}};", "int table[3][4] = {{1}};", "table",
     "table: int[2][6] -> int[3][4]"},
    {"Object", "unsigned long long t = 1;", "unsigned t = 1;", "t", "t: unsigned long long -> unsigned int"},
    {"OpaqueOfAnotherName", "struct a; int f(struct a *p) { return p != 0; }",
     "struct b; int f(struct b *p) { return p != 0; }", "f", "f(parameter 1 p): struct a * -> struct b *"},
    {"KandRPromotes", "int f(a, b) char a; int b; { return a + b; }",
     "int f(char a, int b) { return a + b; }", "f", "f: without a prototype in the ROM"},
};

const Case kNotes[] = {
    {"RenamedParameter", "int f(int a) { return a; }", "int f(int b) { return b; }", "f",
     "notes: f(parameter 1): renamed a -> b"},
    {"ConstPointee", "int f(int *p) { return *p; }", "int f(const int *p) { return *p; }", "f",
     "notes: f(parameter 1 p): const only in the firmware"},
    {"RenamedTag", USES("struct a { int x; }", "struct a"), USES("struct b { int x; }", "struct b"), "f",
     "notes: f(parameter 1 p): renamed struct a -> struct b"},
    {"RenamedMember", USES("struct s { int a, b; }", "struct s"), USES("struct s { int a, c; }", "struct s"),
     "f", "notes: s.b: renamed b -> c"},
    {"AddedEnumerator", "enum e { A, B }; int f(enum e c) { return c; }",
     "enum e { A, B, C }; int f(enum e c) { return c; }", "f", "notes: enum e.C: added as 2"},
    {"Incomplete", "struct s; int f(struct s *p) { return p != 0; }",
     "struct s { int a; }; int f(struct s *p) { return p != 0; }", "f",
     "notes: struct s is incomplete in the ROM"},
    {"OpenFunctionPointer", "int f(int (*cb)()) { return cb != 0; }",
     "int f(int (*cb)(int)) { return cb != 0; }", "f",
     "notes: f(parameter 1 cb): without a prototype in the ROM"},
    {"PointerToIncompleteArray", "int f(int (*p)[]) { return **p; }", "int f(int (*p)[4]) { return **p; }",
     "f", "notes: f(parameter 1 p): int (*)[] -> int (*)[4]"},
    {"Restrict", "int f(int **p) { return **p; }", "int f(int *restrict *p) { return **p; }", "f",
     "notes: f(parameter 1 p): restrict only in the firmware"},
};

const Case kSame[] = {
    {"NaturalAlignment", USES("struct s { _Alignas(4) int a; _Alignas(8) long long b; }", "struct s"),
     USES("struct s { int a; long long b; }", "struct s"), "f", "same"},
    {"AlignedStructAsMember",
     USES("struct __attribute__((aligned(8))) in { int a, b; }; struct s { struct in in, more[2]; }",
          "struct s"),
     USES("struct __attribute__((aligned(8))) in { int a, b; }; struct s { struct in in, more[2]; }",
          "struct s"),
     "f", "same"},
    {"OpaqueHandle", "struct s; int f(struct s *p, int (*g)(struct s **)) { return p != 0; }",
     "struct s; int f(struct s *p, int (*g)(struct s **)) { return p != 0; }", "f", "same"},
    {"SpellingOfIntegers", "unsigned long f(unsigned long a) { return a; }",
     "unsigned f(unsigned a) { return a; }", "f", "same"},
    {"Typedefs", "typedef unsigned u32; typedef u32 word; word f(word w) { return w; }",
     "unsigned f(unsigned w) { return w; }", "f", "same"},
    {"ConstParameter", "int f(const int a) { return a; }", "int f(int a) { return a; }", "f", "same"},
    {"UnrelatedDeclarations",
     "struct x { int a; }; struct x x; " USES("struct s { struct s *n; int a; }", "struct s"),
     USES("struct s { struct s *n; int a; }", "struct s"), "f", "same"},
    {"DefinitionWithoutPrototype", "int f() { return 1; }", "int f(void) { return 1; }", "f", "same"},
    {"FlexibleArray", USES("struct s { int n; char d[]; }", "struct s"),
     USES("struct s { int n; char d[0]; }", "struct s"), "f", "same"},
    {"QualifiedArray", "const int t[2][3] = {{1}};", "typedef int row[3]; const row t[2] = {{1}};", "t",
     "same"},
    {"Noreturn", "_Noreturn void f(void) { for (;;) ; }", "void f(void) { for (;;) ; }", "f", "same"},
    {"EnumOrder", "enum e { A, B }; int f(enum e c) { return c; }",
     "enum e { B = 1, A = 0 }; int f(enum e c) { return c; }", "f", "same"},
    {"Atomic", "_Atomic int f;", "int f;", "f", "same"},
};

std::string nameOf(const testing::TestParamInfo<Case>& info) {
  return info.param.name;
}
INSTANTIATE_TEST_SUITE_P(Break, TypesOf, testing::ValuesIn(kBreaks), nameOf);
INSTANTIATE_TEST_SUITE_P(Note, TypesOf, testing::ValuesIn(kNotes), nameOf);
INSTANTIATE_TEST_SUITE_P(Same, TypesOf, testing::ValuesIn(kSame), nameOf);

} // namespace
} // namespace romlink::relink

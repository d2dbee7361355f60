"""What changes a fingerprint and what does not."""
import pytest

from launcher import CLANG, COMPILERS, GCC, compile_source, digests, fingerprint

NONE = "0" * 64
BASE = """#include <stdint.h>
#include <stddef.h>
#define LIMIT 3072
struct point { uint32_t x; uint8_t y; };
enum color { RED, GREEN = 4 };
typedef struct { struct point at; enum color color; } pixel;
static const uint16_t table[4] = {1, 2, 3, 4};
extern int outside(const pixel *p, size_t n);
static int deep(int x) { return x ^ 5; }
static int callee(int x) { return deep(x) + 1; }
int global_callee(int x) { return x * 3; }
static int other(int x) { return x - 1; }
int f(const pixel *p, int n) {
  int sum = outside(p, sizeof *p);
  for (int i = 0; i < n; ++i)
    sum += callee(table[i & 3]) + global_callee(i) + (p->color == GREEN ? LIMIT : 0);
  return sum;
}
int unrelated(int x) { return other(x); }
"""
CHANGES = {
    "a token": ("i < n", "i <= n"),
    "a macro's value": ("LIMIT 3072", "LIMIT 4096"),
    "a static callee": ("return deep(x) + 1", "return deep(x) + 2"),
    "a callee of a callee": ("x ^ 5", "x ^ 6"),
    "a global callee of the unit": ("return x * 3", "return x * 5"),
    "a member's type": ("uint8_t y", "uint16_t y"),
    "a member more": ("uint8_t y;", "uint8_t y, z;"),
    "a member's order": ("uint32_t x; uint8_t y;", "uint8_t y; uint32_t x;"),
    "a packed structure": ("uint8_t y; };", "uint8_t y; } __attribute__((packed));"),
    "an enumerator": ("GREEN = 4", "GREEN = 5"),
    "a constant table": ("{1, 2, 3, 4}", "{1, 2, 3, 5}"),
    "a prototype": ("extern int outside(const pixel *p, size_t n);", "extern unsigned outside(const pixel *p, size_t n);"),
    "an attribute of a prototype": ("extern int outside", "__attribute__((pure)) extern int outside"),
    "an attribute of its own": ("int f(const", "__attribute__((noinline)) int f(const"),
    "an earlier declaration": ("static int deep", "int f(const pixel *p, int n) __attribute__((section(\"x\")));\nstatic int deep"),
    "its name": ("int f(const", "int f2(const"),
    "a pragma": ("enum color {", "#pragma pack(1)\nenum color {"),
    "an assembler statement": ("int sum =", "__asm__ volatile(\"nop\"); int sum ="),
    "assembler of file scope": ("static int deep", "__asm__(\".set x, 1\");\nstatic int deep"),
}
NO_CHANGES = {
    "comments and white space": ("for (int i", "/* each */ for (\n  int i"),
    "lines before": ("#define LIMIT", "\n\n// a comment\n#define LIMIT"),
    "a function that it does not use": ("return x - 1", "return x - 2"),
    "a declaration that it does not use": ("static int deep", "extern int nobody(void);\nstruct nothing { int a; };\nstatic int deep"),
    "a macro for the same": ("int sum = outside", "\n#define OUT outside\nint sum = OUT"),
    "how a number is written": ("LIMIT 3072", "LIMIT 0xc00"),
    "how a keyword is written": ("static int callee", "static __inline__ int callee", "static int callee", "static inline int callee"),
    "__extension__": ("int sum =", "__extension__ int sum ="),
    "the order of what it uses": ("extern int outside(const pixel *p, size_t n);\nstatic int deep(int x) { return x ^ 5; }",
                                  "static int deep(int x) { return x ^ 5; }\nextern int outside(const pixel *p, size_t n);"),
}


def replaced(text, before, after):
    assert before in text
    return text.replace(before, after)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("compiler", COMPILERS.values(), ids=COMPILERS)
def test_a_change_is_another_fingerprint(tmp_path, compiler, change):
    text = replaced(BASE, *CHANGES[change])
    name = "f2" if change == "its name" else "f"
    assert fingerprint(tmp_path, BASE, compiler) != fingerprint(tmp_path, text, compiler, of=name)


@pytest.mark.parametrize("change", NO_CHANGES)
def test_the_same_source_is_the_same_fingerprint(tmp_path, change):
    words = NO_CHANGES[change]
    base = replaced(BASE, *words[2:]) if len(words) == 4 else BASE
    before, after = fingerprint(tmp_path, base), fingerprint(tmp_path, replaced(BASE, *words[:2]))
    assert before == after != NONE


@pytest.mark.parametrize("flags", (["-O0"], ["-O3"], ["-g"], ["-Wall"], ["-fno-inline"], ["-fstack-protector-strong"],
                                   ["-mcpu=cortex-m33"], ["-std=gnu11"], ["-DUNUSED=1"], ["-fno-common"],
                                   ["-I", "."], ["-fno-tree-vectorize"], ["-specs=nosys.specs"]), ids=" ".join)
def test_flags_that_mean_nothing(tmp_path, flags):
    assert fingerprint(tmp_path, BASE) == fingerprint(tmp_path, BASE, GCC, *flags)


@pytest.mark.parametrize("flags", (["-fwrapv"], ["-ftrapv"], ["-fno-strict-overflow"], ["-fno-strict-aliasing"],
                                   ["-fsigned-char"], ["-ffreestanding"], ["-fno-builtin"], ["-fno-builtin-memcpy"],
                                   ["-fpack-struct"], ["-fno-short-enums"], ["-finstrument-functions"],
                                   ["-fsanitize=undefined", "-fsanitize-undefined-trap-on-error"], ["-std=gnu90"],
                                   ["-fno-delete-null-pointer-checks"], ["-ftrivial-auto-var-init=zero"], ["-std=gnu99"],
                                   ["-std=c17"], ["-fexec-charset=ISO-8859-1"], ["-fno-split-loops"], ["-Ofast"]), ids=" ".join)
def test_flags_that_mean_something(tmp_path, flags):
    text = BASE.replace("for (int i = 0;", "int i; for (i = 0;")
    assert fingerprint(tmp_path, text) != fingerprint(tmp_path, text, GCC, *flags)


def test_a_flag_that_is_taken_back_means_nothing(tmp_path):
    assert fingerprint(tmp_path, BASE) == fingerprint(tmp_path, BASE, GCC, "-fwrapv", "-fno-wrapv", "-fno-delete-null-pointer-checks",
                                                        "-fdelete-null-pointer-checks")


@pytest.mark.parametrize("flag", ("-ffast-math", "-fno-math-errno", "-fsingle-precision-constant", "-fno-signed-zeros",
                                  "-frounding-math"))
def test_floating_point_flags_concern_floating_point(tmp_path, flag):
    text = "typedef float real;\nint f(int x) { return x + 1; }\nreal g(real x) { return x + 1; }\nint h(int x) { return x * 0.5; }\n"
    before = digests(compile_source(tmp_path, text))
    after = digests(compile_source(tmp_path, text, GCC, flag))
    assert before["f"] == after["f"] and before["g"] != after["g"] and before["h"] != after["h"]


def test_contraction_counts_where_the_processor_has_it(tmp_path):
    text = "float f(float a, float b, float c) { return a * b + c; }\nint g(int x) { return x; }\n"
    fpu = ["-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"]

    def of(*flags):
        return digests(compile_source(tmp_path, text, GCC, *flags))
    assert of(*fpu, "-O2")["f"] != of(*fpu, "-O1")["f"]
    assert of(*fpu, "-O2", "-ffp-contract=off")["f"] == of(*fpu, "-O1", "-ffp-contract=off")["f"]
    assert of("-O2")["f"] == of("-O1")["f"]
    assert of(*fpu, "-O2")["g"] == of(*fpu, "-O1")["g"]


def test_both_compilers_give_one_fingerprint(tmp_path):
    text = BASE + "".join(f"uint{n}_t u{n}(uint{n}_t x, int{n}_t y) {{ return x + y; }}\n" for n in (8, 16, 32, 64)) + """
#include <stdarg.h>
#include <stdbool.h>
#include <limits.h>
#include <string.h>
#include <stdio.h>
#include <float.h>
bool with_list(va_list list) { return va_arg(list, int) < INT_MAX; }
int variadic(int n, ...) { va_list list; va_start(list, n); n += va_arg(list, int); va_end(list); return n; }
uint32_t large(uint32_t x) { return x & UINT32_MAX & UINT32_C(0xfffffff0); }
size_t length(const char *s) { return s == NULL ? SIZE_MAX : strlen(s); }
float largest(void) { return FLT_MAX; }
int prints(const char *s) { return printf("%s\\n", s) + offsetof(pixel, color); }
"""
    gcc, clang = digests(compile_source(tmp_path, text)), digests(compile_source(tmp_path, text, CLANG))
    assert {name: gcc[name] == digest for name, digest in clang.items()} == dict.fromkeys(clang, True)
    assert NONE not in gcc.values() and len(gcc) == 14


def test_an_enumeration_of_another_size_is_another_type(tmp_path):
    text = "enum e { A };\nstruct s { enum e e; };\nint f(struct s *s) { return s->e; }\nint g(int x) { return x; }\n"
    before, after = (digests(compile_source(tmp_path, text, CLANG, flag)) for flag in ("-fshort-enums", "-fno-short-enums"))
    assert before["f"] != after["f"] and before["g"] == after["g"]
    local = "int f(void) { enum e { A }; return sizeof(enum e); }\n"
    assert fingerprint(tmp_path, local, CLANG, "-fshort-enums") != fingerprint(tmp_path, local, CLANG, "-fno-short-enums")


def test_what_each_compiler_answers_in_its_own_way_has_none(tmp_path):
    text = """static int guess(int x) { return __builtin_constant_p(x) ? 1 : 2; }
int f(int x) { return guess(x); }
int g(int x) { return x; }
void *h(void) { return __builtin_return_address(0); }
int generic(unsigned long x) { return _Generic(x, unsigned long: 1, default: 2); }
"""
    made = digests(compile_source(tmp_path, text))
    assert {name: digest == NONE for name, digest in made.items() if name != "guess"} == {
        "f": True, "g": False, "h": True, "generic": True}


def test_names_in_assembler_and_attributes_count(tmp_path):
    text = """__attribute__((used)) static int target(int x) { return x + 1; }
int f(int x) { __asm__ volatile("bl target" : "+r"(x) : : "lr"); return x; }
static void release(int *p) { *p = 1; }
int g(void) { __attribute__((cleanup(release))) int x = 0; return x; }
extern int alias(int x) __attribute__((alias("target")));
int h(int x) { return alias(x); }
"""
    before = digests(compile_source(tmp_path, text))
    target = digests(compile_source(tmp_path, replaced(text, "x + 1", "x + 2")))
    release = digests(compile_source(tmp_path, replaced(text, "*p = 1", "*p = 2")))
    assert {name for name in ("f", "g", "h") if before[name] != target[name]} == {"f", "h"}
    assert {name for name in ("f", "g", "h") if before[name] != release[name]} == {"g"}


def test_text_that_clang_does_not_parse(tmp_path):
    """gcc's nested functions are tokens like others; a declaration that fails to parse belongs to all."""
    nested = "int f(int x) { int inner(int y) { return x + y; } return inner(1); }\nint g(int x) { return x; }\n"
    before = digests(compile_source(tmp_path, nested))
    after = digests(compile_source(tmp_path, replaced(nested, "x + y", "x - y")))
    assert NONE not in before.values() and before["f"] != after["f"] and before["g"] == after["g"]
    known = "#define X 1\nint __attribute__((no_such)) a = X;\nint f(int x) { return x; }\n"
    assert fingerprint(tmp_path, known, GCC, "-w") == fingerprint(tmp_path, replaced(known, "X 1", "X 2"), GCC, "-w")
    bad = "_Fract fixed = 0.5r;\nint f(int x) { return x; }\n"
    first = fingerprint(tmp_path, bad)
    assert first != fingerprint(tmp_path, replaced(bad, "0.5r", "0.25r")) and first != NONE


def test_old_style_definitions_are_one_declaration(tmp_path):
    text = "int f(a, b) int a; int b; { return a + b; }\nint g(int x) { return x; }\n"
    before, after = (digests(compile_source(tmp_path, t)) for t in (text, replaced(text, "a + b", "a - b")))
    assert before["f"] != after["f"] and before["g"] == after["g"]


def test_symbols_that_assembler_labels_rename(tmp_path):
    text = 'int f(int) __asm__("renamed");\nint f(int x) { return x; }\n'
    assert set(digests(compile_source(tmp_path, text))) == {"renamed"}


def test_the_same_input_gives_the_same_section(tmp_path):
    first = compile_source(tmp_path, BASE).read_bytes()
    assert compile_source(tmp_path, BASE).read_bytes() == first

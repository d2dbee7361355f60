"""Differences that a fingerprint must have although the function's own tokens are the same on both sides.

In each case the two sides would compute different things. `firmware` and `rom` are texts, or texts with flags.
"""
import pytest

from launcher import CLANG, GCC, LAUNCHER, compile_source, digests, fingerprint, replaced, run

NONE = "0" * 64
WRAP = '#pragma GCC push_options\n#pragma GCC optimize("wrapv")\n'
POP = "#pragma GCC pop_options\n"
F = "int f(int x) { return x + 100 > x; }\n"
G = "int g(int x) { return x; }\n"
LOCAL = "int f(int x) { struct s { char a; int b; }; return x * sizeof(struct s); }\n"
CALLS = "__attribute__((used)) static int target(int x) { return x + 1; }\nint f(int x) { %s return x; }\n"
ASM = '__asm__ volatile(%s : "+r"(x) : : "lr", "memory");'
ONCE = """struct ops { int k; };
static const struct ops some = {1};
static const struct ops *ops;
void init(int x); void init(int x) { if (x) ops = &some; }
int f(int x) { return ops->k * x; }
"""
LIBRARY = """int printf(const char *, ...);
int puts(const char *s);
int puts(const char *s) { return s[0] + 1; }
int f(int x) { printf("hello\\n"); return x; }
"""
FP = [*GCC[:1], "-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard", "-O2"]
STRICT_FMA = "float f(float a, float b, float c) { return a * b + c * a - c * b + a; }\n"
TOASCII = "int toascii(int);\nint f(int x) { return toascii(x); }\n"
BITS = "struct s { unsigned long long t : 40, r : 24; unsigned a : 8; };\nint f(struct s *s) { return %s; }\n"
NARROW = "struct s { unsigned a : 8; };\nint f(struct s *s) { return %s; }\n"
LOOP = "int f(unsigned n) { while (n != 0) n += 2; return 7; }\n"

# name: (text, changed text) of one compiler
TEXTS = {
    "a pragma before another function": (WRAP + F + POP + G, WRAP + G + POP + F),
    "packing before another structure": ("#pragma pack(1)\n" + LOCAL + "#pragma pack()\n" + G,
                                         "#pragma pack(1)\n" + G + "#pragma pack()\n" + LOCAL),
    "a name after a tab in asm": (CALLS % ASM % r'"bl\ttarget"', "x + 1", "x + 2"),
    "a name in two strings of asm": (CALLS % ASM % '"bl tar" "get"', "x + 1", "x + 2"),
    "a name in octal in asm": (CALLS % ASM % r'"bl \164arget"', "x + 1", "x + 2"),
    "a name by its label in asm": ('int target(int) __asm__("renamed");\n' +
                                   CALLS.replace("__attribute__((used)) static ", "") % ASM % '"bl renamed"', "x + 1", "x + 2"),
    "a name with $ in asm": ((CALLS % ASM % '"bl h$b"').replace("target", "h$b"), "x + 1", "x + 2"),
    "a symbol that other asm sets": ('void g(void) { __asm__(".set KKK, 5"); }\nint f(int x) { __asm__("mov %0, #KKK" : "=r"(x)); return x; }\n',
                                     "KKK, 5", "KKK, 6"),
    "what another function stores in a static pointer": (ONCE, "{1}", "{2}"),
    "what is stored through a constant pointer": (
        "static int k;\nstatic int *const p = &k;\nvoid init(void); void init(void) { *p = 7; }\nint f(int x) { return x * k; }\n",
        "= 7", "= 9"),
    "what is stored in a static object of a function": (
        "static int *get(void) { static int k; return &k; }\nvoid init(void); void init(void) { *get() = 7; }\n"
        "int f(int x) { return x * *get(); }\n", "= 7", "= 9"),
    "what is stored in a compound literal": (
        "static int *const p = (int[]){1, 2};\nvoid init(void); void init(void) { p[0] = 7; }\nint f(int x) { return x * p[0]; }\n",
        "= 7", "= 9"),
    "what a constructor stores": ("static int k;\n__attribute__((constructor, used)) static void init(void) { k = 7; }\n"
                                  "int f(int x) { return x * k; }\n", "k = 7", "k = 9"),
    "a library function of the unit": (LIBRARY, "s[0] + 1", "s[0] + 2"),
    "a function behind __builtin_": ("void abort(void);\n__attribute__((noreturn)) void abort(void) { *(volatile int *)64 = 1; for (;;); }\n"
                                     "int f(int x) { if (x == 77) __builtin_abort(); return x; }\n", "64 = 1", "64 = 2"),
    "an alias in brackets": ('static int target(int x) { return x + 1; }\n[[gnu::alias("target")]] extern int al(int);\n'
                             "int f(int x) { return al(x); }\n", "x + 1", "x + 2"),
    "an alias by a pragma": ("int target(int x) { return x + 1; }\nextern int al(int);\n#pragma weak al = target\n"
                             "int f(int x) { return al(x); }\n", "x + 1", "x + 2"),
    "a declaration before and after its use": ("int g();\nint g(double);\nint f(void) { return g(3); }\n",
                                               "int g(double);\nint f(void) { return g(3); }\n", "int f(void) { return g(3); }\nint g(double);\n"),
}


@pytest.mark.parametrize("case", TEXTS)
@pytest.mark.parametrize("compiler", (GCC, CLANG), ids=("gcc", "clang"))
def test_another_text(tmp_path, case, compiler):
    if compiler == CLANG and case == "an alias by a pragma":
        pytest.skip("clang declares it twice")
    first, *change = TEXTS[case]
    second = replaced(first, *change) if len(change) == 2 else change[0]
    flags = ["-w", *(["-std=gnu99"] if "before and after" in case else [])]
    before = fingerprint(tmp_path, first, compiler, *flags)
    after = fingerprint(tmp_path, second, compiler, *flags)
    assert before != after or before == NONE


# name: (text, flags, other flags)
FLAGS = {
    "a symbol for the assembler": ('int f(int x) { __asm__("mov %0, #KKK" : "=r"(x)); return x; }\n',
                                   [*GCC, "-Wa,--defsym,KKK=5"], [*GCC, "-Wa,--defsym,KKK=6"]),
    "-fexec-charset": ("int f(void) { return \"\u00e9\"[0]; }\n", GCC, [*GCC, "-fexec-charset=ISO-8859-1"]),
    "a loop without effects in C99 and C11": (LOOP, [*CLANG, "-std=gnu99"], [*CLANG, "-std=gnu17"]),
    "-ffinite-loops": (LOOP, GCC, [*GCC, "-ffinite-loops"]),
    "-fno-strict-overflow": ("int f(char *p, unsigned n) { return p + n < p; }\n", [*GCC, "-fwrapv"], [*GCC, "-fno-strict-overflow"]),
    "-fno-trapv after -fwrapv": (F, [*GCC, "-fwrapv", "-fno-trapv"], GCC),
    "-fbuiltin after -ffreestanding": ("int abs(int);\nint f(int x) { return abs(x); }\n", [*GCC, "-ffreestanding", "-fbuiltin"],
                                       [*GCC, "-ffreestanding"]),
    "-D within -Wp": ("#ifndef K\n#define K 0\n#endif\nint f(void) { return K; }\n", [*GCC, "-Wp,-MMD,x.d,-DK=2"], [*GCC, "-Wp,-MMD,x.d,-DK=3"]),
    "float builtins": ("int f(int x) { return __builtin_isnan(__builtin_sqrtf(x)); }\n", FP, [*FP, "-ffinite-math-only"]),
    "hexadecimal constants": ("int f(int a) { return a * 0x1.8p1f + a * 0x1.3p-3f; }\n", FP, [*FP, "-ffp-contract=off"]),
    "toascii in strict C": ("int toascii(int);\nint f(int x) { return toascii(x); }\n", [*GCC, "-std=gnu11"], [*GCC, "-std=c11"]),
    "-U__STRICT_ANSI__": (TOASCII, [*GCC, "-std=gnu11"], [*GCC, "-std=c11", "-U__STRICT_ANSI__"]),
    "-D__STRICT_ANSI__": (TOASCII, [*GCC, "-std=gnu11", "-D__STRICT_ANSI__"], [*GCC, "-std=c11"]),
    "-U__STRICT_ANSI__ within -Wp": (TOASCII, [*GCC, "-std=gnu11"], [*GCC, "-std=c11", "-Wp,-U__STRICT_ANSI__"]),
    "-U__STRICT_ANSI__ of floating point": (STRICT_FMA, [*FP, "-std=gnu99"], [*FP, "-std=c99", "-U__STRICT_ANSI__"]),
    "a bit-field wider than int": (BITS % "s->t << 8 > s->r", GCC, CLANG),
    "a bit-field of a local structure": ("int f(int x) { struct { unsigned long long a : 33; } s; s.a = x; return (~s.a) >> 32 > 1; }\n", GCC, CLANG),
    "a bit-field before it changes": (NARROW % "s->a++ - 300 < 0", GCC, CLANG),
    "a bit-field as the value of statements": (NARROW % "({ s->a; }) - 300 < 0", GCC, CLANG),
    "a bit-field's type by __auto_type": (NARROW % "({ __auto_type v = (s->a = 7); v - 300 < 0; })", GCC, CLANG),
    "a bit-field's type by typeof": (NARROW % "({ __typeof__((0, s->a)) v = s->a; v - 300 < 0; })", GCC, CLANG),
    "a bit-field's size": (NARROW % "sizeof((0, s->a))", GCC, CLANG),
    "-fwrapv, and pointers": ("int f(char *p, unsigned n) { return p + n < p; }\n", [*GCC, "-fwrapv"], [*CLANG, "-fwrapv"]),
    "-fallow-store-data-races": (F, GCC, [*GCC, "-fallow-store-data-races"]),
}


@pytest.mark.parametrize("case", FLAGS)
def test_another_flag(tmp_path, case):
    text, first, second = FLAGS[case]
    assert fingerprint(tmp_path, text, first) != fingerprint(tmp_path, text, second)


def test_hidden_flags(tmp_path):
    """A file of specs and a script add -fwrapv."""
    (tmp_path / "specs").write_text("*cc1_options:\n+ -fwrapv\n")
    (tmp_path / "my-gcc").write_text('#!/bin/sh\nexec arm-none-eabi-gcc -fwrapv "$@"\n')
    (tmp_path / "my-gcc").chmod(0o755)
    plain = fingerprint(tmp_path, F)
    assert plain != fingerprint(tmp_path, F, GCC, "-specs=specs")
    assert plain != fingerprint(tmp_path, F, [str(tmp_path / "my-gcc"), *GCC[1:]])


def test_hidden_macros(tmp_path):
    """A file of specs takes away what tells strict C; without a trace in the command, there are no fingerprints."""
    (tmp_path / "specs").write_text("*cpp_unique_options:\n+ -U__STRICT_ANSI__\n")
    (tmp_path / "unit.c").write_text(TOASCII)
    done = run(LAUNCHER, *GCC, "-std=c11", "-specs=specs", "-c", "unit.c", cwd=tmp_path)
    assert "adds -U__STRICT_ANSI__" in done.stderr


def test_plain_bit_fields_that_are_unsigned(tmp_path):
    text = "typedef int T;\nstruct s { T x : 3; };\nint f(struct s *s) { return s->x; }\n"
    signed = replaced(text, "typedef int", "typedef signed int")
    assert fingerprint(tmp_path, text, GCC, "-funsigned-bitfields") != fingerprint(tmp_path, signed, GCC, "-funsigned-bitfields")


@pytest.mark.parametrize("text", (
    '__attribute__((optimize("wrapv"))) int f(int x) { return x + 1; }\n',
    '#pragma GCC optimize("wrapv")\nint f(int x) { return x + 1; }\n',
    "#pragma STDC FENV_ACCESS ON\nint f(int x) { return x + 1; }\n",
    'int f(int x) { __asm__(".incbin \\"unit.c\\"" : "+r"(x)); return x; }\n',
    '__asm__(".macro twice\\nnop\\nnop\\n.endm");\nint f(int x) { __asm__("twice"); return x; }\n',
    "int f(void *p) { return __builtin_object_size(p, 0); }\n",
    "int f(int x) { return __builtin_classify_type(x); }\n",
    "int f(int x) { return x + __atomic_always_lock_free(4, 0); }\n",
    "int f(int x) { return x + __atomic_is_lock_free(4, 0); }\n",
    "static char b[64]; int f(int x) { return x + __alignof__(b) + b[x]; }\n",
    "void g(void); int f(int x) { return x + __alignof__(g); }\n",
    "struct d { int a, b; }; int f(volatile struct d *p) { *p; return 1; }\n",
    "struct d { int a, b; }; int f(volatile struct d *p) { for (;; (void)*p) if (p->a) return 1; }\n",
    "struct d { int a, b; }; int f(volatile struct d *p) { return (*p, 1); }\n",
    'int f(int x) { __asm__("/* a */ .set KKK, 5" : "+r"(x)); return x; }\n',
    'int f(int x) { __asm__("nop // a; .set KKK, 5" : "+r"(x)); return x; }\n',
    'int f(int x) { __asm__("nop\\r" : "+r"(x)); return x; }\n',
    'int f(int x) { __asm__("\\"KKK\\" = 5" : "+r"(x)); return x; }\n',
    'int f(int x) { return x; }\nvoid g(void) { __asm__("/* a */ .set KKK, 5"); }\n',
    'int f(int x) { __asm__("nop" : : "r"(({ __asm__(".set KKK, 5"); x; }))); return x; }\n',
), ids=lambda text: text[:40])
def test_what_is_not_surely_the_same_has_none(tmp_path, text):
    assert fingerprint(tmp_path, text, GCC, "-w") == NONE


def test_options_of_a_pragma_end(tmp_path):
    made = digests(compile_source(tmp_path, WRAP + F + POP + G))
    assert made["f"] == NONE != made["g"]


ALIASING = """#include <stdint.h>
int f(void *p, unsigned *b);
int f(void *p, unsigned *b) { uint32_t *a = p; *a = 1; *b = 2; return *a; }
int g(uint32_t *a, uint32_t n) { unsigned i; int sum = 0; for (i = 0; i < n; ++i) sum += a[i]; return sum; }
"""


def test_int_and_long_in_memory(tmp_path):
    """gcc's uint32_t is unsigned long, clang's unsigned int: only f can tell."""
    gcc, clang = (digests(compile_source(tmp_path, ALIASING, compiler)) for compiler in (GCC, CLANG))
    assert gcc["f"] != clang["f"] and gcc["g"] == clang["g"] != NONE
    gcc, clang = (digests(compile_source(tmp_path, ALIASING, compiler, "-fno-strict-aliasing")) for compiler in (GCC, CLANG))
    assert gcc["f"] == clang["f"] != NONE


@pytest.mark.parametrize("access", (
    "struct s { T t; int i; }; int f(struct s *s, int *p) { s->t = 1; *p = 2; return s->t; }",
    "T t; int f(int *p) { t = 1; *p = 2; return t; }",
    "int f(int *p) { T t[4]; t[*p & 3] = 1; return t[0]; }",
    "int h(void *, int *); int f(int x) { T y = x; return h(&y, &x); }",
    "struct s { T t; }; struct u { int i; }; int f(struct s *s, struct u *u) { struct s a = *s; struct u b = *u; *s = a; *u = b; return 0; }",
    "int f(T **p, int **q) { return p == 0 && *q == *(int **)q && *p != 0; }",
    "int f(void *p, int *q) { *q = 1; return __atomic_load_n((T *)p, 0); }",
    "int f(void *p, int x) { int y = x; int *q = &y; return __builtin_add_overflow(x, *q, (T *)p); }",
), ids=lambda text: text[:40])
def test_accesses_of_memory(tmp_path, access):
    text = f"typedef long T;\n{access}\n"
    assert fingerprint(tmp_path, text, GCC, "-w") != fingerprint(tmp_path, replaced(text, "long", "int"), GCC, "-w")


@pytest.mark.parametrize("access", (
    "int f(T *p, int n) { int i, sum = 0; for (i = 0; i < n; ++i) sum += p[i]; return sum; }",
    "struct s { T t; int i; }; T f(struct s *s, int i) { return s->t + i; }",
    "int g(int *, T); int f(T *p, int *q) { return g(q, *p); }",
), ids=lambda text: text[:40])
def test_values_that_are_no_memory(tmp_path, access):
    text = f"typedef long T;\n{access}\n"
    assert fingerprint(tmp_path, text) == fingerprint(tmp_path, replaced(text, "long", "int"))


@pytest.mark.parametrize("text", (
    NARROW % "s->a + s->a * 3 + (s->a = 4) + ++s->a",
    "struct d { int a, b; }; int f(volatile struct d *p) { struct d l = *p; *p = l; return l.a + p->b; }\n",
    "int f(int x) { return x + __alignof__(long long) + __atomic_load_n(&x, 0) + __sync_fetch_and_add(&x, 3); }\n",
    "int f(int x) { int y; __asm__ volatile(\"@ a comment\\n1: mov %0, %1\\n\\tcmp %0, #3; beq 1b\" : \"=r\"(y) : \"r\"(x) : \"memory\", \"cc\"); return y; }\n",
), ids=lambda text: text[:40])
def test_what_is_the_same_to_both_compilers(tmp_path, text):
    assert fingerprint(tmp_path, text, GCC) == fingerprint(tmp_path, text, CLANG) != NONE


def test_constraints_are_no_assembler_text(tmp_path):
    """"=r" is no assignment of a symbol, which would concern the whole unit."""
    text = F + 'int g(int x) { int y; __asm__("mov %0, %1" : "=r"(y) : "r"(x)); return y; }\n'
    assert fingerprint(tmp_path, text) == fingerprint(tmp_path, F)


def test_definitions_of_macros_are_no_meaning(tmp_path):
    assert fingerprint(tmp_path, F, GCC, "-D__FPU_PRESENT=1", "-U__FOO", "-D", "BAR") == fingerprint(tmp_path, F)

"""What SAME_SOURCE shares, and what it must not: one unit compiled by gcc -Os for the ROM, by clang -O2 for the firmware."""
import pytest

from launcher import GCC, run
from pairs import Pair

HEADER = """#define LIMIT 3072
struct point { int x; unsigned char y; };
extern int outside(struct point *p);
int f(struct point *p, int n);
int g(int n);
int mix(int n);
"""
UNIT = HEADER + """
static const unsigned table[24] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24};
static __attribute__((noinline)) int callee(int x, int unused) { return (int)table[x % 24u] * 7 + x; }
int g(int n) { int s = 0; for (int i = 0; i < n; ++i) s = s * 33 + callee(i, n) % 11; return s ^ (s >> 3); }
int f(struct point *p, int n) {
  int sum = outside(p);
  for (int i = 0; i < n; ++i)
    sum += callee(p->x + i, i) + (p->y == i ? LIMIT : 0);
  return sum * g(n);
}
"""
OTHER = HEADER + "int outside(struct point *p) { int s = 1; while (p->x--) s = s * 5 + p->y; return s; }\n"
MAIN = HEADER + "int main(void) { struct point p = {4, 2}; return f(&p, 9) + g(3); }\nint extra(int n) { return n; }\n"
ROM_MAIN = HEADER + "int boot(struct point *p) { return f(p, 3); }\n"
ROM = {"unit": UNIT, "other": OTHER, "rommain": ROM_MAIN}
FIRMWARE = {"unit": UNIT, "other": OTHER, "main": MAIN}


def replaced(text, before, after):
    assert before in text
    return text.replace(before, after)


@pytest.fixture
def pair(tmp_path):
    return Pair(tmp_path)


@pytest.mark.parametrize("linker", (["ld.lld-19"], ["arm-none-eabi-ld", "--no-warn-rwx-segments"]), ids=lambda l: l[0])
def test_one_source_by_two_compilers_is_shared(pair, linker):
    pair.rom_linker = linker
    plan = pair.plan(ROM, FIRMWARE)
    for name in ("f", "g", "outside"):
        assert plan[name][0] == "SHARED" and "the same source, compiled otherwise" in plan[name][2], plan[name]
    assert any("finding SAME_SOURCE 3 functions" in line for line in pair.findings), pair.findings
    assert not any("ACCEPTED_DIFFERENCE" in line for line in pair.findings)


def test_not_without_the_policys_word(pair):
    pair.policy = ""
    plan = pair.plan(ROM, FIRMWARE)
    assert plan["f"][:2] == plan["g"][:2] == ("LOCAL", "CHANGED")


def test_the_policy_may_name_functions(pair):
    pair.policy = '[[allow]]\nsymbols = ["outside", "g", "nobody"]\nevidence = "SAME_SOURCE"\n'
    plan = pair.plan(ROM, FIRMWARE)
    assert (plan["g"][0], plan["outside"][0], plan["f"][0]) == ("SHARED", "SHARED", "LOCAL")
    pair.policy = '[[allow]]\nsymbols = ["nobody"]\nevidence = "SAME_SOURCE"\n'


@pytest.mark.parametrize("side", ("rom", "firmware"))
def test_not_without_fingerprints(pair, side):
    pair.launcher[side] = []
    assert pair.plan(ROM, FIRMWARE)["g"][:2] == ("LOCAL", "CHANGED")
    assert any("NO_FINGERPRINTS" in line for line in pair.findings), pair.findings


@pytest.mark.parametrize("side", ("rom", "firmware"))
def test_not_without_debug_information(pair, side):
    (pair.rom_flags if side == "rom" else pair.firmware_flags).remove("-g")
    plan = pair.plan(ROM, FIRMWARE)
    assert plan["g"][0] == "LOCAL" and "its types cannot be compared" in plan["g"][2], plan["g"]


CHANGES = {  # of the firmware's unit; what it must keep local
    "a token": ("i < n; ++i) s =", "i <= n; ++i) s =", {"f", "g"}),
    "a macro's value": ("LIMIT 3072", "LIMIT 4096", {"f"}),
    "a static callee": ("* 7 + x", "* 9 + x", {"f", "g"}),
    "a global callee of the unit": ("s * 33", "s * 35", {"f", "g"}),
    "a structure": ("int x; unsigned char y;", "int x; unsigned short y;", {"f"}),
    "a constant table": ("{1, 2,", "{1, 3,", {"f", "g"}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_keeps_local(pair, change):
    before, after, local = CHANGES[change]
    plan = pair.plan(ROM, {**FIRMWARE, "unit": replaced(UNIT, before, after)})
    assert {name for name in ("f", "g") if plan[name][0] == "LOCAL"} == local, plan
    assert plan["outside"][0] == "SHARED"


@pytest.mark.parametrize("flag", ("-fwrapv", "-fsigned-char", "-fno-strict-aliasing"))
def test_another_meaning_keeps_local(pair, flag):
    pair.firmware_flags.append(flag)
    plan = pair.plan(ROM, FIRMWARE)
    assert {name: plan[name][0] for name in ("f", "g", "outside")} == dict.fromkeys(("f", "g", "outside"), "LOCAL")


def test_another_callee_keeps_its_callers_local(pair):
    """f is the same text, but calls what the firmware has otherwise."""
    plan = pair.plan(ROM, {**FIRMWARE, "other": replaced(OTHER, "s * 5", "s * 6")})
    assert plan["outside"][0] == plan["f"][0] == "LOCAL" and plan["g"][0] == "SHARED"
    assert "f -> outside" in plan["f"][2]


def test_a_replaced_function_of_the_unit_keeps_it_local(pair):
    """The ROM's compiler may have inlined the g that the firmware's link does not take."""
    pair.firmware_options = ["--allow-multiple-definition"]
    mine = HEADER + "int g(int n) { return n * 12345 + 1; }\n"
    unit = replaced(UNIT, "int g(int n) {", "__attribute__((noinline)) int g(int n) {")
    plan = pair.plan({**ROM, "unit": unit}, {"mine": mine, **FIRMWARE, "unit": unit})
    assert plan["f"][0] == plan["g"][0] == "LOCAL", plan
    assert "the link replaces g" in plan["f"][2], plan["f"]
    assert plan["outside"][0] == "SHARED"


WEAK = HEADER + """
__attribute__((weak)) int hook(int n) { int s = 0; while (n-- > 0) s = s * 3 + (n ^ s); return s; }
int g(int n) { return hook(n) * 77 + (n ^ 0x5555) * 13; }
int f(struct point *p, int n) { return g(n) * p->x; }
int outside(struct point *p) { return p->x; }
"""


@pytest.mark.parametrize("side", ("rom", "firmware", "both"))
def test_a_weak_function_that_one_side_overrides(pair, side):
    strong = "int hook(int n) { return n * n * n - 5 * n; }\n"
    rom, firmware = ({"unit": WEAK, "main": HEADER + "int main(void) { struct point p = {4, 2}; return f(&p, 9) + g(3); }\n"}
                     for _ in range(2))
    if side in ("rom", "both"):
        rom["strong"] = strong
    if side in ("firmware", "both"):
        firmware["strong"] = strong
    plan = pair.plan(rom, firmware)
    assert plan["g"][0] == plan["f"][0] == ("SHARED" if side == "both" else "LOCAL"), plan


def test_a_weak_function_that_code_without_fingerprints_overrides(pair):
    """Its record must not come to lie at the function that took its place."""
    main = HEADER + "int main(void) { struct point p = {4, 2}; return f(&p, 9) + g(3); }\n"
    plan = pair.plan({"unit": WEAK, "main": main}, {"unit": WEAK, "main": main})
    assert plan["g"][0] == plan["hook"][0] == "SHARED", plan
    compile_plainly(pair, "strong", "int hook(int n) { return n * n * n - 5 * n; }\n")
    pair.rom_options = [pair.folder / "strong.o"]
    plan = pair.plan({"unit": WEAK, "main": main}, {"unit": WEAK, "main": main})
    assert plan["g"][0] == plan["hook"][0] == "LOCAL", plan


def compile_plainly(pair, name, text):
    (pair.folder / f"{name}.c").write_text(text)
    run(*GCC, "-g", "-c", f"{name}.c", "-o", f"{name}.o", cwd=pair.folder)


def test_a_variable_that_one_side_never_writes(pair):
    """gcc and clang make a constant of a static variable that the unit never writes: its writers belong to its readers."""
    reader = HEADER + """static int limit = 5;
int g(int n) { int s = 0; for (int i = 0; i < n * limit; ++i) s += i * limit; return s; }
"""
    writer = reader + "void set_limit(int n) { limit = n; }\n"
    main = "void set_limit(int); int g(int); int main(void) { set_limit(7); return g(3); }\n"
    plan = pair.plan({"unit": reader}, {"unit": writer, "main": main})
    assert plan["g"][0] == "LOCAL" and "the same source" not in plan["g"][2], plan["g"]


def test_a_variable_that_the_firmware_never_writes(pair):
    reader = HEADER + """static int limit = 5;
int g(int n) { int s = 0; for (int i = 0; i < n * limit; ++i) s += i * limit; return s; }
"""
    writer = reader + "void set_limit(int n) { limit = n; }\n"
    main = "int g(int); int main(void) { return g(3); }\n"
    plan = pair.plan({"unit": writer}, {"unit": reader, "main": main})
    assert plan["g"][0] == "LOCAL" and "the same source" not in plan["g"][2], plan["g"]


def test_a_static_function_is_never_shared_for_its_source(pair):
    """Its calling convention is its compiler's own affair."""
    text = replaced(UNIT, "int g(int n) {", "static __attribute__((noinline)) int inner(int n, int *p) { *p += n * 3; return *p % 17 + n * 91; }\n"
                    "int g(int n) { n += inner(n, &n);")
    main = text + "\nint main(void) { int n = 3; return inner(n, &n) + g(n); }\n"
    plan = pair.plan({**ROM, "unit": text}, {"main": main, "other": OTHER})
    assert plan["inner"][0] == "LOCAL"


def test_a_number_that_the_scripts_set_differently(pair):
    text = HEADER + """extern char area[];
int g(int n) { return n * 37 + (int)(unsigned long)area + (n ^ 0x1234) * 11; }
"""
    main = "int g(int); int main(void) { return g(3); }\n"
    pair.rom_options = ["--defsym=area=0x30000000"]
    pair.firmware_options = ["--defsym=area=0x30000400"]
    plan = pair.plan({"unit": text}, {"unit": text, "main": main})
    assert plan["g"][0] == "LOCAL", plan["g"]


def test_a_function_that_the_roms_link_wraps(pair):
    """The ROM's f calls __wrap_outside, the firmware's outside; the firmware has both."""
    wrapper = HEADER + "int __wrap_outside(struct point *p);\nint __wrap_outside(struct point *p) { return p->y * 1234567 + p->x; }\n"
    main = replaced(MAIN, "return f(", "return __wrap_outside(&p) + f(") + "int __wrap_outside(struct point *p);\n"
    main = HEADER + "int __wrap_outside(struct point *p);\n" + main[len(HEADER):]
    pair.rom_options = ["--wrap=outside"]
    plan = pair.plan({**ROM, "wrapper": wrapper}, {**FIRMWARE, "wrapper": wrapper, "main": main})
    assert plan["f"][0] == "LOCAL" and "__wrap_outside" in plan["f"][2], plan["f"]
    assert plan["__wrap_outside"][0] == plan["g"][0] == "SHARED", plan


def test_a_part_that_runs_from_ram_keeps_it_local(pair):
    import pairs
    unit = replaced(UNIT, "static __attribute__((noinline)) int callee(int x, int unused) {",
                    "int callee(int x, int unused);\n__attribute__((noinline)) int callee(int x, int unused) {")
    script = pairs.FIRMWARE_SCRIPT
    try:
        pairs.FIRMWARE_SCRIPT = script.replace(
            "  .text 0x10100000 :", "  .fast 0x20020000 : AT(0x10190000) { *(.text.callee) }\n"
            "  .text 0x10100000 : AT(0x10100000)")
        assert pairs.FIRMWARE_SCRIPT != script
        plan = pair.plan({**ROM, "unit": unit}, {**FIRMWARE, "unit": unit})
    finally:
        pairs.FIRMWARE_SCRIPT = script
    assert plan["callee"][0] == plan["g"][0] == plan["f"][0] == "LOCAL", plan
    assert "where callee lies" in plan["g"][2], plan["g"]


def test_the_address_of_a_static_object_means_one_object(pair):
    """name() is inlined into main, where the firmware's own copy of the object is compared with the ROM's."""
    text = HEADER + """
const char *name(int n);
const char *name(int n) { static const char text[40] = "a name that is long enough"; return n > 3 ? text + 1 : text; }
int g(int n) { return name(n)[n % 7] * 31 + n; }
"""
    main = text + "int main(int n) { return name(0) == name(n) ? g(n) : 2; }\n"
    plan = pair.plan({"unit": text}, {"main": main})
    assert plan["name.text"] and [name for name in ("name", "g") if plan.get(name, [""])[0] == "SHARED"] in (
        [], ["g"] if plan["name.text"][0] == "SHARED" else []), plan


def test_a_constant_of_another_unit_must_be_equal(pair):
    text = HEADER + "extern const int weights[6];\nint g(int n) { int s = 0; for (int i = 0; i < 6; ++i) s += weights[i] * (n + i); return s; }\n"
    main = "int g(int); int main(void) { return g(3); }\n"
    one = "const int weights[6] = {1, 2, 3, 4, 5, 6};\n"
    assert pair.plan({"unit": text, "data": one}, {"unit": text, "data": one, "main": main})["g"][0] == "SHARED"
    two = replaced(one, "3", "9")
    assert pair.plan({"unit": text, "data": one}, {"unit": text, "data": two, "main": main})["g"][0] == "LOCAL"


def test_without_function_sections_nothing_is_shared_so(pair):
    pair.firmware_compiler = [w for w in pair.firmware_compiler if w != "-ffunction-sections"]
    plan = pair.plan(ROM, FIRMWARE)
    assert plan["f"][0] == plan["g"][0] == "LOCAL", plan


def test_volatile_bytes_of_the_rom_are_not_shared(pair):
    address = int(dict_of_addresses(pair)["g"], 16)
    plan = pair.plan(ROM, FIRMWARE, "--volatile", f"{address + 8:#x}:4")
    assert plan["g"][0] == "LOCAL" and plan["f"][0] == "LOCAL", plan["g"]


def dict_of_addresses(pair):

    pair.plan(ROM, FIRMWARE)
    rows = (line.split() for line in run("arm-none-eabi-nm", "rom.elf", cwd=pair.folder).stdout.splitlines())
    return {row[2]: row[0] for row in rows if len(row) == 3}


def test_other_optimisation_of_one_compiler(pair):
    pair.rom_compiler, pair.firmware_compiler = GCC, [*GCC, "-O3"]
    pair.firmware_flags = list(pair.rom_flags)
    plan = pair.plan(ROM, FIRMWARE)
    assert plan["f"][0] == plan["g"][0] == "SHARED", plan


LOOP = "int f(int n) { int s = 0; for (int i = 0; i < n; ++i) s += i * n ^ (s >> 3); %s }\n"


def test_a_function_that_was_made_weak_after_its_compilation(pair):
    """The ROM's compiler has inlined g; the firmware's link takes another."""
    unit = "int g(int);\nint g(int n) { return n * 1001; }\nint f(int);\n" + LOOP % "return g(n) + s;"
    strong = "int g(int n);\nint g(int n) { return n * 7777 - 5; }\n"
    main = "int f(int); int main(void) { return f(3); }\n"
    pair.rom_compiler, pair.firmware_compiler = [*GCC, "-O2"], [*GCC, "-O1", "-fno-inline"]
    pair.firmware_flags = list(pair.rom_flags)
    compile_all = pair.compile

    def compile_and_weaken(side, sources):
        objects = compile_all(side, sources)
        for path in objects:
            if path.name == "unit.o":
                run("arm-none-eabi-objcopy", "--weaken-symbol=g", path, cwd=pair.folder)
        return objects
    pair.compile = compile_and_weaken
    plan = pair.plan({"unit": unit, "strong": strong}, {"unit": unit, "strong": strong, "main": main})
    assert plan["f"][0] == "LOCAL" and "the link replaces g" in plan["f"][2], plan["f"]


def test_a_library_function_of_the_unit_that_only_the_compiler_calls(pair):
    """gcc makes a puts() of the printf(); clang does not know this name, so nothing but the link notices."""
    unit = """int own_puts(const char *) __asm__("puts");
int printf(const char *, ...) __asm__("printf");
int f(int);
__attribute__((noinline)) int own_puts(const char *s) { *(volatile int *)0x40000000 = s[0] * 1007; return 1; }
""" + LOOP % 'printf("hello\\n"); return s;'
    other = "int printf(const char *s, ...);\n__attribute__((noinline)) int printf(const char *s, ...) { return s[0]; }\n"
    main = "int f(int); int main(void) { return f(3); }\n"
    pair.rom_flags, pair.firmware_flags = ["-g"], ["-g"]
    plan = pair.plan({"unit": unit, "other": other}, {"unit": replaced(unit, "1007", "2009"), "other": other, "main": main})
    assert plan["f"][0] == "LOCAL", plan["f"]


def test_a_function_of_the_unit_that_the_text_does_not_name(pair):
    """The ROM's copy calls __stack_chk_fail, which the firmware's unit has otherwise."""
    unit = """const unsigned __stack_chk_guard = 0x1234567;
void __stack_chk_fail(void);
void __stack_chk_fail(void) { *(volatile int *)0x40000000 = 1007; for (;;) {} }
int outside(char *p);
__attribute__((noinline)) int outside(char *p) { for (int i = 0; i < 40; ++i) p[i] = (char)(i * 7); return 5; }
int f(int);
int f(int n) { char text[40]; int s = 0; outside(text); for (int i = 0; i < n; ++i) s += i * text[i] ^ (s >> 3); return s; }
"""
    main = "int f(int); int main(void) { return f(3); }\n"
    pair.rom_flags = [*pair.rom_flags, "-fstack-protector-all"]
    for changed, decision in ((unit, "SHARED"), (replaced(unit, "1007", "2009"), "LOCAL")):
        plan = pair.plan({"unit": unit}, {"unit": changed, "main": main})
        assert plan["f"][0] == decision, plan["f"]
    assert "__stack_chk_fail of its translation unit" in plan["f"][2], plan["f"]


def test_flags_that_ask_for_equal_code_keep_local(pair):
    """-mno-unaligned-access is no matter of the text, but the ROM's code may rely on what the firmware turned off."""
    assert pair.plan(ROM, FIRMWARE)["f"][0] == "SHARED"
    pair.firmware_flags.append("-mno-unaligned-access")
    plan = pair.plan(ROM, FIRMWARE)
    for name in ("f", "g", "outside"):
        assert plan[name][0] == "LOCAL", plan[name]
    assert any("CPU_unaligned_access" in detail for _, _, detail in plan.values()), plan


CALLER = HEADER + """
__attribute__((noinline)) int g(int n) { struct point p = {n, 2}; return outside(&p) * 1000 + n * 77; }
int f(struct point *p, int n) { return g(n) * 3 + p->x; }
"""


def test_what_a_local_function_of_the_unit_calls_stays_local(pair):
    """Its compiler may know what g() does with its arguments, and have dropped what g() did not need."""
    rom, firmware = {**ROM, "unit": CALLER}, {**FIRMWARE, "unit": CALLER}
    assert pair.plan(rom, firmware)["g"][0] == "SHARED"
    plan = pair.plan(rom, {**firmware, "unit": replaced(CALLER, "* 3", "* 5")})
    assert plan["f"][0] == plan["g"][0] == "LOCAL", plan
    assert "f, of the same translation unit, may rely on" in plan["g"][2], plan["g"]
    assert plan["outside"][0] == "SHARED", plan["outside"]

"""The pairs: a ROM and a firmware whose code is the same but for one thing that a linker does not see.

Each pair is compiled by real compilers. What is called by the firmware and defined by both sides is `api.c`; its functions touch
nothing of the change, so that only types and flags tell the sides apart. `checksum` has no part in the change of any pair.
"""
import dataclasses

CHECKSUM = """unsigned checksum(const unsigned char *data, unsigned size) {
  unsigned sum = 0; while (size--) sum = sum * 31 + *data++; return sum; }
"""
GCC = ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-Os", "-ffunction-sections", "-fdata-sections", "-ffreestanding"]
CLANG = ["clang-19", "--target=arm-none-eabi", "-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=soft", "-Os", "-ffunction-sections",
         "-fdata-sections", "-ffreestanding", "-isystem", "/usr/include/newlib", "-fshort-enums"]
CXX = ["-fno-exceptions", "-fno-rtti", "-x", "c++"]
COMPILERS = {"gcc": GCC, "clang": CLANG, "g++": ["arm-none-eabi-g++", *GCC[1:], *CXX], "clang++": ["clang++-19", *CLANG[1:], *CXX]}
C_COMPILER_OF = {"g++": "gcc", "clang++": "clang"}


@dataclasses.dataclass(frozen=True)
class Pair:
    name: str
    rom: str       # C that defines the functions
    firmware: str  # the same for the firmware; the firmware
    path: dict     # of each function that has to be refused: what romlink says of it, or a part of that
    functions: tuple
    rom_flags: tuple = ()
    firmware_flags: tuple = ()
    compilers: tuple = (("gcc", "gcc"), ("gcc", "clang"), ("clang", "gcc"))
    reason: str = "API_MISMATCH"
    checked: bool = True    # False: one side has no types
    unchecked: tuple = ()   # functions whose types one side does not tell
    notes: dict = dataclasses.field(default_factory=dict)  # of functions that are taken: what is noted
    dwarf: tuple = ("-gdwarf-5", "-gdwarf-4")              # ROM, firmware

    def caller(self, name):
        """C with a function `name` that calls the whole API, which it need not know the types of for that."""
        return "\n".join(f"int {function}();" for function in self.functions) + \
            f"\nint {name}(void) {{ return {' + '.join(f'{function}()' for function in self.functions)}; }}\n"


def struct(members):
    return (f"struct session {{ {members} }};\n"
            "int session_open(struct session *s, int id) { if (!s) return -1; *(int *)s = id; return 0; }\n" + CHECKSUM)


SESSION = ("session_open", "checksum")
MODE = """enum mode { MODE_OFF, MODE_SLEEP, MODE_RUN };
struct config { enum mode mode; int level; };
int mode_is_off(enum mode mode) { return mode == MODE_OFF; }
int config_valid(const struct config *config) { return config != 0; }
""" + CHECKSUM
MODES = ("mode_is_off", "config_valid", "checksum")
TIME = """#include <time.h>
struct stamp { time_t at; int zone; };
int is_past(time_t at, time_t now) { return at < now; }
int stamp_valid(const struct stamp *stamp) { return stamp != 0; }
""" + CHECKSUM
FLOAT = """float scale(float x, float y) { return x * y; }
int round_up(int x, int to) { return (x + to - 1) / to * to; }
""" + CHECKSUM
VERIFY = """int verify(const unsigned char *hash, TYPE hash_len) { return hash != 0 && (unsigned)hash_len == 32; }
""" + CHECKSUM
WIDGET = """struct widget { explicit widget(int); widget(const widget &); int id; MORE int value; };
extern "C" int widget_value(const widget *w) { return w->value * 3; }
extern "C" int widget_take(widget w) { return w.value * 5; }
extern "C" int scaled(int value) { return value * 7; }
"""
WIDGETS = ("widget_value", "widget_take", "scaled")
COUPLE = """typedef int wide __attribute__((aligned(8)));
struct couple { MEMBER a; int b; };
int couple_sum(int x, struct couple c) { return x + c.a * 3 + c.b; }
""" + CHECKSUM
ALIGNED = """typedef int wide __attribute__((aligned(8)));
typedef struct { int a, b; } __attribute__((aligned(8))) block;
struct aligned { block one; block two[2]; const wide three; _Alignas(4) int four; _Alignas(8) long long five; _Alignas(16) char six[3];
                 union { _Alignas(8) int u; block b; } seven; };
int aligned_five(const struct aligned *s) { return s != 0; }
""" + CHECKSUM
HANDLE = """struct driver; struct channel { struct driver *driver; int (*open)(struct driver *, struct channel *); };
int channel_valid(const struct channel *c, const struct driver *d) { return c != 0 && d != 0; }
""" + CHECKSUM
AREA = """int area(WHAT) { return width * 3 + height; }
""" + CHECKSUM
VERDICT = """enum verdict { NAMES };
int verdict_valid(enum verdict v) { return v >= 0; }
""" + CHECKSUM
ALIAS = """int total(int a) { return a * 5 + 7; }
extern int sum(int) __attribute__((alias("total")));
""" + CHECKSUM
SHA = """typedef struct { unsigned total[2]; unsigned state[8]; unsigned char buffer[SIZE]; int is224; } sha256_context;
unsigned sha256_total(const sha256_context *ctx) { return ctx->total[0]; }
""" + CHECKSUM

PAIRS = [
    Pair("same source", struct("int id; struct session *next; char name[8]; unsigned a : 3, b : 7;"),
         struct("int id; struct session *next; char name[8]; unsigned a : 3, b : 7;"), {}, SESSION,
         compilers=(("gcc", "gcc"), ("gcc", "clang"), ("clang", "gcc"), ("clang", "clang"))),
    Pair("enum size (-fshort-enums)", MODE, MODE, {"mode_is_off": "enum mode: size 1 -> 4", "config_valid": "enum mode: size 1 -> 4"},
         MODES, rom_flags=("-fshort-enums",), firmware_flags=("-fno-short-enums",), reason="FLAGS_MISMATCH"),
    Pair("float ABI (hard, soft)", FLOAT, FLOAT, {"scale": ""}, ("scale", "round_up", "checksum"),
         rom_flags=("-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"), firmware_flags=("-mfloat-abi=softfp", "-mfpu=fpv4-sp-d16"),
         reason="FLAGS_MISMATCH"),
    Pair("member added in the middle", struct("int id; int flags; int age;"), struct("int id; int flags; int owner; int age;"),
         {"session_open": "session.age: offset 0x8 -> 0xc (member owner added at 0x8)"}, SESSION),
    Pair("member added at the end", struct("int id; int flags;"), struct("int id; int flags; int owner;"),
         {"session_open": "struct session: size 8 -> 12 (member owner added at 0x8)"}, SESSION),
    Pair("member changed, same size", struct("int id; unsigned flags;"), struct("int id; float flags;"),
         {"session_open": "session.flags: unsigned int -> float"}, SESSION),
    Pair("array member longer", SHA.replace("SIZE", "64"), SHA.replace("SIZE", "68"),
         {"sha256_total": "sha256_context.is224: offset 0x68 -> 0x6c (buffer[64] -> buffer[68])"}, ("sha256_total", "checksum")),
    Pair("bit-field wider", struct("int id; unsigned a : 3, b : 7;"), struct("int id; unsigned a : 4, b : 7;"),
         {"session_open": "session.a: 3 bits -> 4 bits"}, SESSION),
    Pair("prototype changed", VERIFY.replace("TYPE", "unsigned"), VERIFY.replace("TYPE", "unsigned short"),
         {"verify": "verify(parameter 2 hash_len): unsigned int -> unsigned short"}, ("verify", "checksum")),
    Pair("enumerator changed", MODE, MODE.replace("MODE_RUN }", "MODE_RUN = 3 }"),
         {"mode_is_off": "enum mode.MODE_RUN: 2 -> 3", "config_valid": "enum mode.MODE_RUN: 2 -> 3"}, MODES),
    Pair("packed struct", struct("int id; char kind; int age;"), struct("int id; char kind; int age;").replace(
         "struct session {", "struct __attribute__((packed)) session {"),
         {"session_open": "session.age: offset 0x8 -> 0x5 (packed or aligned otherwise)"}, SESSION),
    Pair("time_t of 32 and 64 bits", TIME, TIME, {"is_past": "is_past(parameter 1 at): time_t (long) -> time_t (long long)",
         "stamp_valid": "stamp.zone: offset 0x4 -> 0x8 (time_t at: size 4 -> 8)"}, ("is_past", "stamp_valid", "checksum"),
         rom_flags=("-D_USE_LONG_TIME_T",), compilers=(("gcc", "gcc"), ("gcc", "clang"))),
    Pair("callback changed", struct("int id; void (*done)(int status);"), struct("int id; void (*done)(int status, void *data);"),
         {"session_open": "session.done: 1 parameter -> 2 parameters"}, SESSION),
    Pair("enumerator added at the end", MODE, MODE.replace("MODE_RUN }", "MODE_RUN, MODE_TEST }"), {}, MODES,
         notes={name: "enum mode.MODE_TEST: added as 3" for name in ("mode_is_off", "config_valid")}),
    Pair("parameter renamed", VERIFY.replace("TYPE", "unsigned"), VERIFY.replace("TYPE", "unsigned").replace("hash_len", "length"), {},
         ("verify", "checksum"), notes={"verify": "verify(parameter 2): renamed hash_len -> length"}),
    Pair("C++ class described elsewhere", WIDGET.replace("MORE", ""), WIDGET.replace("MORE", "int owner;"), {}, WIDGETS,
         compilers=(("clang++", "clang++"), ("clang++", "g++"), ("g++", "clang++")), unchecked=WIDGETS[:2]),
    Pair("C++ class described here", WIDGET.replace("MORE", ""), WIDGET.replace("MORE", "int owner;"),
         dict.fromkeys(WIDGETS[:2], "widget.value: offset 0x4 -> 0x8 (member owner added at 0x4)"), WIDGETS,
         rom_flags=("-fstandalone-debug",), firmware_flags=("-fstandalone-debug",), compilers=(("clang++", "clang++"),)),
    Pair("-femit-struct-debug-detailed", struct("int id; int age;"), struct("int id; int owner; int age;"), {}, SESSION,
         rom_flags=("-femit-struct-debug-detailed=none",), firmware_flags=("-femit-struct-debug-detailed=none",),
         compilers=(("gcc", "gcc"),), unchecked=("session_open",)),
    Pair("opaque handle", HANDLE, HANDLE, {}, ("channel_valid", "checksum")),
    Pair("alignment of a member", COUPLE.replace("MEMBER", "_Alignas(8) int"), COUPLE.replace("MEMBER", "int"),
         {"couple_sum": "couple.a: alignment 8 -> natural"}, ("couple_sum", "checksum")),
    Pair("alignment of a typedef", COUPLE.replace("MEMBER", "int"), COUPLE.replace("MEMBER", "wide"),
         {"couple_sum": "couple.a: alignment natural -> 8"}, ("couple_sum", "checksum")),
    Pair("same alignment", ALIGNED, ALIGNED, {}, ("aligned_five", "checksum")),
    Pair("parameters swapped", AREA.replace("WHAT", "int width, int height"), AREA.replace("WHAT", "int height, int width"),
         {"area": "area(parameter 1 width): now parameter 2"}, ("area", "checksum")),
    Pair("other enumerators", VERDICT.replace("NAMES", "REJECTED, ACCEPTED"), VERDICT.replace("NAMES", "PASS = 2, FAIL"),
         {"verdict_valid": "enum verdict.REJECTED: only in the ROM as 0, and PASS only in the firmware as 2"},
         ("verdict_valid", "checksum")),
    Pair("alias declared without a prototype", ALIAS, ALIAS, {}, ("total", "sum", "checksum"), compilers=(("gcc", "gcc"), ("clang", "clang"))),
    Pair("ROM without DWARF", struct("int id;"), struct("int id; int more;"), {}, SESSION, rom_flags=("-g0",), checked=False),
    Pair("firmware of DWARF 2", struct("int id;"), struct("int id;"), {}, SESSION, dwarf=("-gdwarf-4", "-gdwarf-2"), checked=False),
    Pair("firmware of -g1", struct("int id;"), struct("int id;"), {}, SESSION, dwarf=("-gdwarf-4", "-g1"), checked=False),
    Pair("firmware of -gsplit-dwarf", struct("int id;"), struct("int id;"), {}, SESSION, dwarf=("-gdwarf-4", "-g"),
         firmware_flags=("-gsplit-dwarf",), checked=False),
]

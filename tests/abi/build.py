"""Compiles and links a pair: ROM, firmware objects, linker scripts and policy, in a folder of its own."""
import dataclasses
import pathlib
import subprocess

import pairs

SCRIPT = """ENTRY({entry})
SECTIONS {{
  .text {address:#x} : {{ *(.text .text.*) *(.rodata .rodata.*) *(.data.rel.ro*) *(.data .data.*) }}
  .ARM.exidx : {{ *(.ARM.exidx*) }}
}}
"""
LLD = ["ld.lld-19", "-z", "max-page-size=4"]


class Built:
    def __init__(self, pair, compilers, folder):
        self.pair, self.compilers, self.folder = pair, compilers, pathlib.Path(folder)
        self.inputs = self.folder / "in"
        self.inputs.mkdir(parents=True)
        (self.inputs / "fw.ld").write_text(SCRIPT.format(entry="main", address=0x200000))
        (self.folder / "rom.ld").write_text(SCRIPT.format(entry="rom_main", address=0x1000))
        self.compile(compilers[0], pair.rom, [pair.dwarf[0], *pair.rom_flags], self.folder / "api.o")
        self.compile(compilers[1], pair.firmware, [pair.dwarf[1], *pair.firmware_flags], self.inputs / "api.o")
        compilers = [pairs.C_COMPILER_OF.get(name, name) for name in compilers]
        self.compile(compilers[0], pair.caller("rom_main"), [pair.dwarf[0], *pair.rom_flags], self.folder / "main.o")
        self.compile(compilers[1], pair.caller("main"), [pair.dwarf[1], *pair.firmware_flags], self.inputs / "main.o")
        self.rom = self.folder / "rom.elf"
        run([*LLD, "-T", "rom.ld", "api.o", "main.o", "-o", self.rom], self.folder)
        names = ", ".join(f'"{name}"' for name in pair.functions)
        self.policy = self.folder / "policy.toml"
        self.policy.write_text(f'[[allow]]\nsymbols = [{names}]\nevidence = "API_COMPATIBLE"\n')
        self.arguments = ["-T", "fw.ld", "-z", "max-page-size=4", "--gc-sections", "api.o", "main.o"]

    def compile(self, compiler, source, flags, object_file):
        language = [] if compiler.endswith("++") else ["-x", "c"]
        command = [*pairs.COMPILERS[compiler], *flags, *language, "-c", "-", "-o", object_file]
        run(command, self.folder, source)

    def just_symbols(self, linker):
        """What a linker says that gives the firmware's main the ROM's functions by name: (exit code, output)."""
        done = subprocess.run([*linker, "-T", "fw.ld", f"--just-symbols={self.rom}", "main.o", "-o", self.folder / "just.elf"],
                              cwd=self.inputs, capture_output=True, text=True)
        return done.returncode, (done.stdout + done.stderr).strip()


def run(command, cwd, text=""):
    done = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True, input=text)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


@dataclasses.dataclass
class Verdict:
    decision: str       # SHARED or LOCAL
    reason: str         # "-": none
    detail: str
    types: str = ""     # SAME, COMPATIBLE, DIFFERENT, NOT_CHECKED
    notes: tuple = ()


def relink(built, relink_text):
    """What romlink decides of each function of the API, and the whole text."""
    text = run([relink_text, built.rom, built.folder / "out.elf", "--policy", built.policy, "--types", "--", *built.arguments],
               built.inputs)
    verdicts = {}
    for line in text.splitlines():
        words = line.split(" ", 4)
        if words[0] in built.pair.functions:
            verdicts[words[0]] = Verdict(*words[1:3], words[4])
        elif words[0] == "types" and words[1] in built.pair.functions:
            verdicts[words[1]].types = words[2]
            verdicts[words[1]].notes = tuple(line.split("; ")[1:])
    return verdicts, text

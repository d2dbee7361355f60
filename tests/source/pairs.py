"""Pairs of a small ROM and firmware, compiled with romlink-cc by two compilers, and what romlink decides for them."""
import os
import pathlib
import subprocess

from launcher import CLANG, GCC, LAUNCHER, ROOT, run

RELINK_TEXT = pathlib.Path(os.environ.get("ROMLINK_RELINK_TEXT") or ROOT / "build" / "tests" / "relink-text")
ROM_SCRIPT = """SECTIONS {
  .text 0x10000000 : { *(.vectors) *(.text .text.*) *(.rodata .rodata.*) }
  .ARM.exidx : { *(.ARM.exidx*) }
  .shared 0x20000000 : { *(.shared) }
  .data 0x20000100 : AT(0x10080000) { *(.data .data.*) }
  .bss (NOLOAD) : { *(.bss .bss.* COMMON) }
}
"""
FIRMWARE_SCRIPT = """ENTRY(main)
SECTIONS {
  .text 0x10100000 : { *(.text .text.*) *(.rodata .rodata.*) }
  .ARM.exidx : { *(.ARM.exidx*) }
  .data 0x20010000 : AT(0x10180000) { *(.data .data.*) }
  .bss (NOLOAD) : { *(.bss .bss.* COMMON) }
}
"""
FLAGS = ["-g", "-ffreestanding", "-fno-tree-loop-distribute-patterns"]
POLICY = '[defaults]\nevidence = "SAME_SOURCE"\n'


class Pair:
    """Sources by the names of their objects; `launched` says which are compiled with romlink-cc."""

    def __init__(self, folder):
        self.folder = folder
        self.inputs = folder / "in"
        self.inputs.mkdir()
        self.rom_compiler, self.firmware_compiler = GCC, [w for w in CLANG if not str(w).startswith(("-isystem", "/usr"))]
        self.rom_flags, self.firmware_flags = list(FLAGS), [f for f in FLAGS if "tree-loop" not in f]
        self.policy = POLICY
        self.rom_linker, self.firmware_options = ["ld.lld-19"], []
        self.rom_options = []
        self.launcher = {"rom": [LAUNCHER], "firmware": [LAUNCHER]}

    def compile(self, side, sources):
        folder = self.folder / side
        folder.mkdir(exist_ok=True)
        compiler, flags = ((self.rom_compiler, self.rom_flags) if side == "rom" else
                           (self.firmware_compiler, self.firmware_flags))
        objects = []
        for name, text in sources.items():
            (folder / f"{name}.c").write_text(text)
            run(*self.launcher[side], *compiler, *flags, "-c", f"{name}.c", "-o", f"{name}.o", cwd=folder)
            objects.append(folder / f"{name}.o")
        return objects

    def plan(self, rom, firmware, *options):
        """{name: (decision, evidence-or-reason, detail)} of a link; also writes out.elf."""
        (self.folder / "rom.ld").write_text(ROM_SCRIPT)
        (self.inputs / "fw.ld").write_text(FIRMWARE_SCRIPT)
        run(*self.rom_linker, "-e", "0", "-z", "max-page-size=4", "-T", "rom.ld", *self.rom_options,
            *self.compile("rom", rom), "-o", "rom.elf", cwd=self.folder)
        names = []
        for path in self.compile("firmware", firmware):
            (self.inputs / path.name).write_bytes(path.read_bytes())
            names.append(path.name)
        (self.folder / "policy.toml").write_text(self.policy)
        done = subprocess.run([RELINK_TEXT, "../rom.elf", "../out.elf", "--policy", "../policy.toml", *options, "--",
                               "-T", "fw.ld", "--gc-sections", *self.firmware_options, *names],
                              cwd=self.inputs, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        self.findings = [line for line in done.stdout.splitlines() if line.startswith("finding ")]
        rows = (line.split(" ", 4) for line in done.stdout.splitlines())
        return {row[0]: (row[1], row[2], row[4]) for row in rows if len(row) == 5 and row[1] in ("SHARED", "LOCAL")}

#!/usr/bin/python3
"""Builds the test bootloader (ROM) and firmware (SPE) with arm-none-eabi-gcc or clang, newlib-nano and libgcc.

    build.py --out DIR [--board an521|an385] [--variant NAME] [--linker gnu|lld] [--far]
             [--compiler gcc|clang] [--optimize s|1|2|3|z] [--no-sections] [--flag=FLAG]...
             [--rom-compiler gcc|clang] [--rom-optimize s|1|2|3|z] [--fingerprints]

Writes to DIR: rom.elf, libcrypto-rom.a, libcrypto-spe.a, spe/*.o, spe.elf (linked by itself, by lld), spe.bin
(signed), the linker scripts, a map file for each link, and spe-link.args: the arguments of the firmware's link without -o, one a
line, for `ld.lld-19 $(cat DIR/spe-link.args) -o spe.elf` and for romlink; rom-link.args the same for the bootloader.
--linker chooses the linker of the bootloader.
--fingerprints compiles with romlink-cc, of the folder that ROMLINK_BIN names or build/bin.
--far puts the firmware where no branch reaches the bootloader. --no-sections leaves out -ffunction-sections and
-fdata-sections, --flag adds a flag; --rom-compiler and --rom-optimize are for a bootloader that is built otherwise.
The C library and libgcc are those of the GNU toolchain in every case.

Variants: default; rom-v2: the bootloader with a fix in der.c; spe-changed: the firmware with another constant in
bn_core_montgomery_inverse, to the same result; fixed: bootloader and firmware with the fix in der.c.

A file is compiled again when its command, itself or a header it includes has changed. Same input, same bytes.
"""
import argparse
import concurrent.futures
import dataclasses
import hashlib
import os
import pathlib
import re
import subprocess
import sys

import sign

HERE = pathlib.Path(__file__).resolve().parent
INCLUDE = HERE.parent.parent / "include"
CC, AR, LLD = "arm-none-eabi-gcc", "arm-none-eabi-ar", "ld.lld-19"
LAUNCHER = pathlib.Path(os.environ.get("ROMLINK_BIN") or HERE.parents[1] / "build" / "bin") / "romlink-cc"
NEWLIB = pathlib.Path("/usr/include/newlib")
CPU = {"an521": "cortex-m33", "an385": "cortex-m3"}
FIX = "-DVARIANT_DER_SHORTEST_LENGTH"
VARIANTS = {  # (flags of the bootloader, flags of the firmware)
    "default": (["-DROM_REVISION=1"], []),
    "rom-v2": (["-DROM_REVISION=2", FIX], []),
    "spe-changed": (["-DROM_REVISION=1"], ["-DVARIANT_MORE_ROUNDS"]),
    "fixed": (["-DROM_REVISION=2", FIX], [FIX]),
}
COMPILERS = {  # (command, flags that make its objects fit newlib-nano)
    "gcc": ([CC], ["--specs=nano.specs"]),
    "clang": (["clang-19", "--target=arm-none-eabi"],
              ["-mfloat-abi=soft", "-fshort-enums", "-isystem", NEWLIB / "nano", "-isystem", NEWLIB]),
}
OPTIMIZATIONS = ("s", "1", "2", "3", "z")
CRYPTO = sorted((HERE / "crypto").glob("*.c")) + [HERE / "keys" / "test_keys.c"]
PLATFORM = [HERE / "platform" / f"{name}.c" for name in ("uart", "semihosting", "flash", "format", "syscalls")]
IMAGE = [HERE / "boot" / f"{name}.c" for name in ("image", "boot_record")]
ROM = PLATFORM + IMAGE + [HERE / "platform" / "startup_rom.c", HERE / "boot" / "main.c"]
SPE = PLATFORM + IMAGE + [HERE / "platform" / "startup_spe.c"] + sorted((HERE / "spe").glob("*.c"))
FOLDERS = ("crypto", "keys", "platform", "boot", "spe")


def run(command):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, cwd=HERE)
    if result.returncode or result.stderr:
        sys.stderr.write(result.stderr)
    if result.returncode:
        raise SystemExit(f"build.py: failed: {' '.join(map(str, command))}")
    return result.stdout


@dataclasses.dataclass(frozen=True)
class Toolset:
    """How an image's sources are compiled."""
    compiler: str = "gcc"
    optimize: str = "s"
    sections: bool = True
    flags: tuple[str, ...] = ()
    fingerprints: bool = False

    def command(self):
        compiler, flags = COMPILERS[self.compiler]
        compiler = [LAUNCHER, *compiler] if self.fingerprints else compiler
        sections = ["-ffunction-sections", "-fdata-sections"] if self.sections else []
        return [*compiler, "-std=gnu11", f"-O{self.optimize}", "-g", "-mthumb", *sections, "-Wall", "-Wextra",
                "-Werror", "-Wmissing-prototypes", *flags, *self.flags]


class Build:
    """One board, variant and output directory. The objects may be in the directory of another build that has the same
    parameters but the bootloader's linker."""

    def __init__(self, out, board, variant, rom_linker, *, rom=Toolset(), spe=Toolset(), far=False, objects=None):
        self.out, self.rom_linker = pathlib.Path(out).resolve(), rom_linker
        self.objects = pathlib.Path(objects).resolve() if objects else self.out
        self.board_file = f"board/{board}{'-far' if far else ''}.h"
        rom_flags, spe_flags = VARIANTS[variant]
        self.cpu = [f"-mcpu={CPU[board]}", "-mthumb"]
        common = [f'-DBOARD_FILE="{self.board_file}"', f"-ffile-prefix-map={HERE}=firmware",
                  f"-ffile-prefix-map={INCLUDE}=include", f"-ffile-prefix-map={self.objects}=out", "-I", INCLUDE]
        for folder in FOLDERS:
            common += ["-I", HERE / folder]
        # The first processor of the an521 lacks the DSP extension, of which clang makes use.
        cpus = {"gcc": self.cpu, "clang": [*self.cpu, *(["-mcpu=cortex-m33+nodsp"] if board == "an521" else [])]}
        self.compilers = {image: [*t.command(), *cpus[t.compiler]] for image, t in (("rom", rom), ("spe", spe))}
        self.is_clang_rom = rom.compiler == "clang"
        self.flags = {"rom": [*common, '-DCRYPTO_CONFIG_FILE="config/crypto_config_rom.h"', *rom_flags],
                      "spe": [*common, '-DCRYPTO_CONFIG_FILE="config/crypto_config_spe.h"', *spe_flags]}

    def is_current(self, output, command, inputs):
        """Whether `output` was made by this command from inputs that are not newer. Remembers the command."""
        stamp = output.with_name(output.name + ".cmd")
        digest = hashlib.sha256("\n".join(map(str, command)).encode()).hexdigest()
        current = (output.exists() and stamp.exists() and stamp.read_text() == digest
                   and all(os.path.exists(i) and os.stat(i).st_mtime_ns <= os.stat(output).st_mtime_ns
                           for i in inputs))
        stamp.parent.mkdir(parents=True, exist_ok=True)
        if not current:
            output.unlink(missing_ok=True)
            stamp.write_text(digest)
        return current

    def make(self, output, command, inputs):
        if not self.is_current(output, command, inputs):
            run(command)
        return output

    def compile(self, image, source, folder):
        output = self.objects / folder / f"{source.stem}.o"
        depend = output.with_suffix(".d")
        command = [*self.compilers[image], *self.flags[image], "-MMD", "-MF", depend, "-c", source, "-o", output]
        headers = re.sub(r"\\\n", " ", depend.read_text()).split(":", 1)[1].split() if depend.exists() else []
        launcher = [LAUNCHER] if LAUNCHER in command else []
        return self.make(output, command, [source, *headers, *launcher])

    def script(self, image):
        output = self.out / f"{image}.ld"
        source = HERE / "platform" / f"{image}.ld.in"
        command = [CC, *self.cpu, *self.flags[image], "-E", "-P", "-x", "c", source, "-o", output]
        headers = [HERE / "platform" / "memory_map.h", *(HERE / "platform" / "board").glob("*.h")]
        return self.make(output, command, [source, *headers])

    def archive(self, name, objects):
        output = self.out / name
        return self.make(output, [AR, "rcsD", output, *objects], objects)

    def link_arguments(self, image, objects, library):
        """The arguments of a link without its output, for either linker."""
        def library_of(name):
            return pathlib.Path(run([CC, *self.cpu, f"-print-file-name={name}"]).strip()).resolve().parent
        return ["-T", self.out / f"{image}.ld", "-e", "Reset_Handler", "--gc-sections", "-z", "max-page-size=4",
                *objects, library, "-L", library_of("libc_nano.a"), "-L", library_of("libgcc.a"),
                "--start-group", "-lc_nano", "-lgcc", "--end-group"]

    def link(self, image, arguments, linker):
        output = self.out / f"{image}.elf"
        last = ["-Map", self.out / f"{image}.map", "-o", output]
        if linker == "gnu":
            if self.is_clang_rom:  # whose objects say that they need no executable stack, libgcc's say nothing
                last = ["-z", "noexecstack", *last]
            command = [CC, *self.cpu, "-nostdlib", *(w for a in [*arguments, *last] for w in ("-Xlinker", a))]
        else:
            command = [LLD, *arguments, *last]
        inputs = [a for a in arguments if isinstance(a, pathlib.Path) and a.is_file()]
        return self.make(output, command, inputs)

    def run(self):
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            def compile_all(image, sources, folder):
                return [pool.submit(self.compile, image, source, folder) for source in sources]
            parts = [compile_all("rom", CRYPTO, "crypto-rom"), compile_all("rom", ROM, "rom"),
                     compile_all("spe", CRYPTO, "crypto-spe"), compile_all("spe", SPE, "spe")]
            crypto_rom, rom, crypto_spe, spe = [[future.result() for future in part] for part in parts]
        for image in ("rom", "spe"):
            self.script(image)
        rom_library = self.archive("libcrypto-rom.a", crypto_rom)
        spe_library = self.archive("libcrypto-spe.a", crypto_spe)
        arguments = {"rom": self.link_arguments("rom", rom, rom_library),
                     "spe": self.link_arguments("spe", spe, spe_library)}
        for image in arguments:
            (self.out / f"{image}-link.args").write_text("".join(f"{a}\n" for a in arguments[image]))
        self.link("rom", arguments["rom"], self.rom_linker)
        elf = self.link("spe", arguments["spe"], "lld")
        (self.out / "spe.bin").write_bytes(sign.sign(elf.read_bytes())[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, metavar="DIR")
    parser.add_argument("--board", choices=sorted(CPU), default="an521")
    parser.add_argument("--variant", choices=sorted(VARIANTS), default="default")
    parser.add_argument("--linker", choices=("gnu", "lld"), default="gnu", help="of the bootloader")
    parser.add_argument("--far", action="store_true", help="the firmware far from the bootloader")
    parser.add_argument("--compiler", choices=sorted(COMPILERS), default="gcc")
    parser.add_argument("--optimize", choices=OPTIMIZATIONS, default="s")
    parser.add_argument("--no-sections", action="store_true", help="without -ffunction-sections, -fdata-sections")
    parser.add_argument("--flag", action="append", default=[], help="one more flag for the compiler")
    parser.add_argument("--rom-compiler", choices=sorted(COMPILERS), help="of the bootloader, if another")
    parser.add_argument("--rom-optimize", choices=OPTIMIZATIONS, help="of the bootloader, if another")
    parser.add_argument("--fingerprints", action="store_true", help="compile with romlink-cc")
    a = parser.parse_args()
    spe = Toolset(a.compiler, a.optimize, not a.no_sections, tuple(a.flag), a.fingerprints)
    rom = dataclasses.replace(spe, compiler=a.rom_compiler or a.compiler, optimize=a.rom_optimize or a.optimize)
    Build(a.out, a.board, a.variant, a.linker, rom=rom, spe=spe, far=a.far).run()


if __name__ == "__main__":
    main()

"""Builds programs of the C and C++ libraries as a ROM and a firmware, links the firmware plain and against the ROM, and
boots both pairs in QEMU.

The programs are in programs/: work.c or work.cc is in both images, of which the firmware does a little more."""
import dataclasses
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "completeness"))
import pairs  # noqa: E402

INCLUDE = HERE.parent.parent / "include"
SHARED_RAM = 0x100  # bytes

@dataclasses.dataclass(frozen=True)
class Board:
    rom: int
    firmware: int
    far: int  # the firmware, out of reach of a branch
    ram: int
    uart: int


V8 = Board(0x10000000, 0x10100000, 0x38200000, 0x38000000, 0x50200000)
V7 = Board(0x00000000, 0x00100000, 0x21000000, 0x20000000, 0x40004000)
BOARDS = {"an521": V8, "an505": V8, "an385": V7, "an386": V7}
# The first processor of the an521 has neither an FPU nor the DSP extension.
CPUS = {"an521": ("-mcpu=cortex-m33+nodsp", "-mfloat-abi=soft"),
        "an505": ("-mcpu=cortex-m33", "-mfloat-abi=hard", "-mfpu=fpv5-sp-d16"),
        "an385": pairs.M3, "an386": pairs.M4F}
LIBRARIES = {("c", "nano"): pairs.NANO, ("c", "full"): pairs.FULL, ("cc", "full"): pairs.FULL_CXX}


@dataclasses.dataclass(frozen=True)
class Pair:
    board: str
    compiler: str = "gcc"
    optimize: str = "s"
    language: str = "c"
    library: str = "full"
    far: bool = False
    linker: str = "gnu"  # of the ROM
    cpu: tuple[str, ...] = ()  # if not the board's
    flags: tuple[str, ...] = ()
    rom_optimize: str = ""  # if another
    kind: str = ""
    state: bool = False  # with variables in shared RAM, whose values the firmware restores

    @property
    def name(self):
        return "-".join(filter(None, (self.language, self.kind, self.compiler, f"O{self.optimize}", self.library, self.board,
                                      "far" if self.far else "", self.linker)))


class Images:
    """The ROM and the inputs of the firmware's link, in a folder."""

    def __init__(self, pair, folder):
        self.pair, self.folder, self.board = pair, folder, BOARDS[pair.board]
        self.cpu, self.start = pair.cpu or CPUS[pair.board], self.board.far if pair.far else self.board.firmware
        self.libraries, self.shared = LIBRARIES[pair.language, pair.library], self.board.ram + 0x80000
        shutil.rmtree(folder, ignore_errors=True)
        arguments = {image: self.compile(image) for image in ("rom", "firmware")}
        self.rom, self.inputs, self.arguments = folder / "rom.elf", folder / "firmware", arguments["firmware"]
        linker = ["arm-none-eabi-ld", "-z", "noexecstack"] if pair.linker == "gnu" else ["ld.lld-19"]
        pairs.run(*linker, *arguments["rom"], "-o", self.rom, cwd=folder / "rom")

    def compile(self, image):
        """The arguments of the image's link, in the folder of its inputs."""
        pair, inputs = self.pair, self.folder / image
        inputs.mkdir(parents=True)
        for library in self.libraries:
            file = pairs.run("arm-none-eabi-gcc", "-mthumb", *self.cpu, f"-print-file-name=lib{library}.a").strip()
            shutil.copyfile(file, inputs / f"lib{library}.a")
        work = f"work.{pair.language}"
        level = pair.rom_optimize if image == "rom" and pair.rom_optimize else pair.optimize
        sources = ["board.c", "main.c", work, *(["state.c"] if pair.state else []),
                   *(["reinit.c"] if pair.state and image == "firmware" else [])]
        define = [*(["-DSTATE"] if pair.state else []), "-I", INCLUDE, f"-DUART0={self.board.uart:#x}", f"-DFIRMWARE={self.start:#x}", *(["-DROM"] if image == "rom" else [])]
        spec = pairs.Program(self.cpu, (), self.libraries, compiler=pair.compiler, main=work)
        objects = []
        for source in sources:
            objects.append(source.replace(".", "-") + ".o")
            pairs.run(*pairs.compiler_of(spec), f"-O{level}", "-ffunction-sections", "-fdata-sections", *pair.flags, *define,
                      "-Wall", "-Wextra", "-Werror", "-std=gnu++17" if source.endswith("cc") else "-std=gnu11", "-c",
                      HERE / "programs" / source, "-o", inputs / objects[-1])
        flash, ram = (self.board.rom, self.board.ram) if image == "rom" else (self.start, self.board.ram + 0x40000)
        script = (HERE / "programs" / "image.ld").read_text()
        script = script.replace("FLASH_START", f"{flash:#x}").replace("RAM_START", f"{ram:#x}")
        shared = self.shared if image == "rom" else self.shared + SHARED_RAM  # the firmware keeps clear of it
        (inputs / "image.ld").write_text(script.replace("SHARED_START", f"{shared:#x}"))
        # --target2=rel is GNU ld's default for bare metal; with lld's own, no exception is caught.
        return ["-T", "image.ld", "--gc-sections", "--target2=rel", "-z", "max-page-size=4", *objects, "--start-group",
                *(f"lib{library}.a" for library in self.libraries), "--end-group"]

    def link_plain(self):
        output = self.folder / "plain.elf"
        pairs.run("ld.lld-19", *self.arguments, "-o", output, cwd=self.inputs)
        return output

    def link_shared(self, relink_text, rom=None):
        """(image, {symbol: address in the ROM}, flash bytes of the plain link, of this one)."""
        output = self.folder / "shared.elf"
        options, arguments = [], [a for a in self.arguments if a != "reinit-c.o"]  # romlink defines that itself
        if self.pair.state:
            (self.folder / "policy.toml").write_text('[[state]]\nsymbols = ["*"]\naction = "reinit"\n')
            options = ["--shared-ram", f"{self.shared:#x}:{SHARED_RAM:#x}", "--policy", self.folder / "policy.toml"]
        text = pairs.run(relink_text, rom or self.rom, output, *options, "--", *arguments, cwd=self.inputs)
        shared = {words[0]: int(words[3], 16) for line in text.splitlines()
                  if (words := line.split(" ")) and words[1:2] == ["SHARED"]}
        plain, linked = re.search(r"^flash (\d+) -> (\d+)", text, re.M).groups()
        return output, shared, int(plain), int(linked)

    def boot(self, firmware, rom=None, seconds=60):
        """(exit code, what the UART said); the code is None if the time is over."""
        command = ["qemu-system-arm", "-M", f"mps2-{self.pair.board}", "-kernel", str(rom or self.rom), "-device",
                   f"loader,file={firmware}", "-nographic", "-monitor", "none", "-serial", "stdio", "-semihosting-config",
                   "enable=on,target=native"]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=seconds)
        except subprocess.TimeoutExpired as error:
            return None, (error.stdout or b"").decode("latin-1")
        return done.returncode, done.stdout.decode("latin-1")

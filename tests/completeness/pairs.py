"""Pairs of a ROM and a firmware: the test firmware, and programs of the C and C++ libraries.

A pair is a folder: rom.elf; `inputs` with all inputs of the firmware's link, which the arguments name without
folders; and `rom-inputs`, the same for the ROM, so that a test can change an object and link the ROM again."""
import dataclasses
import functools
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
NEWLIB = pathlib.Path("/usr/include/newlib")
M33 = ("-mcpu=cortex-m33", "-mfloat-abi=soft")
M33F = ("-mcpu=cortex-m33", "-mfloat-abi=hard", "-mfpu=fpv5-sp-d16")
M23 = ("-mcpu=cortex-m23",)
M4F = ("-mcpu=cortex-m4", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16")
M3 = ("-mcpu=cortex-m3",)
M0 = ("-mcpu=cortex-m0plus",)
NANO, FULL = ("m", "c_nano", "nosys", "gcc"), ("m", "c", "nosys", "gcc")
CXX = ("stdc++_nano", "supc++_nano", "c_nano", "m", "nosys", "gcc")
FULL_CXX = ("stdc++", "supc++", "c", "m", "nosys", "gcc")
NEAR, FAR = 0x00100000, 0x08000000
SHARED_RAM = range(0x20030000, 0x20030100)
WHOLE = ("-fno-function-sections", "-fno-data-sections", "-DPLAIN")  # section anchors, several functions a section
NO_EXCEPTIONS = ("-fno-exceptions", "-fno-rtti")


@dataclasses.dataclass(frozen=True)
class Program:
    """How programs/main.c (or main.cc) and shared.c become a ROM and a firmware."""
    cpu: tuple[str, ...]
    flags: tuple[str, ...]
    libraries: tuple[str, ...] = NANO
    linker: str = "gnu"  # of the ROM: gnu or lld
    start: int = NEAR  # of the firmware
    compiler: str = "gcc"
    main: str = "main.c"
    rom_flags: tuple[str, ...] = ()  # besides
    rom_libraries: tuple[str, ...] = ()  # if others
    rom_link: tuple[str, ...] = ()  # arguments besides
    layout: str = "image.ld"  # of the ROM
    strip: str = ""  # strip's option for the linked ROM
    state: bool = False  # with variables in shared RAM


# Name: arguments of build.py.
FIRMWARE = {
    "an521-default-gnu": (),
    "an521-default-lld": ("--linker", "lld"),
    "an385-default-gnu": ("--board", "an385"),
    "an385-default-lld": ("--board", "an385", "--linker", "lld"),
    "an521-spe-changed-gnu": ("--variant", "spe-changed"),
    "an521-rom-v2-gnu": ("--variant", "rom-v2"),
    "an385-fixed-lld": ("--board", "an385", "--variant", "fixed", "--linker", "lld"),
    "an521-clang-O2-lld": ("--compiler", "clang", "--optimize", "2", "--linker", "lld"),
    "an385-clang-Os-gnu": ("--board", "an385", "--compiler", "clang"),
    "an521-no-sections": ("--optimize", "2", "--no-sections"),
    "an385-clang-no-sections": ("--board", "an385", "--compiler", "clang", "--no-sections", "--linker", "lld"),
}
PROGRAMS = {
    "newlib-nano": Program(M33, ("-O2",)),
    "newlib-full-hard-float": Program(M4F, ("-O2",), FULL, "lld"),
    "newlib-full-v8m": Program(M33F, ("-Os",), FULL),
    "newlib-far": Program(M3, ("-Os",), start=FAR),
    "newlib-v6m": Program(M0, ("-Os",), linker="lld"),
    "newlib-v6m-far": Program(M0, ("-O2",), start=FAR),
    "newlib-v8m-base": Program(M23, ("-Os",)),
    "movw-movt": Program(M33, ("-O2", "-mslow-flash-data")),
    "pure-code-v6m": Program(M0, ("-O2", "-mpure-code")),
    "execute-only-v6m": Program(M0, ("-Os", "-mexecute-only"), linker="lld", compiler="clang"),
    "execute-only": Program(M33, ("-O2", "-mexecute-only"), compiler="clang"),
    "no-sections": Program(M33, ("-O2", *WHOLE)),
    "no-sections-v6m": Program(M0, ("-Os", *WHOLE), linker="lld"),
    "libstdc++": Program(M33, ("-O2",), CXX, main="main.cc"),
    "libstdc++-no-exceptions": Program(M4F, ("-Os", *NO_EXCEPTIONS), CXX, "lld", main="main.cc"),
    "libstdc++-full": Program(M3, ("-Os",), FULL_CXX, "lld", main="main.cc"),
    "clang-v8m": Program(M33, ("-O2",), linker="lld", compiler="clang"),
    "clang-v6m": Program(M0, ("-Os",), compiler="clang"),
    "clang-hard-float-far": Program(M4F, ("-Os",), FULL, "lld", FAR, "clang"),
    "clang-no-sections": Program(M3, ("-O2", *WHOLE), compiler="clang"),
    "clang-libstdc++": Program(M33, ("-O2",), CXX, "lld", compiler="clang", main="main.cc"),
    "other-configuration": Program(M33, ("-O2",), rom_flags=("-DMODULUS=101",)),
    "other-library": Program(M33, ("-O2",), NANO, rom_libraries=FULL),
    "one-function-fixed": Program(M4F, ("-Os",), rom_flags=("-DNOT_FIXED",), linker="lld"),
    "emit-relocs-gnu": Program(M3, ("-O2",), rom_link=("--emit-relocs",)),
    "emit-relocs-lld": Program(M33, ("-Os",), linker="lld", rom_link=("--emit-relocs",)),
    "stripped-rom": Program(M33, ("-O2", "-g"), strip="--strip-debug"),
    "stripped-rom-lld": Program(M3, ("-Os", "-g"), linker="lld", strip="--strip-debug"),
    "shared-state": Program(M33, ("-O2",), state=True),
    "shared-state-clang": Program(M3, ("-Os",), linker="lld", compiler="clang", state=True),
    "armlink-like": Program(M33, ("-O2",), layout="armlink-like.ld"),
    "armlink-like-lld": Program(M0, ("-Os",), linker="lld", layout="armlink-like.ld"),
}
NAMES = [*FIRMWARE, *PROGRAMS]


@dataclasses.dataclass(frozen=True)
class Pair:
    name: str
    folder: pathlib.Path
    arguments: list[str]  # of the firmware's link, in `inputs`
    rom_arguments: list[str]  # of the ROM's, in `rom_inputs`
    linker: str
    strip: str = ""
    options: tuple[str, ...] = ()  # of relink-text
    shared_ram: range = range(0)

    @property
    def rom(self):
        return self.folder / "rom.elf"

    @property
    def inputs(self):
        return self.folder / "inputs"

    @property
    def rom_inputs(self):
        return self.folder / "rom-inputs"

    def link_rom(self, output, arguments=None):
        """Links the ROM's inputs as they are now; the linker's complaint if it fails, else an empty text."""
        program = "arm-none-eabi-ld" if self.linker == "gnu" else "ld.lld-19"
        done = subprocess.run([program, *(arguments or self.rom_arguments), "-o", output], cwd=self.rom_inputs,
                              capture_output=True, text=True)
        if not done.returncode and self.strip:
            run("arm-none-eabi-strip", self.strip, output)
        return done.stderr or "failed" if done.returncode else ""


def run(*command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **more)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stderr}")
    return done.stdout


def collect(listing, inputs):
    """Copies the inputs of a link to one folder; its arguments with names relative to it."""
    shutil.rmtree(inputs, ignore_errors=True)
    inputs.mkdir(parents=True)
    arguments, folders = [], []
    words = iter(listing.read_text().splitlines())
    for word in words:
        if word == "-L":
            folders.append(pathlib.Path(next(words)))
        elif word.startswith("-l"):
            library = next(f / f"lib{word[2:]}.a" for f in folders if (f / f"lib{word[2:]}.a").exists())
            shutil.copyfile(library, inputs / library.name)
            arguments.append(library.name)
        elif word.startswith("/"):
            shutil.copyfile(word, inputs / pathlib.Path(word).name)
            arguments.append(pathlib.Path(word).name)
        else:
            arguments.append(word)
    return arguments


def firmware(name, folder):
    options = FIRMWARE[name]
    run(sys.executable, "-B", HERE.parent / "firmware" / "build.py", "--out", folder, *options)
    linker = options[options.index("--linker") + 1] if "--linker" in options else "gnu"
    pair = Pair(name, folder, collect(folder / "spe-link.args", folder / "inputs"),
                collect(folder / "rom-link.args", folder / "rom-inputs"), linker)
    if "clang" in options and linker == "gnu":  # as build.py does
        pair.rom_arguments.extend(("-z", "noexecstack"))
    return pair


@functools.cache
def multilib(cpu):
    return run("arm-none-eabi-gcc", "-mthumb", *cpu, "-print-multi-directory").strip()


def compiler_of(spec):
    if spec.compiler == "gcc":
        return ["arm-none-eabi-gcc", "-mthumb", *spec.cpu, *(["--specs=nano.specs"] if "c_nano" in spec.libraries else [])]
    float_abi = [] if any(f.startswith("-mfloat-abi") for f in spec.cpu) else ["-mfloat-abi=soft"]
    cxx = next((NEWLIB / "c++").iterdir())
    headers = [cxx, cxx / "arm-none-eabi" / multilib(spec.cpu)] if spec.main.endswith("cc") else []
    headers += [NEWLIB / "nano"] if "c_nano" in spec.libraries else []
    return ["clang-19", "--target=arm-none-eabi", "-mthumb", *spec.cpu, *float_abi, "-fshort-enums",
            *(word for folder in (*headers, NEWLIB) for word in ("-isystem", folder))]


def program(name, folder):
    spec = PROGRAMS[name]
    linked = {}
    for image, inputs, flash, ram, more, libraries, layout in (
            ("rom", folder / "rom-inputs", 0, 0x20000000, ("-DROM", *spec.rom_flags),
             spec.rom_libraries or spec.libraries, spec.layout),
            ("firmware", folder / "inputs", spec.start, 0x20040000, (), spec.libraries, "image.ld")):
        shutil.rmtree(inputs, ignore_errors=True)
        inputs.mkdir(parents=True)
        for library in libraries:
            file = run("arm-none-eabi-gcc", "-mthumb", *spec.cpu, f"-print-file-name=lib{library}.a").strip()
            shutil.copyfile(file, inputs / f"lib{library}.a")
        objects = []
        for source in (spec.main, "shared.c", *(["state.c"] if spec.state else [])):
            cxx = source.endswith("cc")
            own = [f for f in spec.flags if cxx or f != "-fno-rtti"] + (["-DSTATE"] if spec.state else [])
            objects.append(source.replace(".", "-") + ".o")
            run(*compiler_of(spec), "-ffunction-sections", "-fdata-sections", *own, *more,
                "-std=gnu++17" if cxx else "-std=gnu11", "-c", HERE / "programs" / source, "-o", inputs / objects[-1])
        script = (HERE / "programs" / layout).read_text()
        script = script.replace("= FLASH_START", f"= {flash:#x}").replace("= RAM_START", f"= {ram:#x}")
        script = script.replace("= SHARED_START", f"= {SHARED_RAM.start if image == 'rom' else ram + 0x20000:#x}")
        (inputs / "image.ld").write_text(script.replace("= IMAGE_NUMBER", f"= {len(image)}"))
        linked[image] = ["-T", "image.ld", "--gc-sections", "--target2=rel", "-z", "max-page-size=4", *objects, "--start-group",
                         *(f"lib{library}.a" for library in libraries), "--end-group"]
    noexec = ["-z", "noexecstack"] if spec.compiler == "clang" and spec.linker == "gnu" else []
    shared = SHARED_RAM if spec.state else range(0)
    policy = folder.resolve() / "policy.toml"
    policy.write_text('[defaults]\nstate = "retain"\n')
    options = ("--shared-ram", f"{shared.start:#x}:{len(shared):#x}", "--policy", str(policy)) if shared else ()
    return Pair(name, folder, linked["firmware"], [*linked["rom"], *spec.rom_link, *noexec], spec.linker, spec.strip,
                options, shared)


def build(name, folder):
    folder.mkdir(parents=True, exist_ok=True)
    pair = (firmware if name in FIRMWARE else program)(name, folder)
    if why := pair.link_rom(pair.rom):
        raise SystemExit(f"the ROM of {name} does not link: {why}")
    return pair

"""Pairs of a ROM and a firmware for compare.py: the test firmware, and programs of the C and C++ libraries.

A pair is a folder: rom.elf, and `inputs` with all inputs of the firmware's link, which the arguments name without
folders."""
import pathlib
import shutil
import subprocess
import sys

import mutate  # of tests/link: collects the inputs of the test firmware

HERE = pathlib.Path(__file__).resolve().parent
M33 = ["-mcpu=cortex-m33", "-mfloat-abi=soft"]
M4F = ["-mcpu=cortex-m4", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"]
M3 = ["-mcpu=cortex-m3"]
M0 = ["-mcpu=cortex-m0plus"]
NANO, FULL = ["c_nano", "nosys", "gcc"], ["c", "nosys", "gcc"]
CXX = ["stdc++_nano", "supc++_nano", "c_nano", "m", "nosys", "gcc"]
NEAR, FAR = 0x00100000, 0x08000000

FIRMWARE = {f"{board}-{variant}-{linker}": (board, variant, linker) for board, variant, linker in (
    ("an521", "default", "gnu"), ("an521", "default", "lld"), ("an385", "default", "gnu"), ("an385", "default", "lld"),
    ("an521", "spe-changed", "gnu"), ("an521", "rom-v2", "gnu"), ("an385", "fixed", "lld"))}
# name: (processor, flags, sources, libraries, linker of the ROM, start of the firmware)
PROGRAMS = {
    "newlib-nano": (M33, ["-O2"], ["main.c", "shared.c"], ["m", *NANO], "gnu", NEAR),
    "newlib-full-hard-float": (M4F, ["-O2"], ["main.c", "shared.c"], ["m", *FULL], "lld", NEAR),
    "newlib-far": (M3, ["-Os"], ["main.c", "shared.c"], ["m", *NANO], "gnu", FAR),
    "newlib-v6m": (M0, ["-Os"], ["main.c", "shared.c"], ["m", *NANO], "lld", NEAR),
    "movw-movt": (M33, ["-O2", "-mslow-flash-data"], ["main.c", "shared.c"], ["m", *NANO], "gnu", NEAR),
    "no-sections": (M33, ["-O2", "-fno-function-sections", "-fno-data-sections", "-DPLAIN"], ["main.c", "shared.c"],
                    ["m", *NANO], "gnu", NEAR),
    "libstdc++": (M33, ["-O2"], ["main.cc", "shared.c"], CXX, "gnu", NEAR),
    "libstdc++-no-exceptions": (M4F, ["-Os", "-fno-exceptions", "-fno-rtti"], ["main.cc", "shared.c"], CXX, "lld",
                                NEAR),
}


def run(*command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **more)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stderr}")
    return done.stdout


def firmware(name, folder):
    board, variant, linker = FIRMWARE[name]
    run(sys.executable, "-B", HERE.parent / "firmware" / "build.py", "--out", folder, "--board", board, "--variant",
        variant, "--linker", linker)
    inputs = folder / "inputs"
    shutil.rmtree(inputs, ignore_errors=True)
    inputs.mkdir()
    return folder / "rom.elf", inputs, mutate.prepare(folder, inputs)


def program(name, folder):
    cpu, flags, sources, libraries, linker, start = PROGRAMS[name]
    inputs = folder / "inputs"
    inputs.mkdir(parents=True, exist_ok=True)
    gcc = ["arm-none-eabi-gcc", "-mthumb", *cpu]
    for library in libraries:
        file = run(*gcc, f"-print-file-name=lib{library}.a").strip()
        shutil.copy(file, inputs / f"lib{library}.a")
    linked = {}
    for image, flash, ram, define in (("rom", 0, 0x20000000, ["-DROM"]), ("firmware", start, 0x20040000, [])):
        objects = []
        for source in sources:
            output = inputs / f"{image}-{source.split('.')[0]}-{source.split('.')[1]}.o"
            std = ["-std=gnu++17"] if source.endswith("cc") else ["-std=gnu11"]
            own = [f for f in flags if source.endswith("cc") or f != "-fno-rtti"]
            run(*gcc, "-ffunction-sections", "-fdata-sections", *own, *std, *define, "-c", HERE / "programs" / source,
                "-o", output)
            objects.append(output.name)
        script = (HERE / "programs" / "image.ld").read_text()
        script = script.replace("= FLASH_START", f"= {flash:#x}").replace("= RAM_START", f"= {ram:#x}")
        script = script.replace("= IMAGE_NUMBER", f"= {len(image)}")
        (inputs / f"{image}.ld").write_text(script)
        linked[image] = ["-T", f"{image}.ld", "--gc-sections", "-z", "max-page-size=4", *objects, "--start-group",
                         *(f"lib{library}.a" for library in libraries), "--end-group"]
    rom = folder / "rom.elf"
    run("arm-none-eabi-ld" if linker == "gnu" else "ld.lld-19", *linked["rom"], "-o", rom, cwd=inputs)
    return rom, inputs, linked["firmware"]


def build(name, folder):
    """(ROM, folder of the inputs, arguments)."""
    return (firmware if name in FIRMWARE else program)(name, folder)


NAMES = [*FIRMWARE, *PROGRAMS]

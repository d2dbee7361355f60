"""romlink-cc for the tests, in front of the real compilers. ROMLINK_BIN names the directory of the programs."""
import os
import pathlib
import subprocess

import fingerprints

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("ROMLINK_BIN") or ROOT / "build" / "bin")
LAUNCHER = BIN / "romlink-cc"
NEWLIB = "/usr/include/newlib"
GCC = ["arm-none-eabi-gcc", "-mcpu=cortex-m3", "-mthumb", "-Os", "-ffunction-sections", "-fdata-sections"]
CLANG = ["clang-19", "--target=arm-none-eabi", "-mcpu=cortex-m3", "-mthumb", "-O2", "-ffunction-sections",
         "-fdata-sections", "-fshort-enums", "-isystem", NEWLIB]
COMPILERS = {"gcc": GCC, "clang": CLANG}


def run(*words, cwd, code=0, env=None):
    done = subprocess.run([str(word) for word in words], cwd=cwd, capture_output=True, text=True,
                          env={**os.environ, **(env or {})})
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done


def compile_source(folder, text, compiler=None, *flags, name="unit"):
    """Compiles the text with romlink-cc; the object's path."""
    (folder / f"{name}.c").write_text(text)
    done = run(LAUNCHER, *(compiler or GCC), *flags, "-c", f"{name}.c", "-o", f"{name}.o", cwd=folder)
    assert done.stderr == "", done.stderr
    return folder / f"{name}.o"


def digests(path):
    """{symbol: digest} of the functions and objects of file scope."""
    return {name: digest for name, kind, digest, _ in fingerprints.read(path.read_bytes())
            if kind in ("function", "object")}


def kinds(path):
    return {name: kind for name, kind, _, _ in fingerprints.read(path.read_bytes())}


def fingerprint(folder, text, compiler=None, *flags, of="f"):
    return digests(compile_source(folder, text, compiler, *flags))[of]


def replaced(text, before, after):
    assert before in text
    return text.replace(before, after)

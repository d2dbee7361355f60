"""romlink-cc as a user meets it: it changes nothing but the section it adds, and stands in no build's way."""
import subprocess

import pytest

import fingerprints
from launcher import CLANG, COMPILERS, GCC, LAUNCHER, compile_source, digests, kinds, run

SOURCE = """#include <string.h>
static int twice(int x) { return 2 * x; }
const int limit = 7;
int counter;
int f(int x) { return twice(x) + limit; }
int g(void *p, int n) { static int calls; memset(p, 0, n); counter++; return ++calls; }
"""
NONE = "0" * 64


def objcopy(folder, *words):
    return run("arm-none-eabi-objcopy", *words, cwd=folder)


@pytest.fixture
def source(tmp_path):
    (tmp_path / "unit.c").write_text(SOURCE)
    return tmp_path


@pytest.mark.parametrize("compiler", COMPILERS.values(), ids=COMPILERS)
def test_the_object_has_one_section_more(source, compiler):
    run(*compiler, "-g", "-c", "unit.c", "-o", "plain.o", cwd=source)
    run(LAUNCHER, *compiler, "-g", "-c", "unit.c", "-o", "unit.o", cwd=source)
    plain = fingerprints.Elf((source / "plain.o").read_bytes())
    made = fingerprints.Elf((source / "unit.o").read_bytes())
    assert made.names == [*plain.names, ".debug_romlink", ".rel.debug_romlink"]
    assert made.symbols == plain.symbols
    flags = dict(zip(made.names, (header[2] for header in made.headers)))
    assert flags[".debug_romlink"] == 0  # not allocated
    for name, header in zip(plain.names, plain.headers):
        if header[1] not in (0, 8) and name not in (".shstrtab", ".strtab"):
            assert made.content(name) == plain.content(name), name
    strings = made.content(plain.names[next(h[6] for h in plain.headers if h[1] == 2)])
    assert strings.startswith(plain.content(plain.names[next(h[6] for h in plain.headers if h[1] == 2)]))


def test_functions_objects_and_parts(source):
    run(LAUNCHER, *GCC, "-O0", "-c", "unit.c", "-o", "unit.o", cwd=source)
    assert kinds(source / "unit.o") == {"twice": "function", "limit": "object", "counter": "object", "f": "function",
                                        "g": "function", "calls.0": "static"}
    assert NONE not in digests(source / "unit.o").values()
    assert len(set(digests(source / "unit.o").values())) == 5


@pytest.mark.parametrize("words, made", [
    (["-c", "unit.c"], ["unit.o"]),
    (["-c", "unit.c", "-o", "x.o"], ["x.o"]),
    (["-cunit.c"], None),
    (["-c", "-ox.o", "unit.c"], ["x.o"]),
    (["-c", "--output=x.o", "unit.c"], ["x.o"]),
    (["-c", "unit.c", "other.c"], ["unit.o", "other.o"]),
    (["-c", "-x", "c", "strange.txt", "-o", "x.o"], ["x.o"]),
    (["-c", "folder/deep.c"], ["deep.o"]),
    (["@words"], ["x.o"]),
    (["-c", "unit.i"], ["unit.o"]),
    (["-c", "unit.c", "-MMD", "-MF", "unit.d", "-MT", "there", "-o", "x.o"], ["x.o"]),
    (["-c", "unit.c", "-dumpbase", "base.c", "-o", "x.o"], ["x.o"]),
    (["-c", "-include", "before.h", "unit.c", "-o", "x.o"], ["x.o"]),
], ids=lambda value: " ".join(value) if value else "")
def test_forms_of_the_command(source, words, made):
    (source / "folder").mkdir()
    for name in ("other.c", "folder/deep.c", "strange.txt"):
        (source / name).write_text("int h(void) { return 1; }\n")
    (source / "before.h").write_text("int before;\n")
    (source / "words").write_text('-c "unit.c"\n-o x.o')
    run(*GCC, "-E", "unit.c", "-o", "unit.i", cwd=source)
    command = [LAUNCHER, *GCC, *words]
    if made is None:
        assert subprocess.run(list(map(str, command)), cwd=source, capture_output=True).returncode != 0
        return
    assert run(*command, cwd=source).stderr == ""
    for name in made:
        assert NONE not in digests(source / name).values() and digests(source / name), name


@pytest.mark.parametrize("words, made", [
    (["-E", "unit.c", "-o", "out"], "out"),
    (["-S", "unit.c", "-o", "out"], "out"),
    (["-c", "start.s", "-o", "out"], "out"),
    (["-c", "start.S", "-o", "out"], "out"),
    (["-c", "-x", "c++", "unit.c", "-o", "out"], "out"),
    (["-r", "-nostdlib", "plain.o", "-o", "out"], "out"),
    (["-M", "unit.c"], None),
    (["-fsyntax-only", "unit.c"], None),
    (["-print-libgcc-file-name"], None),
    (["--version"], None),
    (["-c", "broken.c"], None),
    (["-c", "missing.c"], None),
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_everything_else_passes_through(source, words, made):
    for name in ("start.s", "start.S"):
        (source / name).write_text(".text\n.globl start\nstart: nop\n")
    (source / "broken.c").write_text("int f(void) { return }\n")
    run(*GCC, "-c", "unit.c", "-o", "plain.o", cwd=source)
    plain = subprocess.run([*GCC, *words], cwd=source, capture_output=True)
    expected = (source / made).read_bytes() if made else b""
    if made:
        (source / made).unlink()
    launched = subprocess.run([str(LAUNCHER), *GCC, *words], cwd=source, capture_output=True)
    assert (launched.returncode, launched.stdout, launched.stderr) == (plain.returncode, plain.stdout, plain.stderr)
    assert (source / made).read_bytes() if made else b"" == expected


def test_the_compilers_warnings_come_once(source):
    (source / "unit.c").write_text("int f(void) { int unused; return 0; }\n")
    plain = run(*GCC, "-Wall", "-c", "unit.c", "-o", "unit.o", cwd=source)
    launched = run(LAUNCHER, *GCC, "-Wall", "-c", "unit.c", "-o", "unit.o", cwd=source)
    assert launched.stderr == plain.stderr and "unused" in plain.stderr
    assert run(LAUNCHER, *GCC, "-Wall", "-Werror", "-c", "unit.c", cwd=source, code=1).stderr


@pytest.mark.parametrize("words", (["-MMD"], ["-MD", "-MP"], ["-MMD", "-MF", "x.d"], ["-Wp,-MMD,x.d"],
                                   ["-Wp,-MD,x.d,-MT,target"]), ids=" ".join)
def test_files_of_dependencies_are_the_compilers(source, words):
    (source / "header.h").write_text("int h(void);\n")
    (source / "unit.c").write_text('#include "header.h"\nint f(void) { return h(); }\n')

    def files():
        return {path.name: path.read_text() for path in source.glob("*.d")}
    run(*GCC, *words, "-c", "unit.c", "-o", "unit.o", cwd=source)
    plain = files()
    for path in source.glob("*.d"):
        path.unlink()
    run(LAUNCHER, *GCC, *words, "-c", "unit.c", "-o", "unit.o", cwd=source)
    assert files() == plain and plain
    assert digests(source / "unit.o")


def test_the_dependencies_of_the_environment_are_written_once(source):
    env = {"DEPENDENCIES_OUTPUT": str(source / "x.d")}  # gcc appends
    run(*GCC, "-c", "unit.c", "-o", "unit.o", cwd=source, env=env)
    plain = (source / "x.d").read_text()
    (source / "x.d").unlink()
    run(LAUNCHER, *GCC, "-c", "unit.c", "-o", "unit.o", cwd=source, env=env)
    assert (source / "x.d").read_text() == plain


def test_other_files_are_written_once(source):
    run(LAUNCHER, *GCC, "-save-temps=obj", "-fstack-usage", "-c", "unit.c", "-o", "unit.o", cwd=source)
    made = {path.name for path in source.iterdir()}
    for path in source.iterdir():
        if path.name != "unit.c":
            path.unlink()
    run(*GCC, "-save-temps=obj", "-fstack-usage", "-c", "unit.c", "-o", "unit.o", cwd=source)
    assert made == {path.name for path in source.iterdir()}


def test_what_cannot_be_done_is_one_warning_and_the_object_stays(source):
    run(*GCC, "-flto", "-c", "unit.c", "-o", "plain.o", cwd=source)
    done = run(LAUNCHER, *GCC, "-flto", "-c", "unit.c", "-o", "unit.o", cwd=source)
    assert done.stderr == ("romlink-cc: warning: no fingerprints: the object takes no fingerprints: unit.c: "
                           "it is code for the link-time optimiser (-flto)\n")
    assert fingerprints.read((source / "unit.o").read_bytes()) is None
    quiet = run(LAUNCHER, *GCC, "-flto", "-c", "unit.c", "-o", "unit.o", cwd=source, env={"ROMLINK_CC_QUIET": "1"})
    assert quiet.stderr == ""


def test_an_object_for_another_machine_is_left_alone(source):
    run("clang-19", "--target=x86_64-linux-gnu", "-ffreestanding", "-c", "-x", "c", "/dev/null", "-o", "plain.o",
        cwd=source)
    done = run(LAUNCHER, "clang-19", "--target=x86_64-linux-gnu", "-ffreestanding", "-c", "-x", "c", "/dev/null", "-o",
               "unit.o", cwd=source)
    assert done.stderr == "" and (source / "unit.o").read_bytes() == (source / "plain.o").read_bytes()


def test_exit_codes(source):
    assert "cannot run" in run(LAUNCHER, "no-such-gcc", "-c", "unit.c", cwd=source, code=127).stderr
    assert "usage:" in run(LAUNCHER, cwd=source, code=2).stderr
    assert "example:" in run(LAUNCHER, "--help", cwd=source).stdout
    (source / "gcc").write_text("#!/bin/sh\nkill -TERM $$\n")
    (source / "gcc").chmod(0o755)
    assert subprocess.run([str(LAUNCHER), "./gcc", "-c", "unit.c"], cwd=source).returncode == -15


def test_a_source_that_changes_meanwhile_gets_none(source):
    (source / "slow-gcc").write_text(f'#!/bin/sh\n{" ".join(GCC)} "$@" || exit 1\n'
                                     'case " $* " in *" -E "*) ;; *) sleep 0.1; echo >> unit.c ;; esac\n')
    (source / "slow-gcc").chmod(0o755)
    done = run(LAUNCHER, "./slow-gcc", "-c", "unit.c", "-o", "unit.o", cwd=source)
    assert "the source changed during the compilation" in done.stderr
    assert fingerprints.read((source / "unit.o").read_bytes()) is None


@pytest.mark.parametrize("flag", ("-P", "-C", "-g3", "-fdirectives-only"))
def test_how_the_compiler_writes_its_text_does_not_matter(source, flag):
    """With -g3 gcc's -E writes the macros, too: h is a macro that names the function."""
    text = "static int h(int);\n#define h(x) h(x)\n#define K %d\nint f(int x) { return h(x); }\nstatic int h(int x) { return x * K; }\n"
    one, two = (digests(compile_source(source, text % k, GCC, *([] if flag == "-g3" else ["-w"]), flag))["f"] for k in (1, 2))
    assert one != two and NONE not in (one, two)
    assert one == digests(compile_source(source, text % 1, GCC, "-w"))["f"]


def refused(folder, *command):
    """The reason why the object has none."""
    done = run(LAUNCHER, *command, "-c", "unit.c", "-o", "unit.o", cwd=folder)
    assert fingerprints.read((folder / "unit.o").read_bytes()) is None
    return done.stderr


def test_a_header_that_is_replaced_meanwhile_gets_none(source):
    """cp -p leaves the time of its content."""
    (source / "unit.c").write_text('#include "k.h"\nint f(void) { return K; }\n')
    (source / "k.h").write_text("#define K 1\n")
    (source / "other.h").write_text("#define K 2\n")
    (source / "meanwhile").write_text('#!/bin/sh\n"$@" || exit 1\n'
                                      'case " $* " in *" -E "* | *" -### "*) ;; *) sleep 0.1; cp -p other.h k.h ;; esac\n')
    (source / "meanwhile").chmod(0o755)
    assert "the source changed during the compilation" in refused(source, "./meanwhile", *GCC)


def test_a_precompiled_header_gets_none(source):
    (source / "unit.c").write_text('#include "k.h"\nint f(void) { return K; }\n')
    (source / "k.h").write_text("#define K 1\n")
    run(*GCC, "k.h", "-o", "k.h.gch", cwd=source)
    (source / "k.h").write_text("#define K 2\n")  # the compiler still reads 1
    assert "a precompiled header" in refused(source, *GCC)


@pytest.mark.parametrize("words, why", [
    (["-fwhole-program"], "-fwhole-program"),
    (["-fpreprocessed"], "-fpreprocessed"),
], ids=lambda value: value[0])
def test_options_that_get_none(source, words, why):
    (source / "unit.c").write_text("int f(int x) { return x; }\n")
    assert why in refused(source, *GCC, *words)


def test_options_of_clang_that_are_not_seen_get_none(source):
    (source / "unit.c").write_text("int f(int x) { return x; }\n")
    (source / "c.cfg").write_text("-fwrapv\n")
    (source / "my-clang").write_text('#!/bin/sh\nexec clang-19 -fwrapv "$@"\n')
    (source / "my-clang").chmod(0o755)
    assert "--config" in refused(source, *CLANG, "--config=./c.cfg")
    assert "my-clang is a script" in refused(source, "./my-clang", *CLANG[1:])


@pytest.mark.parametrize("text, why", [
    ("static int h\u00e9(int x) { return x; }\nint f(int x) { return h\u00e9(x); }\n", "beyond ASCII"),
    ('const char text[] = R"(\n# 1\n)";\nint f(int x) { return x; }\n', "a raw string literal"),
    ("static int h(int);\nint f(int x) { return h(x); }\nint deep(int x) { return " + "(" * 300 + "x" + ")" * 300 +
     "; }\nstatic int h(int x) { return x; }\n", "gives up"),
], ids=("ASCII", "raw", "deep"))
def test_text_that_is_not_understood_gets_none(source, text, why):
    (source / "unit.c").write_text(text)
    assert why in refused(source, *GCC)


def test_two_sources_of_one_object_get_none(source):
    for folder, k in (("x", 1), ("y", 2)):
        (source / folder).mkdir()
        (source / folder / "a.c").write_text(f"int f(void) {{ return {k}; }}\n")
    assert run(LAUNCHER, *GCC, "-c", "x/a.c", "y/a.c", cwd=source).stderr == ""
    assert fingerprints.read((source / "a.o").read_bytes()) is None


def test_a_link_in_place_of_the_object_stays(source):
    (source / "real.o").write_bytes(b"")
    (source / "unit.o").symlink_to("real.o")
    run(LAUNCHER, *GCC, "-c", "unit.c", "-o", "unit.o", cwd=source)
    assert (source / "unit.o").is_symlink() and digests(source / "real.o")


def test_with_ccache(source):
    env = {"CCACHE_DIR": str(source / "cache")}
    plain = digests(compile_source(source, SOURCE))
    for _ in range(2):  # a miss, then a hit
        (source / "unit.o").unlink()
        run(LAUNCHER, "ccache", *GCC, "-c", "unit.c", "-o", "unit.o", cwd=source, env=env)
        assert digests(source / "unit.o") == plain
    env = {"CCACHE_DIR": str(source / "cache2"), "CCACHE_PREFIX": str(LAUNCHER)}
    for _ in range(2):
        (source / "unit.o").unlink()
        run("ccache", *GCC, "-c", "unit.c", "-o", "unit.o", cwd=source, env=env)
        assert digests(source / "unit.o") == plain


def test_as_a_launcher_of_cmake(source):
    (source / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.25)\nproject(p C)\nadd_library(l STATIC unit.c)\n")
    run("cmake", "-G", "Ninja", "-B", "b", f"-DCMAKE_C_COMPILER_LAUNCHER={LAUNCHER}", "-DCMAKE_SYSTEM_NAME=Generic",
        "-DCMAKE_C_COMPILER=arm-none-eabi-gcc", "-DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY", cwd=source)
    run("ninja", "-C", "b", cwd=source)
    objects = list((source / "b").rglob("unit.c.o*"))
    assert digests(objects[0])["f"] != NONE


def link(folder, linker, *words):
    run(*linker, *words, cwd=folder)


LINKERS = {"gnu": ["arm-none-eabi-ld"], "lld": ["ld.lld-19"]}


@pytest.mark.parametrize("linker", LINKERS.values(), ids=LINKERS)
@pytest.mark.parametrize("more", ([], ["--compress-debug-sections=zlib"]), ids=("", "compressed"))
def test_records_survive_the_link(tmp_path, linker, more):
    """Each address in the image has the digest that its object says; what --gc-sections drops has none."""
    one = compile_source(tmp_path, "static int same(int x) { return x + 1; }\n__attribute__((noinline)) "
                         "static int keep(int x) { return same(x) * x; }\nint f(int x) { return keep(x); }\n"
                         "int dead(void) { return 4; }\n", GCC, "-fno-inline", name="one")
    two = compile_source(tmp_path, "static int same(int x) { return x + 2; }\nint g(int x) { return same(x); }\n"
                         "int dead2(void) { return 5; }\n", CLANG, "-fno-inline-functions", "-O0", name="two")
    link(tmp_path, linker, "-e", "0", "--gc-sections", "-u", "f", "-u", "g", *more, "one.o", "two.o", "-o", "all.elf")
    if more:
        objcopy(tmp_path, "--decompress-debug-sections", "all.elf")
    rows = [row for row in fingerprints.read((tmp_path / "all.elf").read_bytes()) if row[0]]
    expected = [(name, digest, unit) for unit, made in enumerate((one, two)) for name, digest in digests(made).items()
                if not name.startswith("dead")]
    assert sorted((name, digest, unit) for name, _, digest, unit in rows) == sorted(expected)
    assert len({digest for name, _, digest, _ in rows if name == "same"}) == 2


@pytest.mark.parametrize("linker", LINKERS.values(), ids=LINKERS)
def test_the_image_costs_no_byte_more(source, linker):
    def flash(image):
        run("arm-none-eabi-objcopy", "-O", "binary", image, image + ".bin", cwd=source)
        return (source / (image + ".bin")).read_bytes()
    for name, launcher in (("plain", []), ("made", [LAUNCHER])):
        run(*launcher, *GCC, "-c", "unit.c", "-o", "unit.o", cwd=source)
        link(source, linker, "-e", "0", "--unresolved-symbols=ignore-all", "unit.o", "-o", name)
    assert flash("made") == flash("plain")


def test_strip_of_debug_information_drops_them(source):
    run(LAUNCHER, *GCC, "-c", "unit.c", "-o", "unit.o", cwd=source)
    run("arm-none-eabi-strip", "-g", "unit.o", cwd=source)
    assert fingerprints.read((source / "unit.o").read_bytes()) is None


def test_a_partial_link_keeps_them(tmp_path):
    one = digests(compile_source(tmp_path, "int f(void) { return 1; }\n", name="one"))
    two = digests(compile_source(tmp_path, "int g(void) { return 2; }\n", name="two"))
    run("arm-none-eabi-ld", "-r", "one.o", "two.o", "-o", "both.o", cwd=tmp_path)
    assert digests(tmp_path / "both.o") == {**one, **two}

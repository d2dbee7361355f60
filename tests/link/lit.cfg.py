# The lit configuration of the link tests. Each *.test file holds RUN lines, the sources that split-file unpacks, and
# what FileCheck expects. ctest gives ROMLINK_RELINK_TEXT (the program under test) and ROMLINK_LIT_OUT (scratch folder).
#
#   %setup        unpacks the test's files into an empty folder and enters it; in/ will hold the firmware's inputs
#   %mc, %cc      assemble for Armv7-M, with Inputs/asm.inc; compile with gcc for Cortex-M3
#   %clang        compile with clang for Cortex-M3
#   %rom          assembles rom.s and links rom.elf (rom.ld)
#   %fw           assembles fw.s to in/fw.o
#   %relink ARGS  runs relink-text in in/ against rom.elf; its output is out.elf
#   %link         the same with the usual arguments: -T fw.ld --gc-sections fw.o
#   %check        FileCheck of whole lines;  %match: of parts of lines
import os

import lit.formats

config.name = "link"
config.test_format = lit.formats.ShTest(True)
config.pipefail = True
config.suffixes = [".test"]
config.excludes = ["Inputs"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.environ["ROMLINK_LIT_OUT"]
config.environment["PATH"] = os.environ["PATH"]

inputs = os.path.join(config.test_source_root, "Inputs")
flags = "-mcpu=cortex-m3 -mthumb -Os -ffunction-sections -fdata-sections -ffreestanding"
lld = "ld.lld-19 -e 0 -z max-page-size=4"
mc = f"llvm-mc-19 -triple=thumbv7m-none-eabi -mcpu=cortex-m3 --arm-add-build-attributes -filetype=obj -I {inputs}"
relink = f"env -C in {os.environ['ROMLINK_RELINK_TEXT']} ../rom.elf ../out.elf"
for name, command in (
    ("%setup", f"rm -rf %t && mkdir -p %t/in && split-file-19 %s %t && cp {inputs}/rom.ld %t && "
               f"cp -n {inputs}/fw.ld %t/in && cd %t"),
    ("%mc", mc),
    ("%cc", f"arm-none-eabi-gcc {flags} -c"),
    ("%clang", f"clang-19 --target=arm-none-eabi {flags} -c"),
    ("%lld", lld),
    ("%rom", f"{mc} rom.s -o rom.o && {lld} -T rom.ld -o rom.elf rom.o"),
    ("%fw", f"{mc} fw.s -o in/fw.o"),
    ("%relink", relink),
    ("%link", f"{relink} -- -T fw.ld --gc-sections fw.o"),
    ("%tests", config.test_source_root),
    ("%readelf", "llvm-readelf-19"),
    ("%objdump", "llvm-objdump-19"),
    ("%check", "FileCheck-19 --match-full-lines %s"),
    ("%match", "FileCheck-19 %s"),
    ("%not", "not-19"),
):
    config.substitutions.append((name + r"\b", command))

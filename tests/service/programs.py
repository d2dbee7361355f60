"""Small ARM programs: a boot ROM with two functions, and firmware that contains the same two."""
import struct
import subprocess

COMMON = """
int add(int a, int b) { return a * 3 + b; }
int mul(int a, int b) { return add(a, b) * b + 7; }
"""
START = """
int add(int, int);
int mul(int, int);
int (*volatile keep)(int, int);
void reset(void) { keep = mul; mul(1, add(2, 3)); for (;;) {} }
__attribute__((section(".vectors"), used)) void *const vectors[] = {(void *)0x20001000, reset};
"""
SCRIPT = """
MEMORY {{ FLASH (rx) : ORIGIN = {flash}, LENGTH = 64K
         RAM (rwx) : ORIGIN = {ram}, LENGTH = 64K }}
ENTRY(reset)
SECTIONS {{
  .text : {{ KEEP(*(.vectors)) *(.text*) *(.rodata*) }} > FLASH
  .data : {{ *(.data*) }} > RAM AT> FLASH
  .bss (NOLOAD) : {{ *(.bss*) }} > RAM
}}
"""
COMPILE = ["arm-none-eabi-gcc", "-mcpu=cortex-m33", "-mthumb", "-Os", "-g", "-ffunction-sections", "-fdata-sections",
           "-fno-inline", "-c"]
ROM_BASE = 0x10000000


class Programs:
    def __init__(self, folder):
        self.folder = folder
        self.common = self.compile("common", COMMON)
        self.start = self.compile("start", START)
        self.rom_script = self.write("rom.ld", SCRIPT.format(flash="0x10000000", ram="0x20000000"))
        self.script = self.write("firmware.ld", SCRIPT.format(flash="0x10100000", ram="0x20010000"))
        self.library = folder / "lib" / "libcommon.a"
        self.library.parent.mkdir()
        subprocess.run(["arm-none-eabi-ar", "rcsD", self.library, self.common], check=True)
        self.rom = self.link("rom.elf", self.rom_script, self.start, self.common)
        self.other_rom = self.link("other.elf", self.rom_script, self.start, self.compile("c2", COMMON.replace("7", "8")))
        self.image = flash_image(self.rom)

    def write(self, name, text):
        file = self.folder / name
        file.write_text(text)
        return file

    def compile(self, name, source, *options):
        self.write(f"{name}.c", source)
        subprocess.run([*COMPILE, *options, f"{name}.c", "-o", f"{name}.o"], cwd=self.folder, check=True)
        return self.folder / f"{name}.o"

    def link(self, name, script, *objects):
        output = self.folder / name
        subprocess.run(["ld.lld-19", "-T", script, *objects, "-o", output, "-z", "max-page-size=4", "--build-id"],
                       check=True)
        return output

    def arguments(self, output="fw.elf"):
        return ["-T", self.script, self.start, "-L", self.library.parent, "-lcommon", "-z", "max-page-size=4",
                "-o", output]


def flash_image(elf):
    """The flash image as docs and contract define it, computed independently of romlink."""
    data = elf.read_bytes()
    offset, size, count = (struct.unpack_from("<I", data, 28)[0], *struct.unpack_from("<HH", data, 42))
    headers = [struct.unpack_from("<8I", data, offset + i * size) for i in range(count)]
    loads = [(h[3], data[h[1]:h[1] + h[4]]) for h in headers if h[0] == 1 and h[4]]
    base = min(address for address, _ in loads)
    image = bytearray(b"\xff" * (max(address + len(content) for address, content in loads) - base))
    for address, content in loads:
        image[address - base:address - base + len(content)] = content
    return bytes(image).rstrip(b"\xff")

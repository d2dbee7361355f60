"""Two revisions of a boot ROM, firmware, and the calls of the advisory and audit services, as another program makes them.

checksum() is in both revisions, at other addresses, linked by another linker; the firmware has it, too. limit() is
small, and the ROM's boot runs it. frame() calls checksum().
"""
import hashlib
import subprocess

import grpc

from programs import COMPILE, SCRIPT

COMMON = """
extern const unsigned table[4];
extern unsigned state;
unsigned checksum(const unsigned char *data, unsigned size) {
  unsigned sum = 0x1021;
  for (unsigned i = 0; i < size; ++i) sum = (sum << 3) ^ (data[i] + table[i & 3] + 99991);
  return sum;
}
unsigned frame(const unsigned char *data, unsigned size) { return checksum(data + 4, size - 4) + data[1] * 7; }
unsigned other(unsigned a) { return a * 12345 + (a >> 3); }
"""
TABLE = "const unsigned table[4] = {3, 5, 7, 11};\n"
START = """
unsigned frame(const unsigned char *, unsigned);
unsigned other(unsigned);
unsigned limit(unsigned a) { return a * 9 + 1; }
unsigned (*volatile keep)(const unsigned char *, unsigned);
unsigned (*volatile keep2)(unsigned);
volatile unsigned bound;
void reset(void) { bound = limit(17); %s keep2 = other; for (;;) {} }
__attribute__((section(".vectors"), used)) void *const vectors[] = {(void *)0x20001000, reset};
"""
# cap() has limit()'s body
MORE = "unsigned more(unsigned a) { return a * 31 + 9; }\nunsigned cap(unsigned a) { return a * 9 + 1; }\n"


class Fleet:
    """The programs, compiled once."""

    def __init__(self, folder):
        self.folder = folder
        self.common = self.compile("common", COMMON)
        self.table = self.compile("table", TABLE)
        start = self.compile("start", START % "keep = frame;")
        more = self.compile("more", MORE)
        self.rom_script = self.write("rom.ld", SCRIPT.format(flash="0x10000000", ram="0x20000000"))
        self.script = self.write("firmware.ld", SCRIPT.format(flash="0x10100000", ram="0x20010000"))
        self.rom1 = self.link("rom1.elf", "ld.lld-19", start, self.common, self.table)
        self.rom2 = self.link("rom2.elf", "arm-none-eabi-ld", start, more, self.compile("c2", "const char pad[52] = {1};\n"),
                              self.common, self.table)
        # its checksum has another constant
        self.rom3 = self.link("rom3.elf", "ld.lld-19", start, self.compile("c3", COMMON.replace("99991", "99989")), self.table)
        # nobody but firmware runs frame() and checksum()
        quiet = self.compile("quiet", (START % "").replace("keep2 = other;", "") +
                             "void *const api[] = {(void *)frame, (void *)other};")
        self.rom4 = self.link("rom4.elf", "ld.lld-19", quiet, self.common, self.table, keep="api")
        self.firmware = [self.compile("fw", START % "keep = frame;"), self.common, self.table]

    def write(self, name, text):
        file = self.folder / name
        file.write_text(text)
        return file

    def compile(self, name, source):
        self.write(f"{name}.c", source)
        subprocess.run([*COMPILE, f"{name}.c", "-o", f"{name}.o"], cwd=self.folder, check=True)
        return self.folder / f"{name}.o"

    def link(self, name, linker, *objects, keep=None):
        output = self.folder / name
        options = [] if keep is None else ["-u", keep]
        subprocess.run([linker, "-T", self.rom_script, *objects, "-o", output, "-z", "max-page-size=4", "--build-id", *options],
                       check=True)
        return output


class Service:
    """Calls to one daemon."""

    def __init__(self, daemon, messages):
        self.daemon = daemon
        self.m = messages

    def publish(self, name, version, elf):
        a = self.m.archive
        content = elf.read_bytes()
        return self.daemon.upstream("/romlink.v1.ArchiveService/PublishRom", [
            a.PublishRomRequest(header=a.PublishRomRequest.Header(name=name, version=version)),
            a.PublishRomRequest(artifact=a.PublishRomRequest.ArtifactStart(role="elf", file_name="rom.elf", size=len(content))),
            a.PublishRomRequest(chunk=content)], a.PublishRomResponse).rom

    def upload(self, *contents):
        l = self.m.link
        requests = []
        for content in contents:
            requests += [l.UploadRequest(start=l.UploadRequest.Start(digest=digest(content), size=len(content))),
                         l.UploadRequest(chunk=content)]
        self.daemon.upstream("/romlink.v1.LinkService/Upload", requests, l.UploadResponse)

    def request(self, fleet, rom="", policy=None, **more):
        """A link request for the firmware, its inputs uploaded."""
        l = self.m.link
        files = [fleet.script, *fleet.firmware]
        contents = [file.read_bytes() for file in files]
        texts = ["-T{}"] + ["{}"] * len(fleet.firmware)
        arguments = [l.LinkArgument(text=text, file=l.InputFile(path=file.name, digest=digest(content)))
                     for text, file, content in zip(texts, files, contents)]
        arguments.append(l.LinkArgument(text="-zmax-page-size=4"))
        if policy is not None:
            contents.append(policy.encode())
            more["policy"] = l.InputFile(path="policy.toml", digest=digest(policy.encode()))
        self.upload(*contents)
        return l.LinkRequest(rom=rom, arguments=arguments, **more)

    def link(self, request):
        """(report, image, release id, the kinds of parts in their order)"""
        report, image, release, order = None, b"", "", []
        for part in self.daemon.downstream("/romlink.v1.LinkService/Link", request, self.m.link.LinkResponse):
            kind = part.WhichOneof("part")
            if not order or order[-1] != kind:
                order.append(kind)
            if kind == "report":
                report = part.report
            elif kind == "chunk":
                image += part.chunk.data
            elif kind == "release":
                release = part.release
        return report, image, release, order

    def advise(self, id, rom, *symbols, **more):
        a = self.m.audit
        return self.daemon.unary("/romlink.v1.AdvisoryService/AddAdvisory",
                                 a.AddAdvisoryRequest(id=id, rom=rom, symbols=symbols, **more), a.AddAdvisoryResponse)

    def advisories(self, rom=""):
        a = self.m.audit
        return self.daemon.unary("/romlink.v1.AdvisoryService/ListAdvisories", a.ListAdvisoriesRequest(rom=rom),
                                 a.ListAdvisoriesResponse).advisories

    def audit(self, method, answer, **fields):
        a = self.m.audit
        return self.daemon.unary(f"/romlink.v1.AuditService/{method}", getattr(a, f"{method}Request")(**fields),
                                 getattr(a, answer))

    def matrix(self, link, **fields):
        a = self.m.audit
        return list(self.daemon.downstream("/romlink.v1.AuditService/AuditMatrix", a.AuditMatrixRequest(link=link, **fields),
                                           a.MatrixRow))


def digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def decisions(report):
    """{symbol: (decision, reason)} in words."""
    kinds = type(report.symbols[0]).Decision
    return {s.name: (kinds.Name(s.decision), s.reason) for s in report.symbols}


def status_of(call, *arguments, **fields):
    """The status code with which the call fails, and its message."""
    try:
        call(*arguments, **fields)
    except grpc.RpcError as error:
        return error.code(), error.details()
    raise AssertionError("the call succeeded")

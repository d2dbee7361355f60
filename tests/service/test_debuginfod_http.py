"""debuginfod's HTTP API byte by byte: fields, ranges, conditions, refusals, limits, damage."""
import hashlib
import http.client
import json
import os
import re
import select
import socket
import sqlite3
import subprocess
import tarfile
import threading

import pytest

from conftest import DEADLINE, Cli, eventually
from test_debuginfod import dump_section, publish, tarball


class Served:
    def __init__(self, daemon, folder):
        self.daemon = daemon
        self.host, port = daemon.said("http listening on ").rsplit(":", 1)
        self.port = int(port)
        self.cli = Cli(folder, "--server", daemon.address)

    def connection(self):
        return http.client.HTTPConnection(self.host, self.port, timeout=DEADLINE)

    def ask(self, path, method="GET", **fields):
        """(status, fields, body) of one request on its own connection."""
        connection = self.connection()
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in fields.items()})
        answer = connection.getresponse()
        result = answer.status, answer.headers, answer.read()
        connection.close()
        return result

    def raw(self):
        return socket.create_connection((self.host, self.port), timeout=DEADLINE)

    def say(self, request):
        """Everything that is answered to these bytes until the service closes the connection."""
        with self.raw() as connection:
            connection.sendall(request)
            return read_all(connection)


def read_all(connection):
    received = b""
    while piece := connection.recv(65536):
        received += piece
    return received


@pytest.fixture
def start_served(start_daemon, tmp_path):
    return lambda *options: Served(start_daemon("--http", "127.0.0.1:0", *options), tmp_path)


@pytest.fixture
def served(start_served, programs):
    """A daemon that serves one ROM: .path is its ELF's, .content its bytes."""
    one = start_served()
    one.rom = publish(one, programs.rom)
    one.path = f"/buildid/{one.rom['buildId']}/debuginfo"
    one.content = programs.rom.read_bytes()
    return one


def one_line(status, fields, body):
    assert fields["Content-Type"] == "text/plain; charset=utf-8" and fields["Cache-Control"] == "no-store"
    assert body.count(b"\n") == 1 and body.endswith(b"\n") and len(body) > 4
    return status


def test_fields_of_an_elf(served):
    status, fields, body = served.ask(served.path)
    assert status == 200 and body == served.content
    assert fields["ETag"] == f'"sha256:{hashlib.sha256(body).hexdigest()}"'
    assert fields["Content-Type"] == "application/octet-stream"
    assert fields["Content-Length"] == fields["X-DEBUGINFOD-SIZE"] == str(len(body))
    assert fields["X-DEBUGINFOD-FILE"] == "rom.elf"
    assert fields["Cache-Control"] == "public, max-age=31536000, immutable"
    assert fields["Accept-Ranges"] == "bytes"
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", fields["Last-Modified"])
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", fields["Date"])
    assert served.ask(served.path.upper().replace("/BUILDID/", "/buildid/").replace("DEBUGINFO", "executable"))[2] == body


def test_head_says_the_same_without_a_body(served):
    _, expected, _ = served.ask(served.path)
    status, fields, body = served.ask(served.path, "HEAD")
    assert status == 200 and body == b""
    assert {**fields, "Date": ""} == {**expected, "Date": ""}
    assert served.ask(served.path, "HEAD", Range="bytes=0-0")[0] == 200
    answer = served.say(f"HEAD /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 404 ") and answer.endswith(b"\r\n\r\n")


def test_ranges(served):
    size = len(served.content)
    for asked, first, last in (("0-0", 0, 0), ("0-99", 0, 99), ("1000-1999", 1000, 1999), ("100-", 100, size - 1),
                               (f"{size - 1}-", size - 1, size - 1), ("-1", size - 1, size - 1),
                               ("-500", size - 500, size - 1), (f"5-{size + 5}", 5, size - 1)):
        status, fields, body = served.ask(served.path, Range=f"bytes={asked}")
        assert status == 206 and body == served.content[first:last + 1], asked
        assert fields["Content-Range"] == f"bytes {first}-{last}/{size}"
        assert fields["Content-Length"] == str(last - first + 1)
        assert fields["X-DEBUGINFOD-SIZE"] == str(size)
    for asked in (f"{size}-", "99999999999999999999-", "-0"):
        status, fields, body = served.ask(served.path, Range=f"bytes={asked}")
        assert one_line(status, fields, body) == 416 and fields["Content-Range"] == f"bytes */{size}"
    for asked in ("bytes=5-4", "bytes=0-1,5-6", "pages=1-2", "bytes=x"):
        assert served.ask(served.path, Range=asked)[::2] == (200, served.content), asked


def test_conditions(served):
    _, fields, _ = served.ask(served.path)
    etag, modified = fields["ETag"], fields["Last-Modified"]
    long_ago = "Sun, 06 Nov 1994 08:49:37 GMT"
    for condition in ({"If_None_Match": etag}, {"If_None_Match": f'"x", W/{etag}'}, {"If_None_Match": "*"},
                      {"If_Modified_Since": modified}):
        status, same, body = served.ask(served.path, **condition)
        assert status == 304 and body == b"" and same["ETag"] == etag and "Content-Length" not in same, condition
    for first, second in ((etag, '"x"'), ('"x"', etag)):  # a list in two fields
        answer = served.say(f"GET {served.path} HTTP/1.1\r\nHost: a\r\nIf-None-Match: {first}\r\n"
                            f"If-None-Match: {second}\r\nConnection: close\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 304 "), (first, second)
    for condition in ({"If_None_Match": '"x"'}, {"If_Modified_Since": long_ago}, {"If_Match": etag},
                      {"If_None_Match": '"x"', "If_Modified_Since": modified}):
        assert served.ask(served.path, **condition)[::2] == (200, served.content), condition
    for condition in ({"If_Match": '"x"'}, {"If_Unmodified_Since": long_ago}):
        assert one_line(*served.ask(served.path, **condition)) == 412, condition
    assert served.ask(served.path, Range="bytes=0-3", If_Range=etag)[::2] == (206, b"\x7fELF")
    assert served.ask(served.path, Range="bytes=0-3", If_Range=modified)[::2] == (206, b"\x7fELF")
    assert served.ask(served.path, Range="bytes=0-3", If_Range='"x"')[::2] == (200, served.content)


def test_many_requests_on_one_connection(served):
    connection = served.connection()
    for _ in range(20):
        connection.request("GET", served.path)
        assert connection.getresponse().read() == served.content
        kept = connection.sock
        connection.request("HEAD", served.path)
        assert connection.getresponse().read() == b""
        connection.request("GET", "/buildid/00/debuginfo")
        assert one_line(*(lambda a: (a.status, a.headers, a.read()))(connection.getresponse())) == 404
        assert connection.sock is kept is not None
    connection.close()


def test_pipelined_requests_are_answered_in_order(served):
    build_id = served.rom["buildId"]
    first = f"GET {served.path} HTTP/1.1\r\nHost: a\r\nRange: bytes="
    asked = "".join(f"{first}{i}-{i + 9}\r\n\r\n" for i in range(100))
    answers = served.say((asked + f"GET /buildid/{build_id}/executable HTTP/1.0\r\n\r\n").encode())
    for i in range(100):
        head, _, answers = answers.partition(b"\r\n\r\n")
        assert f"Content-Range: bytes {i}-{i + 9}/".encode() in head
        assert answers[:10] == served.content[i:i + 10]
        answers = answers[10:]
    assert answers.partition(b"\r\n\r\n")[2] == served.content


@pytest.mark.parametrize("path,status", [
    ("/", 404), ("/buildid", 404), ("/buildid/", 400), ("/buildid/abc/debuginfo", 400), ("/buildid/xy/debuginfo", 400),
    ("/buildid/../../etc/passwd", 400), ("/buildid/%2e%2e/%2e%2e/etc/passwd", 400), ("/../etc/passwd", 404),
    ("//etc/passwd", 404), ("/buildid/{id}", 404), ("/buildid/{id}/", 404), ("/buildid/{id}/nothing", 404),
    ("/buildid/{id}/debuginfo/", 400), ("/buildid/{id}/debuginfo/../../x", 400), ("/buildid/{id}/executable%00", 400),
    ("/buildid/{id}/%zz", 400), ("/buildid/" + "ab" * 64 + "/debuginfo", 404), ("/buildid/" + "ab" * 65 + "/debuginfo", 400),
    ("/" + "a" * 9000, 414), ("/buildid/00ff/debuginfo", 404), ("/buildid/{id}x/debuginfo", 400),
])
def test_what_is_no_resource(served, path, status):
    assert one_line(*served.ask(path.replace("{id}", served.rom["buildId"]))) == status


def test_prefixes_and_hashes_are_no_build_ids(served):
    """Here only what a build-id note may hold counts, not every ROM reference."""
    image_hash = served.rom["imageHash"][len("sha256:"):]
    assert served.ask(f"/buildid/{image_hash[:40]}/debuginfo")[2] == served.content
    for digits in (image_hash, image_hash[:38], image_hash[:42], served.rom["buildId"][:-2]):
        assert served.ask(f"/buildid/{digits}/debuginfo")[0] == 404


def test_what_is_no_request(served):
    for request, status in ((b"nonsense\r\n\r\n", 400), (b"GET / HTTP/3.0\r\n\r\n", 400), (b"GET / HTTP/1.1\r\n\r\n", 400),
                            (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400), (b"\x16\x03\x01\x02\x00\x01\x00", 400),
                            (b"GET * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 400),
                            (b"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", 400),
                            (b"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n", 400),
                            (b"GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
                            (b"GET HTTP://a/healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 200),
                            (b"GET http://a/healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 200)):
        answer = served.say(request)
        assert answer.startswith(f"HTTP/1.1 {status} ".encode()), (request, answer)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "BREW"])
def test_other_methods_are_refused(served, method):
    status, fields, body = served.ask(served.path, method)
    assert one_line(status, fields, body) == 405 and fields["Allow"] == "GET, HEAD"


def test_a_huge_header_is_refused(served):
    for field in (b"X: " + b"a" * 1000000, b"".join(b"X%d: a\r\n" % i for i in range(20000))):
        answer = served.say(b"GET /healthz HTTP/1.1\r\nHost: a\r\n" + field)
        assert answer.startswith(b"HTTP/1.1 431 "), answer
    assert served.ask("/healthz", X="a" * 15000)[0] == 200


def test_a_client_that_sends_slowly_is_dropped(start_served, tmp_path):
    (tmp_path / "limits.toml").write_text("[http]\nrequest_seconds = 1\nidle_seconds = 1\nstall_seconds = 1\n")
    served = start_served("--config", tmp_path / "limits.toml")
    with served.raw() as silent, served.raw() as half, served.raw() as idle:
        half.sendall(b"GET /heal")
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        assert read_all(silent) == b"" and read_all(half) == b""
        assert read_all(idle).endswith(b"ok\n")
    assert served.ask("/healthz")[2] == b"ok\n"


def big_elf(programs, megabytes=32):
    """The ROM with so much debug information that no socket buffer holds it."""
    big = programs.folder / f"big{megabytes}.elf"
    if not big.exists():
        filler = programs.folder / "filler"
        filler.write_bytes(os.urandom(1 << 20) * megabytes)
        subprocess.run(["arm-none-eabi-objcopy", f"--add-section=.debug_filler={filler}", programs.rom, big], check=True)
    return big


def test_a_client_that_reads_slowly_holds_nobody_up_and_is_dropped(start_served, programs, tmp_path):
    (tmp_path / "limits.toml").write_text("[http]\nstall_seconds = 1\nreaders = 1\n")
    served = start_served("--config", tmp_path / "limits.toml")
    elf = big_elf(programs)
    path = f"/buildid/{publish(served, elf)['buildId']}/debuginfo"
    slow = [served.raw() for _ in range(20)]
    for connection in slow:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert connection.recv(15) == b"HTTP/1.1 200 OK"
    assert hashlib.sha256(served.ask(path)[2]).digest() == hashlib.sha256(elf.read_bytes()).digest()

    def established():
        with open("/proc/net/tcp") as sockets:  # sl local_address rem_address st; 01 is ESTABLISHED
            return [f for f in map(str.split, sockets) if f[1].endswith(f":{served.port:04X}") and f[3] == "01"]
    eventually(lambda: not established())
    for connection in slow:  # what the buffers took, and no more
        received = 0
        with pytest.raises(ConnectionResetError):
            while piece := connection.recv(1 << 20):
                received += len(piece)
            assert received < elf.stat().st_size
            raise ConnectionResetError
        connection.close()


def test_more_connections_than_allowed_are_told_so(start_served, tmp_path):
    (tmp_path / "limits.toml").write_text("[http]\nconnections_limit = 3\n")
    served = start_served("--config", tmp_path / "limits.toml")
    held = [served.connection() for _ in range(3)]
    for connection in held:
        connection.request("GET", "/healthz")
        assert connection.getresponse().read() == b"ok\n"
    with served.raw() as one_too_many:
        answer = read_all(one_too_many)
    assert answer.startswith(b"HTTP/1.1 503 ") and b"Retry-After: 1" in answer
    for connection in held:
        connection.request("GET", "/healthz")
        assert connection.getresponse().read() == b"ok\n"
        connection.close()


def test_a_thousand_connections(served):
    """Open at once, each served; memory does not grow with them times the file's size."""
    held = [served.raw() for _ in range(990)]
    request = f"GET {served.path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()
    for connection in held:
        connection.sendall(request)
    for connection in held:
        assert read_all(connection).endswith(served.content)
        connection.close()


def test_concurrent_fetches_of_a_cold_elf(start_served, programs):
    served = start_served()
    elf = big_elf(programs)
    path = f"/buildid/{publish(served, elf)['buildId']}/debuginfo"
    expected = hashlib.sha256(elf.read_bytes()).digest()
    got = []
    threads = [threading.Thread(target=lambda: got.append(hashlib.sha256(served.ask(path)[2]).digest()))
               for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [expected] * 8
    with open(f"/proc/{served.daemon.process.pid}/status") as status:
        peak = int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1])
    assert peak < 200 * 1024, peak  # eight of 32 MiB do not fit


def damage(archive):
    """Flips a byte of a stored chunk of the largest blob, as a bad disk does: behind the triggers' back."""
    with sqlite3.connect(archive / "archive.db") as database:
        database.execute("DROP TRIGGER chunk_no_update")
        key = database.execute("SELECT blob_id, position FROM chunk WHERE blob_id = (SELECT blob_id FROM artifact"
                               " WHERE role = 'elf') ORDER BY position DESC").fetchone()
        (content,) = database.execute("SELECT compressed FROM chunk WHERE blob_id = ? AND position = ?", key).fetchone()
        flipped = bytearray(content)
        flipped[len(flipped) // 2] ^= 1
        database.execute("UPDATE chunk SET compressed = ? WHERE blob_id = ? AND position = ?", (bytes(flipped), *key))


def test_damaged_content_is_an_error_and_never_sent(served):
    damage(served.daemon.archive)
    for method in ("GET", "HEAD"):
        status, fields, body = served.ask(served.path, method)
        assert status == 500 and "ETag" not in fields
    assert b"damaged" in body or b"damaged" in served.ask(served.path)[2]
    assert served.ask("/healthz")[0] == 200


def test_a_damaged_cache_is_replaced_from_the_archive(served):
    """A file of the cache that was changed, with its size kept, is read from the archive again."""
    assert served.ask(served.path)[2] == served.content
    digest = hashlib.sha256(served.content).hexdigest()
    file = served.daemon.archive / "cache" / "inputs" / digest[:2] / digest
    assert file.read_bytes() == served.content
    file.chmod(0o644)
    with open(file, "r+b") as cached:
        cached.seek(100)
        cached.write(b"\xff" * 100)
    assert served.ask(served.path)[2] == served.content
    file.unlink()
    assert served.ask(served.path)[2] == served.content


def test_sections(served, programs, tmp_path):
    base = f"/buildid/{served.rom['buildId']}/section/"
    for name in (".text", ".debug_line", ".note.gnu.build-id", ".ARM.attributes"):
        expected = dump_section(programs.rom, name, tmp_path)
        for _ in range(2):  # made by a job, then from the cache
            status, fields, body = served.ask(base + name)
            assert status == 200 and body == expected, name
            assert fields["X-DEBUGINFOD-SIZE"] == fields["Content-Length"] == str(len(expected))
            assert fields["ETag"] == f'"sha256:{hashlib.sha256(expected).hexdigest()}"'
    assert served.ask(base + "%2etext", Range="bytes=4-7")[2] == dump_section(programs.rom, ".text", tmp_path)[4:8]
    for name in (".nothing", ".bss", "text", "%ff", ".text%c3"):
        assert one_line(*served.ask(base + name)) == 404, name
    for name in ("", "../../x", ".text/", "%2e%2e/x"):
        assert one_line(*served.ask(base + name)) == 400, name


def link(name, target, kind):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz", "zst"])
def test_sources_of_a_hostile_tarball(start_served, programs, tmp_path, mode):
    """Names lead nowhere, links are not followed, and only what is a file is served."""
    sources = tarball(tmp_path / "src.tar", [
        ("boot/src/main.c", b"old"), ("boot/src/main.c", b"int main;\n"), ("../../../../etc/passwd", b"mine"),
        ("/abs/olute.c", b"absolute"), link("boot/src/link.c", "/etc/passwd", tarfile.SYMTYPE),
        link("boot/src/hard.c", "boot/src/main.c", tarfile.LNKTYPE), link("boot/src/pipe.c", "", tarfile.FIFOTYPE),
        ("a/d/same.c", b"a"), ("b/d/same.c", b"b"), ("boot/src/gone.c", b"old"), link("boot/src/gone.c", "main.c", tarfile.SYMTYPE),
        ("boot/src/n\u00e4me +.c", b"utf-8"), ("boot/empty.c", b""),
        ("boot/src/" + "d/" * 200 + "deep.c", b"deep"), ("boot/src", b"a file, too")], "w" if mode == "zst" else mode)
    if mode == "zst":
        subprocess.run(["zstd", "-q", sources], check=True)
        sources = sources.with_suffix(".tar.zst")
    served = start_served()
    rom = publish(served, programs.rom, "--attach", f"sources={sources}")
    base = f"/buildid/{rom['buildId']}/source"
    for path, content in (("/src/main.c", b"int main;\n"), ("/build/boot/src/main.c", b"int main;\n"), ("/etc/passwd", b"mine"),
                          ("/../../etc/passwd", b"mine"), ("/%2e%2e/etc/passwd", b"mine"), ("/abs/olute.c", b"absolute"),
                          ("/src/n%C3%A4me%20%2B.c", b"utf-8"), ("/empty.c", b""), ("/src/" + "d/" * 200 + "deep.c", b"deep"),
                          ("//src//x/../main.c", b"int main;\n")):
        status, fields, body = served.ask(base + path)
        assert status == 200 and body == content, path
        assert fields["X-DEBUGINFOD-ARCHIVE"] == sources.name
    assert served.ask(base + "/src/main.c")[1]["X-DEBUGINFOD-FILE"] == "boot/src/main.c"
    for path in ("/src/link.c", "/src/hard.c", "/src/pipe.c", "/etc/shadow", "/x/d/same.c", "/main.c", "/src/gone.c",
                 "/usr/src/newlib/empty.c", "/%ff"):
        assert one_line(*served.ask(base + path)) == 404, path
    assert b"several files" in served.ask(base + "/x/d/same.c")[2]
    for path in ("", "/", "/..", "/%00"):
        assert one_line(*served.ask(base + path)) == 400, path
    assert served.ask("/healthz")[0] == 200


def zstd_tar(file, size, said=None, compressed=64 << 20):
    """A tar file with one member of `size` zeros, which says that it has `said`; each frame of zstd's is `compressed` zeros."""
    header = tarfile.TarInfo("a/src/second.c")
    header.size = size if said is None else said
    zeros = file.with_suffix(".zeros")
    with open(zeros, "wb") as out:
        out.truncate(compressed)
    frame = subprocess.run(["zstd", "-q", "-c", zeros], check=True, capture_output=True).stdout
    start = subprocess.run(["zstd", "-q", "-c"], input=header.tobuf(), check=True, capture_output=True).stdout
    assert size % compressed == 0
    file.write_bytes(start + frame * (size // compressed + 1))
    return file


@pytest.mark.parametrize("content, status, note", [
    (b"", 404, "sources.tar.gz: "), (b"no tarball at all" * 1000, 404, "sources.tar.gz: Unrecognized"),
    ("empty", 404, "it has no files"), ("cut", 404, "sources.tar.gz: "), ("bomb", 503, None),
    ("endless", 503, "unpacks to more than 8192 MiB")], ids=["nothing", "text", "empty", "cut", "bomb", "endless"])
def test_sources_that_cannot_be_read(start_served, programs, tmp_path, content, status, note):
    """Not a tarball, one that ends early, and ones that unpack to more than anybody has: an error, and no harm."""
    file = tmp_path / "sources.tar.gz"
    if content == "cut":
        tarball(file, [("a/src/first.c", os.urandom(100000)), ("a/src/second.c", b"x")])
        file.write_bytes(file.read_bytes()[:50000])
    elif content == "empty":
        tarball(file, [link("a/src/second.c", "first.c", tarfile.SYMTYPE)])
    elif content == "bomb":
        file = zstd_tar(tmp_path / "sources.tar.zst", 512 << 20)
        assert file.stat().st_size < 1 << 20
    elif content == "endless":
        file = zstd_tar(tmp_path / "sources.tar.zst", 64 << 20, 1 << 40)
    else:
        file.write_bytes(content)
    served = start_served()
    published = served.cli("rom", "publish", "--name", "boot", "--version", "1.0", "--elf", programs.rom, "--attach",
                           f"sources={file}")
    assert published.returncode == 0, published.stderr
    assert ("note: debuggers get no sources: " in published.stdout) == (note is not None), published.stdout
    assert note is None or note in published.stdout, published.stdout
    build_id = json.loads(served.cli("--json", "rom", "show", "boot@1.0").stdout)["buildId"]
    assert one_line(*served.ask(f"/buildid/{build_id}/source/src/second.c")) == status
    assert served.ask("/healthz")[0] == 200
    assert served.ask(f"/buildid/{build_id}/debuginfo")[2] == programs.rom.read_bytes()


@pytest.fixture
def slow(start_served, programs, tmp_path):
    """A daemon with one reader, and .slow: the path of a source that it takes seconds to look for."""
    (tmp_path / "limits.toml").write_text("[http]\nreaders = 1\n[workers]\njobs = 2\n")
    served = start_served("--config", tmp_path / "limits.toml")
    file = zstd_tar(tmp_path / "sources.tar.zst", 7 << 30)
    served.path = f"/buildid/{publish(served, programs.rom, '--attach', f'sources={file}')['buildId']}"
    served.slow = f"GET {served.path}/source/src/none.c HTTP/1.1\r\nHost: a\r\n\r\n".encode()
    return served


def test_slow_sources_keep_nobody_else_waiting(slow, programs):
    asked = [slow.raw() for _ in range(8)]
    for connection in asked:
        connection.sendall(slow.slow)
    assert slow.ask(f"{slow.path}/debuginfo")[2] == programs.rom.read_bytes()
    publish(slow, programs.other_rom, version="2.0")
    assert len(select.select(asked, [], [], 0)[0]) < len(asked)  # some wait yet, and nothing waited for them
    for connection in asked:
        connection.close()


def test_a_job_ends_with_its_client(slow):
    with slow.raw() as connection:
        connection.sendall(slow.slow)
        assert select.select([connection], [], [], 0)[0] == []
    eventually(lambda: "none.c 503 " in slow.daemon.log.read_text())  # else 404: there is none

"""The gRPC service as a foreign client sees it: health, reflection, archive calls, status details."""
import hashlib
import sqlite3
import struct
import subprocess
import urllib.error
import urllib.request

import grpc
import pytest

from conftest import BIN, DEADLINE, Daemon, eventually
from programs import ROM_BASE

ARCHIVE = "/romlink.v1.ArchiveService/"
LINK = "/romlink.v1.LinkService/"


def digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def publication(messages, artifacts, name="boot", version="1.0", piece=1000, **header):
    """The stream of messages that publishes these (role, file name, content) artifacts, in small pieces."""
    request = messages.archive.PublishRomRequest
    yield request(header=request.Header(name=name, version=version, **header))
    for role, file_name, content in artifacts:
        yield request(artifact=request.ArtifactStart(role=role, file_name=file_name, size=len(content)))
        for at in range(0, len(content), piece):
            yield request(chunk=content[at:at + piece])


def publish(daemon, messages, *artifacts, **header):
    return daemon.upstream(ARCHIVE + "PublishRom", publication(messages, artifacts, **header),
                           messages.archive.PublishRomResponse)


@pytest.fixture
def published(daemon, messages, programs):
    return publish(daemon, messages, ("elf", "rom.elf", programs.rom.read_bytes()))


def test_health(daemon):
    # grpc.health.v1: HealthCheckResponse{status: SERVING} is field 1 = 1
    check = daemon.channel.unary_unary("/grpc.health.v1.Health/Check", bytes, bytes)
    for service in (b"", b"romlink.v1.ArchiveService", b"romlink.v1.AdvisoryService", b"romlink.v1.AuditService"):
        assert check(b"\x0a" + bytes([len(service)]) + service, timeout=DEADLINE) == b"\x08\x01"


def test_reflection_lists_the_services(daemon):
    # ServerReflectionRequest{list_services: ""} is field 7, an empty string
    call = daemon.channel.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", bytes, bytes)
    answer = next(call(iter([b"\x3a\x00"]), timeout=DEADLINE))
    for service in (b"romlink.v1.ArchiveService", b"romlink.v1.LinkService", b"romlink.v1.AdvisoryService",
                    b"romlink.v1.AuditService", b"grpc.health.v1.Health"):
        assert service in answer


def test_healthz_asks_the_archive(start_daemon):
    daemon = start_daemon("--http", "127.0.0.1:0")
    address = daemon.said("http listening on ")
    assert urllib.request.urlopen(f"http://{address}/healthz", timeout=DEADLINE).read() == b"ok\n"
    with pytest.raises(urllib.error.HTTPError) as missing:
        urllib.request.urlopen(f"http://{address}/nothing", timeout=DEADLINE)
    assert missing.value.code == 404


def test_notes_on_a_damaged_rom(daemon, messages, programs, tmp_path):
    """A ROM whose debug information and attributes are damaged is archived, and the notes name no file of the service."""
    (tmp_path / "unit").write_bytes(b"\xf0\xff\xff\xff" + bytes(40))  # a reserved length, which LLVM reports in two lines
    (tmp_path / "attributes").write_bytes(b"A" + b"\xff" * 20)
    elf = tmp_path / "rom.elf"
    subprocess.run(["arm-none-eabi-objcopy", "-R", ".debug_info", "-R", ".ARM.attributes", programs.rom, elf], check=True)
    subprocess.run(["llvm-objcopy-19", f"--add-section=.debug_info={tmp_path}/unit", "--add-section=.debug_abbrev=/dev/null",
                    f"--add-section=.ARM.attributes={tmp_path}/attributes",
                    "--set-section-type=.ARM.attributes=0x70000003", elf], check=True)
    notes = publish(daemon, messages, ("elf", "rom.elf", elf.read_bytes())).rom.notes
    assert any(n.startswith("DWARF cannot be read: ") for n in notes), notes
    assert any(n.startswith(".ARM.attributes cannot be read: ") for n in notes), notes
    assert not any(".part" in n or "\n" in n for n in notes)


def test_publish_list_get(daemon, messages, programs, published):
    rom = published.rom
    assert not published.already_published
    assert rom.image_hash == digest(programs.image)
    assert {a.role: a.file_name for a in rom.artifacts} == {"elf": "rom.elf", "image": "boot-1.0.bin"}
    again = publish(daemon, messages, ("elf", "rom.elf", programs.rom.read_bytes()))
    assert again.already_published and again.rom == rom
    listed = daemon.unary(ARCHIVE + "ListRoms", messages.archive.ListRomsRequest(), messages.archive.ListRomsResponse)
    assert list(listed.roms) == [rom]
    for reference in (rom.image_hash, rom.image_hash[7:17], "boot@1.0", rom.build_id):
        assert daemon.unary(ARCHIVE + "GetRom", messages.archive.GetRomRequest(rom=reference), messages.archive.Rom) == rom


def test_list_is_paged(daemon, messages, programs):
    for version, rom in (("1", programs.rom), ("2", programs.other_rom)):
        publish(daemon, messages, ("elf", "rom.elf", rom.read_bytes()), version=version)
    versions, token = [], ""
    while True:
        page = daemon.unary(ARCHIVE + "ListRoms", messages.archive.ListRomsRequest(page_size=1, page_token=token),
                            messages.archive.ListRomsResponse)
        assert len(page.roms) <= 1
        versions += [rom.version for rom in page.roms]
        token = page.next_page_token
        if not token:
            break
    assert versions == ["1", "2"]


def test_fetch_gives_what_was_published(daemon, messages, programs, published):
    for role, content in (("elf", programs.rom.read_bytes()), ("image", programs.image)):
        parts = list(daemon.downstream(ARCHIVE + "FetchArtifact",
                                       messages.archive.FetchArtifactRequest(rom="boot@1.0", role=role),
                                       messages.archive.FetchArtifactResponse))
        assert parts[0].artifact.digest == digest(content)
        assert b"".join(part.chunk for part in parts[1:]) == content


def identify(daemon, messages, dump, base=None):
    request = messages.archive.IdentifyImageRequest
    first = request(chunk=dump[:100]) if base is None else request(chunk=dump[:100], base=base)
    return daemon.upstream(ARCHIVE + "IdentifyImage", [first, request(chunk=dump[100:])],
                           messages.archive.IdentifyImageResponse)


def test_identify(daemon, messages, programs, published):
    image = programs.image
    for dump in (image, image + b"\xff" * 5000, image + b"\0" * 5000, image + b"firmware"):
        assert identify(daemon, messages, dump).rom == published.rom
    assert identify(daemon, messages, b"\xff" * 4096 + image).offset == 4096
    assert identify(daemon, messages, b"\xff" * 12 + image, base=ROM_BASE - 12).offset == 12
    with pytest.raises(grpc.RpcError) as error:
        identify(daemon, messages, b"\x55" + image[1:])
    assert error.value.code() == grpc.StatusCode.NOT_FOUND


def test_identify_several_and_none_but_near(daemon, messages, programs, published):
    image = programs.image
    answer = identify(daemon, messages, b"\xff" * 7 + image + b"\x01" * 3 + image)
    kind = messages.archive.ImageMatch
    assert [(match.kind, match.offset) for match in answer.matches] == [(kind.EXACT, 7), (kind.EXACT, 10 + len(image))]
    assert (answer.rom, answer.offset) == (published.rom, 7)
    changed = b"\x55" + image[1:]
    request = messages.archive.IdentifyImageRequest
    near = daemon.upstream(ARCHIVE + "IdentifyImage", [request(chunk=changed, list_near=True)],
                           messages.archive.IdentifyImageResponse)
    assert not near.HasField("rom")
    [match] = near.matches
    assert (match.kind, match.rom, match.differing_bytes) == (kind.NEAR, published.rom, 1)
    assert [(part.address, part.size) for part in match.differences] == [(ROM_BASE, 1)]
    given = daemon.upstream(ARCHIVE + "IdentifyImage", [request(chunk=changed, volatile_ranges=[
        messages.archive.AddressRange(address=ROM_BASE, size=4)])], messages.archive.IdentifyImageResponse)
    assert given.matches[0].kind == kind.EXCEPT_VOLATILE and given.rom == published.rom


def test_identify_from_a_build_id_note(daemon, messages, programs, published):
    image = programs.image
    note_at = image.index(struct.pack("<3I", 4, len(published.rom.build_id) // 2, 3) + b"GNU\0")
    note = image[note_at:note_at + 16 + len(published.rom.build_id) // 2]
    kind = messages.archive.ImageMatch
    answer = identify(daemon, messages, note)
    assert (answer.rom, answer.offset) == (published.rom, 0)
    assert (answer.matches[0].kind, answer.matches[0].offset) == (kind.BUILD_ID, -note_at)
    assert answer.matches[0].missing_bytes == len(image) - len(note)
    altered = bytearray(image)
    altered[note_at - 1 if note_at else note_at + len(note)] ^= 1
    near = daemon.upstream(ARCHIVE + "IdentifyImage",
                           [messages.archive.IdentifyImageRequest(chunk=bytes(altered), list_near=True)],
                           messages.archive.IdentifyImageResponse)
    assert [(match.kind, match.differing_bytes) for match in near.matches] == [(kind.NEAR, 1)], "named once, and not as known"
    with pytest.raises(grpc.RpcError) as error:
        identify(daemon, messages, note[:-1] + bytes([note[-1] ^ 1]))
    assert error.value.code() == grpc.StatusCode.NOT_FOUND


def test_identify_debug_information_alone(daemon, messages, programs, published, tmp_path):
    debug = tmp_path / "boot.debug"
    subprocess.run(["arm-none-eabi-objcopy", "--only-keep-debug", programs.rom, debug], check=True)
    answer = identify(daemon, messages, debug.read_bytes())
    assert (answer.rom, answer.matches[0].kind) == (published.rom, messages.archive.ImageMatch.BUILD_ID)


def test_a_rom_without_a_sketch_gets_one(daemon, messages, programs, published, start_daemon):
    """As in an archive of an older romlink."""
    daemon.stop()
    with sqlite3.connect(daemon.archive / "archive.db") as database:
        [[trigger]] = database.execute("SELECT sql FROM sqlite_schema WHERE name = 'rom_sketch_no_delete'")
        assert database.execute("SELECT count(*) FROM rom_sketch").fetchone() == (1,)
        database.execute("DROP TRIGGER rom_sketch_no_delete")
        database.execute("DELETE FROM rom_sketch")
        database.execute(trigger)
    database.close()
    again = start_daemon()
    assert identify(again, messages, b"\xff" * 5 + programs.image).offset == 5
    again.stop()
    with sqlite3.connect(daemon.archive / "archive.db") as database:
        assert database.execute("SELECT count(*) FROM rom_sketch").fetchone() == (1,)
    database.close()


def test_identify_with_device_specific_bytes(daemon, messages, programs):
    mask = messages.archive.AddressRange(address=ROM_BASE + 4, size=4)
    rom = publish(daemon, messages, ("elf", "rom.elf", programs.rom.read_bytes()), volatile_ranges=[mask]).rom
    dump = programs.image[:4] + b"\x12\x34\x56\x78" + programs.image[8:]
    assert identify(daemon, messages, dump).rom == rom


def test_verify_and_stats(daemon, messages, published):
    steps = list(daemon.downstream(ARCHIVE + "VerifyArchive", messages.archive.VerifyArchiveRequest(),
                                   messages.archive.VerifyArchiveResponse))
    assert steps[-1].finished and not steps[-1].problems and steps[-1].checked_blobs == 3, "ELF, image, index"
    stats = daemon.unary(ARCHIVE + "GetArchiveStats", messages.archive.GetArchiveStatsRequest(),
                         messages.archive.ArchiveStats)
    assert (stats.roms, stats.artifacts, stats.blobs) == (1, 2, 3)
    assert stats.content_bytes == stats.distinct_bytes < stats.blob_bytes, "the index is a blob, too"


def test_errors_carry_google_rpc_details(daemon, messages):
    with pytest.raises(grpc.RpcError) as error:
        daemon.unary(ARCHIVE + "GetRom", messages.archive.GetRomRequest(rom="none@1"), messages.archive.Rom)
    assert error.value.code() == grpc.StatusCode.NOT_FOUND
    trailers = dict(error.value.trailing_metadata())
    status = messages.details.Status.FromString(trailers["grpc-status-details-bin"])
    assert status.code == grpc.StatusCode.NOT_FOUND.value[0]
    info = messages.details.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert (info.reason, info.domain) == ("NOT_FOUND", "romlink")
    assert error.value.details().startswith(info.metadata["what"])


@pytest.mark.parametrize("broken", ["no header", "short", "long", "two elfs", "no elf", "path"])
def test_nothing_is_half_published(daemon, messages, programs, broken):
    elf = programs.rom.read_bytes()
    stream = list(publication(messages, [("elf", "rom.elf", elf)]))
    if broken == "no header":
        stream = stream[1:]
    elif broken == "short":
        stream = stream[:-1]
    elif broken == "long":
        stream.append(messages.archive.PublishRomRequest(chunk=b"x"))
    elif broken == "two elfs":
        stream += stream[1:]
    elif broken == "no elf":
        stream[1].artifact.role = "map"
    elif broken == "path":
        stream[1].artifact.file_name = "../rom.elf"
    with pytest.raises(grpc.RpcError) as error:
        daemon.upstream(ARCHIVE + "PublishRom", stream, messages.archive.PublishRomResponse)
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert_nothing_published(daemon, messages)


def assert_nothing_published(daemon, messages):
    stats = daemon.unary(ARCHIVE + "GetArchiveStats", messages.archive.GetArchiveStatsRequest(),
                         messages.archive.ArchiveStats)
    assert (stats.roms, stats.artifacts, stats.blobs) == (0, 0, 0)
    assert not list((daemon.archive / "cache" / "jobs").glob("*/*")), "staging folders are left"


def test_an_aborted_publication_leaves_nothing(daemon, messages, programs):
    staging = lambda: list((daemon.archive / "cache" / "jobs").glob("*/*"))

    def aborted():
        yield from list(publication(messages, [("elf", "rom.elf", programs.rom.read_bytes())]))[:-1]
        eventually(staging)  # the service is at work
        call.cancel()
    rpc = daemon.channel.stream_unary(ARCHIVE + "PublishRom", lambda m: m.SerializeToString(),
                                      messages.archive.PublishRomResponse.FromString)
    call = rpc.future(aborted(), timeout=DEADLINE)
    with pytest.raises(grpc.FutureCancelledError):
        call.result()
    eventually(lambda: not staging())
    assert_nothing_published(daemon, messages)


def test_uploads_are_limited(start_daemon, messages, tmp_path, programs):
    config = tmp_path / "limits.toml"
    config.write_text("[uploads]\nfile_limit_mib = 1\n")
    daemon = start_daemon("--config", config)
    with pytest.raises(grpc.RpcError) as error:
        publish(daemon, messages, ("elf", "rom.elf", b"x" * ((1 << 20) + 1)))
    assert error.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    assert_nothing_published(daemon, messages)


def test_configuration_mistakes_name_their_line(tmp_path):
    config = tmp_path / "limits.toml"
    config.write_text("[workers]\njob = 1\n")
    ended = subprocess.run([BIN / "romlinkd", "--archive", tmp_path / "a", "--config", config], capture_output=True,
                           text=True, timeout=DEADLINE)
    assert ended.returncode == 2
    assert f"{config}:2" in ended.stderr


def test_what_is_published_survives_a_killed_daemon(tmp_path, messages, programs):
    first = Daemon(tmp_path)
    rom = publish(first, messages, ("elf", "rom.elf", programs.rom.read_bytes())).rom
    first.process.kill()
    first.stop()
    second = Daemon(tmp_path)
    got = second.unary(ARCHIVE + "GetRom", messages.archive.GetRomRequest(rom="boot@1.0"), messages.archive.Rom)
    assert second.stop() == 0
    assert got == rom


# Linking over the wire


def upload(daemon, messages, contents):
    request = messages.link.UploadRequest

    def stream():
        for content in contents:
            yield request(start=request.Start(digest=digest(content), size=len(content)))
            for at in range(0, len(content), 1000):
                yield request(chunk=content[at:at + 1000])
    return daemon.upstream(LINK + "Upload", stream(), messages.link.UploadResponse)


def missing(daemon, messages, contents):
    request = messages.link.FindMissingRequest(digests=[digest(content) for content in contents])
    return list(daemon.unary(LINK + "FindMissing", request, messages.link.FindMissingResponse).digests)


def link_request(messages, programs, *extra, rom="boot@1.0", **fields):
    link = messages.link
    request = link.LinkRequest(rom=rom, **fields)
    for text, path, file in (("-T{}", "firmware.ld", programs.script), ("{}", "start.o", programs.start),
                             ("{}", "libcommon.a", programs.library)):
        request.arguments.append(link.LinkArgument(
            text=text, file=link.InputFile(path=path, digest=digest(file.read_bytes()))))
    request.arguments.extend(link.LinkArgument(text=text) for text in ("-z", "max-page-size=4", *extra))
    return request


def inputs(programs):
    return [file.read_bytes() for file in (programs.script, programs.start, programs.library)]


def link(daemon, messages, request):
    answer = {"image": b"", "map": b"", "report": None}
    for message in daemon.downstream(LINK + "Link", request, messages.link.LinkResponse):
        part = message.WhichOneof("part")
        if part == "report":
            answer["report"] = message.report
        elif part == "chunk":
            assert answer["report"] is not None, "the report comes before the chunks"
            answer["map" if message.chunk.output == messages.link.LinkResponse.MAP else "image"] += message.chunk.data
    return answer


def test_link_with_uploads_of_what_is_missing(daemon, messages, programs, published):
    files = inputs(programs)
    assert missing(daemon, messages, files) == [digest(content) for content in files]
    assert upload(daemon, messages, files).files == len(files)
    assert missing(daemon, messages, files) == []
    answer = link(daemon, messages, link_request(messages, programs, want_map=True))
    report = answer["report"]
    assert report.verdict == messages.report.LinkReport.COMPATIBLE
    assert report.rom_image_hash == published.rom.image_hash
    shared = {s.name for s in report.symbols if s.decision == messages.report.SymbolDecision.SHARED}
    assert {"add", "mul"} <= shared
    assert answer["image"].startswith(b"\x7fELF") and b"start.o" in answer["map"]
    assert link(daemon, messages, link_request(messages, programs))["image"] == answer["image"]
    assert not list((daemon.archive / "cache" / "jobs").glob("*/*")), "job folders are left"


def test_a_link_names_the_input_it_lacks(daemon, messages, programs, published):
    with pytest.raises(grpc.RpcError) as error:
        link(daemon, messages, link_request(messages, programs))
    assert error.value.code() == grpc.StatusCode.NOT_FOUND
    assert b"missing_input" in dict(error.value.trailing_metadata())["grpc-status-details-bin"]


def test_an_upload_is_what_it_says(daemon, messages):
    request = messages.link.UploadRequest
    with pytest.raises(grpc.RpcError) as error:
        daemon.upstream(LINK + "Upload", [request(start=request.Start(digest=digest(b"a"), size=1)), request(chunk=b"b")],
                        messages.link.UploadResponse)
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert missing(daemon, messages, [b"a", b"b"]) == [digest(b"a"), digest(b"b")]


@pytest.mark.parametrize("path", ["../x.o", "/etc/passwd", "a//b", "", "a\nb"])
def test_input_paths_stay_in_the_job(daemon, messages, programs, published, path):
    upload(daemon, messages, inputs(programs))
    request = link_request(messages, programs)
    request.arguments[1].file.path = path
    with pytest.raises(grpc.RpcError) as error:
        link(daemon, messages, request)
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("option", ["-o/tmp/x", "--error-handling-script=/bin/sh", "-Map=/tmp/x", "@/etc/passwd"])
def test_options_that_reach_for_the_server_are_refused(daemon, messages, programs, published, option):
    upload(daemon, messages, inputs(programs))
    with pytest.raises(grpc.RpcError) as error:
        link(daemon, messages, link_request(messages, programs, option))
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_scripts_cannot_read_the_server(daemon, messages, programs, published, tmp_path):
    secret = tmp_path / "secret.ld"
    secret.write_text("the_secret_word")
    script = f"INCLUDE {secret}\n".encode() + programs.script.read_bytes()
    upload(daemon, messages, [script, *inputs(programs)])
    request = link_request(messages, programs)
    request.arguments[0].file.digest = digest(script)
    with pytest.raises(grpc.RpcError) as error:
        link(daemon, messages, request)
    assert "the_secret_word" not in error.value.details()
    assert error.value.code() in (grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.INVALID_ARGUMENT)

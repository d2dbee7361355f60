"""Release records: each link against a ROM is archived, and can be asked today whether it would be the same."""
import json
import sqlite3

import grpc
import pytest

from fleet import Fleet, Service, decisions, digest, status_of


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    return Fleet(tmp_path_factory.mktemp("fleet"))


@pytest.fixture
def service(daemon, messages, fleet):
    """boot@1.0 to @4.0 are published."""
    service = Service(daemon, messages)
    for version, elf in enumerate([fleet.rom1, fleet.rom2, fleet.rom3, fleet.rom4], 1):
        service.publish("boot", f"{version}.0", elf)
    return service


def listed(service, **fields):
    return service.audit("ListReleases", "ListReleasesResponse", **fields)


def audited(service, release):
    return service.audit("AuditRelease", "ReleaseAudit", release=release)


def doubts(audit):
    return [(d.rom.version, d.symbol, d.advisory, list(d.path)) for d in audit.doubts]


def waiver(advisory, symbol="checksum"):
    return f'[[waive]]\nsymbol = "{symbol}"\nreason = "never called with much"\nadvisory = "{advisory}"\n'


def test_a_link_is_archived(service, fleet):
    request = service.request(fleet, "boot@1.0", policy="[defaults]\n", labels={"product": "valve", "build": "17"})
    report, image, release, order = service.link(request)
    assert order == ["progress", "report", "chunk", "release"], "the id comes last"
    (archived,) = listed(service).releases
    assert archived.id == release and release.startswith("sha256:")
    assert archived.image_hash == digest(image)
    assert [(rom.name, rom.version, rom.image_hash) for rom in archived.roms] == [("boot", "1.0", report.rom_image_hash)]
    assert dict(archived.labels) == {"product": "valve", "build": "17"}
    assert archived.policy_digest == digest(b"[defaults]\n") and archived.tool_version == report.tool_version
    assert [i.path for i in archived.inputs] == sorted(f.name for f in [fleet.script, *fleet.firmware])
    assert {i.path: i.digest for i in archived.inputs}["fw.o"] == digest(fleet.firmware[0].read_bytes())
    assert list(archived.arguments) == ["-Tfirmware.ld", "fw.o", "common.o", "table.o", "-zmax-page-size=4"]
    assert archived.saved_bytes == report.flash.saved_bytes > 0
    assert archived.shared_symbols == 5 == sum(d[0] == "SHARED" for d in decisions(report).values())
    audit = audited(service, release)
    report.ClearField("timing")
    assert audit.report == report and audit.release == archived
    assert audit.same_today and not audit.doubts and not audit.findings


def test_the_same_link_is_one_release(service, fleet):
    request = service.request(fleet, "boot@1.0", labels={"build": "1"})
    assert service.link(request)[2] == service.link(request)[2]
    other = service.link(service.request(fleet, "boot@1.0", labels={"build": "2"}))[2]
    assert [r.id for r in listed(service).releases] == [other, service.link(request)[2]]


def test_only_links_against_a_rom_are_archived(service, fleet):
    assert service.link(service.request(fleet))[3] == ["progress", "report", "chunk"]
    assert service.link(service.request(fleet, "boot@1.0", plan_only=True))[3] == ["progress", "report"]
    assert not listed(service).releases


def test_a_failed_link_leaves_nothing(service, fleet):
    request = service.request(fleet, "boot@1.0")
    request.arguments.add(text="-unot_there")
    request.arguments.add(text="--no-such-option")
    code, _ = status_of(service.link, request)
    assert code == grpc.StatusCode.FAILED_PRECONDITION
    for labels in ({"": "x"}, {"a=b": "x"}, {"a": "x\n"}, {"a": "x" * 100_000}, {"x" * 10_000: "a"}):
        code, text = status_of(service.link, service.request(fleet, "boot@1.0", labels=labels))
        assert code == grpc.StatusCode.INVALID_ARGUMENT and "label" in text and len(text) < 1000
    assert not listed(service).releases


def test_what_cannot_be_archived_is_not_handed_out(service, fleet, daemon):
    request = service.request(fleet, "boot@1.0")
    with sqlite3.connect(daemon.archive / "archive.db") as db:
        db.execute("CREATE TRIGGER full BEFORE INSERT ON release BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")
    db.close()
    parts = []
    with pytest.raises(grpc.RpcError) as failed:
        for part in daemon.downstream("/romlink.v1.LinkService/Link", request, service.m.link.LinkResponse):
            parts.append(part.WhichOneof("part"))
    assert "cannot archive the release" in failed.value.details() and "the disk is full" in failed.value.details()
    assert parts == ["progress"]
    with sqlite3.connect(daemon.archive / "archive.db") as db:
        db.execute("DROP TRIGGER full")
        assert db.execute("SELECT count(*) FROM release_share").fetchone() == (0,)
    db.close()
    assert service.link(request)[2]


def test_the_record_survives_a_restart(start_daemon, messages, fleet):
    first = start_daemon()
    service = Service(first, messages)
    service.publish("boot", "1.0", fleet.rom1)
    release = service.link(service.request(fleet, "boot@1.0"))[2]
    service.advise("A", "boot@1.0", "checksum")
    before = audited(service, release)
    assert first.stop() == 0
    again = Service(start_daemon(), messages)
    assert audited(again, release) == before and not before.same_today
    assert again.link(again.request(fleet, "boot@1.0"))[2] != release, "now it is decided otherwise"
    problems = [p for part in again.daemon.downstream("/romlink.v1.ArchiveService/VerifyArchive",
                                                      messages.archive.VerifyArchiveRequest(),
                                                      messages.archive.VerifyArchiveResponse) for p in part.problems]
    assert not problems


def test_the_report_can_be_had_without_romlink(service, fleet, daemon, tmp_path):
    import subprocess
    report, _, release, _ = service.link(service.request(fleet, "boot@1.0"))
    with sqlite3.connect(daemon.archive / "archive.db") as db:
        frames = db.execute("SELECT compressed FROM chunk JOIN release ON blob_id = report_blob_id"
                            " WHERE release_hash = ? ORDER BY position", (bytes.fromhex(release[7:]),)).fetchall()
    db.close()
    text = subprocess.run(["zstd", "-d"], input=b"".join(f for f, in frames), capture_output=True, check=True).stdout
    archived = json.loads(text)
    assert archived["romImageHash"] == report.rom_image_hash and "timing" not in archived
    assert {s["name"]: s["decision"] for s in archived["symbols"]} == {n: d for n, (d, _) in decisions(report).items()}


def test_an_audit_tells_what_an_advisory_changes(service, fleet):
    affected = service.link(service.request(fleet, "boot@2.0"))[2]
    unaffected = service.link(service.request(fleet, "boot@3.0"))[2]
    service.advise("CVE-1", "boot@1.0", "checksum")
    audit = audited(service, affected)
    assert not audit.same_today
    assert doubts(audit) == [("2.0", "checksum", "CVE-1", ["checksum"]), ("2.0", "frame", "CVE-1", ["frame", "checksum"])]
    assert {(f.code, f.symbol) for f in audit.findings} == {("SHARES_DEFECT", "checksum"), ("SHARES_DEFECT", "frame")}
    assert audited(service, unaffected).same_today
    relinked = service.link(service.request(fleet, "boot@2.0"))[2]
    assert audited(service, relinked).same_today, "the relink keeps it local"
    # what an audit doubts is what a link keeps local
    report, *_ = service.link(service.request(fleet, "boot@2.0"))
    before = {s.name for s in audit.report.symbols if s.decision == 1}
    assert before - {s.name for s in report.symbols if s.decision == 1} == {d.symbol for d in audit.doubts}


def test_a_waiver_that_names_the_advisory_counts(service, fleet):
    service.advise("CVE-1", "boot@2.0", "checksum")
    request = service.request(fleet, "boot@2.0", policy=waiver("CVE-1"))
    report, _, release, _ = service.link(request)
    assert decisions(report)["checksum"] == decisions(report)["frame"] == ("SHARED", "")
    audit = audited(service, release)
    assert audit.same_today and {f.code for f in audit.findings} == {"ACCEPTED_DEFECT"}
    service.advise("CVE-2", "boot@2.0", "checksum")
    audit = audited(service, release)
    assert not audit.same_today and {d.advisory for d in audit.doubts} == {"CVE-2"}
    report, *_ = service.link(request)
    assert decisions(report)["checksum"] == ("LOCAL", "FIXED"), "the link asks for a waiver of each"
    other = service.link(service.request(fleet, "boot@1.0", policy=waiver("CVE-9")))[2]
    assert {d.advisory for d in audited(service, other).doubts} <= {"CVE-1", "CVE-2"}


def test_a_link_for_several_roms_names_all(service, fleet):
    report, _, release, _ = service.link(service.request(fleet, "boot@4.0", other_roms=["boot@4.0"]))
    (archived,) = listed(service).releases
    assert [r.version for r in archived.roms] == ["4.0"], "each once"
    release = service.link(service.request(fleet, "boot@4.0", other_roms=["boot@1.0"]))[2]
    assert [[rom.version for rom in r.roms] for r in listed(service, rom="boot@1.0").releases] == [["4.0", "1.0"]]
    assert audited(service, release).release.id == release
    code, text = status_of(service.link, service.request(fleet, other_roms=["boot@1.0"]))
    assert code == grpc.StatusCode.INVALID_ARGUMENT and "no first ROM" in text


def test_defects_of_every_rom_count(service, fleet):
    service.advise("CVE-1", "boot@2.0", "other")
    report, *_ = service.link(service.request(fleet, "boot@3.0", other_roms=["boot@2.0"]))
    assert decisions(report)["other"][0] == "LOCAL"


def test_releases_are_listed_in_pages(service, fleet):
    ids = [service.link(service.request(fleet, f"boot@{1 + i % 2}.0", labels={"build": str(i)}))[2] for i in range(6)]
    page = listed(service, page_size=4)
    assert [r.id for r in page.releases] == ids[:1:-1] and page.next_page_token
    rest = listed(service, page_size=4, page_token=page.next_page_token)
    assert [r.id for r in rest.releases] == ids[1::-1] and not rest.next_page_token
    assert [r.id for r in listed(service, rom="boot@2.0").releases] == ids[5::-2]
    assert not listed(service, rom="boot@3.0").releases
    assert status_of(listed, service, page_token="zzz")[0] == grpc.StatusCode.INVALID_ARGUMENT
    assert status_of(listed, service, rom="boot@7.0")[0] == grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("release, code", [
    ("", "INVALID_ARGUMENT"), ("1234567", "INVALID_ARGUMENT"), ("nonsense", "INVALID_ARGUMENT"),
    ("boot@1.0", "INVALID_ARGUMENT"), ("f" * 100_000, "INVALID_ARGUMENT"), ("sha256:" + "0" * 64, "NOT_FOUND"),
    ("0123456789", "NOT_FOUND"), ("a" * 65, "INVALID_ARGUMENT")])
def test_what_names_no_release_is_one_line(daemon, messages, release, code):
    status, text = status_of(audited, Service(daemon, messages), release)
    assert status == getattr(grpc.StatusCode, code) and "\n" not in text and len(text) < 1000


def test_an_ambiguous_prefix_names_what_it_fits(service, fleet, daemon):
    made = service.link(service.request(fleet, "boot@1.0"))[2]
    twin = made[:-1] + ("0" if made[-1] != "0" else "1")
    with sqlite3.connect(daemon.archive / "archive.db") as db:
        db.execute("INSERT INTO release SELECT id + 1, ?, linked_at, image_hash, tool_version, policy_blob_id, report_blob_id,"
                   " saved_bytes, record_digest FROM release", (bytes.fromhex(twin[7:]),))
    db.close()
    status, text = status_of(audited, service, made[7:20])
    assert status == grpc.StatusCode.INVALID_ARGUMENT and made in text and twin in text

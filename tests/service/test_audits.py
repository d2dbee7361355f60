"""Audits of a ROM, of an advisory and of one firmware against many ROMs."""
import grpc
import pytest

from fleet import Fleet, Service, decisions, status_of
from test_rom_index import change


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    return Fleet(tmp_path_factory.mktemp("fleet"))


def publish_all(service, fleet):
    for version, elf in enumerate([fleet.rom1, fleet.rom2, fleet.rom3, fleet.rom4], 1):
        service.publish("boot", f"{version}.0", elf)
    return service


@pytest.fixture
def service(daemon, messages, fleet):
    """boot@1.0 to @4.0 are published."""
    return publish_all(Service(daemon, messages), fleet)


def audit_rom(service, rom):
    return service.audit("AuditRom", "RomAudit", rom=rom)


def audit_advisory(service, advisory):
    return service.audit("AuditAdvisory", "AdvisoryAudit", advisory=advisory)


def test_a_rom_tells_what_it_offers_and_who_uses_it(service, fleet):
    used = service.link(service.request(fleet, "boot@4.0"))[2]
    service.advise("CVE-1", "boot@1.0", "checksum", summary="reads too far")
    relinked = service.link(service.request(fleet, "boot@4.0"))[2]
    audit = audit_rom(service, "boot@4.0")
    assert audit.rom.version == "4.0"
    assert [r.id for r in audit.users] == [relinked, used]
    offered = {o.name: o for o in audit.offered}
    assert {n: o.used_by for n, o in offered.items()} == {
        "checksum": 1, "frame": 1, "other": 2, "table": 2, "limit": 2, "reset": 0, "api": 0, "vectors": 0}
    assert {n for n, o in offered.items() if not o.function} == {"table", "api", "vectors"}
    assert all(o.has_types for o in audit.offered) and not any(o.has_source for o in audit.offered)
    assert [n for n, o in offered.items() if o.advisories] == ["checksum"]
    addresses = [int(o.rom_address, 16) for o in audit.offered]
    assert addresses == sorted(addresses)
    flags = {f.name: (f.value, f.source) for f in audit.flags}
    assert flags["Tag_ABI_enum_size"][1] == ".ARM.attributes" and "-fshort-enums" in flags["Tag_ABI_enum_size"][0]
    assert [(a.id, a.summary) for a in audit.advisories] == [("CVE-1", "reads too far")]
    assert [(a.symbol, list(a.boot_path)) for a in audit.affected] == [("checksum", [])]
    assert [f.code for f in audit.findings if f.severity == 2] == ["DEFECT"]
    assert any(f.code == "MISSING_FOR_LINKS" and "no separate image" in f.message for f in audit.findings)
    assert [f.code for f in audit_rom(service, "boot@1.0").findings if f.severity == 2] == ["DEFECT_IN_BOOT"]
    assert not audit_rom(service, "boot@3.0").advisories


def test_an_advisory_tells_what_a_relink_repairs(service, fleet):
    releases = {v: service.link(service.request(fleet, f"boot@{v}.0"))[2] for v in (1, 3, 4)}
    service.advise("CVE-1", "boot@2.0", "checksum")
    relinked = service.link(service.request(fleet, "boot@4.0"))[2]
    audit = audit_advisory(service, "CVE-1")
    assert audit.advisory.id == "CVE-1"
    assert [(a.rom.version, a.symbol, a.match) for a in audit.affected] == [
        ("1.0", "checksum", 2), ("2.0", "checksum", 1), ("4.0", "checksum", 2)]
    rows = [(r.release.id, r.affected, r.repaired_by_relink, [(d.symbol, list(d.path)) for d in r.doubts])
            for r in audit.releases]
    both = [("checksum", ["checksum"]), ("frame", ["frame", "checksum"])]
    assert sorted(rows) == sorted([(relinked, False, True, []), (releases[4], True, True, both),
                                   (releases[1], True, False, both)]), "boot of 1.0 runs checksum; 3.0 is not affected"
    assert rows[0][0] == relinked, "newest first"
    assert {f.code for f in audit.findings} == {"DEFECT", "DEFECT_IN_BOOT"}


def test_a_waiver_is_named_in_the_audit_of_its_advisory(service, fleet):
    service.advise("CVE-1", "boot@4.0", "checksum")
    policy = '[[waive]]\nsymbol = "checksum"\nreason = "short frames only"\nadvisory = "CVE-1"\n'
    service.link(service.request(fleet, "boot@4.0", policy=policy))
    audit = audit_advisory(service, "CVE-1")
    assert [r.affected for r in audit.releases] == [False]
    assert "ACCEPTED_DEFECT" in {f.code for f in audit.findings}


@pytest.mark.parametrize("advisory", ["CVE-9", "", "x" * 100_000])
def test_an_unknown_advisory_is_not_found(daemon, messages, advisory):
    status, text = status_of(audit_advisory, Service(daemon, messages), advisory)
    assert status == grpc.StatusCode.NOT_FOUND and len(text) < 1000 and "\n" not in text


def test_a_rom_of_an_older_archive_is_not_missed(start_daemon, messages, fleet):
    first = start_daemon()
    publish_all(Service(first, messages), fleet)
    assert first.stop() == 0
    database = first.archive / "archive.db"
    for table in ("body", "body_set", "rom_index"):
        change(database, f"DELETE FROM {table}")
    service = Service(start_daemon(), messages)
    answer = service.advise("CVE-1", "boot@1.0", "checksum")
    assert [a.rom.version for a in answer.affected] == ["1.0", "2.0", "4.0"] and not answer.findings


def test_a_rom_that_cannot_be_read_is_a_finding(start_daemon, messages, fleet):
    first = start_daemon()
    publish_all(Service(first, messages), fleet)
    assert first.stop() == 0
    database = first.archive / "archive.db"
    for table in ("body", "body_set", "rom_index"):
        change(database, f"DELETE FROM {table}")
    change(database, "UPDATE chunk SET compressed = x'00' WHERE blob_id = (SELECT blob_id FROM artifact JOIN rom ON"
                     " rom.id = rom_id WHERE role = 'elf' AND version = '4.0')")
    service = Service(start_daemon(), messages)
    answer = service.advise("CVE-1", "boot@1.0", "checksum")
    assert [a.rom.version for a in answer.affected] == ["1.0", "2.0"]
    (finding,) = answer.findings
    assert finding.code == "NOT_EXAMINED" and "boot@4.0" in finding.message
    assert {f.code for f in audit_advisory(service, "CVE-1").findings} == {"NOT_EXAMINED", "DEFECT_IN_BOOT"}


def test_functions_without_a_known_body_are_named(daemon, messages, fleet, tmp_path):
    import subprocess
    stripped = tmp_path / "stripped.elf"
    subprocess.run(["arm-none-eabi-objcopy", "--wildcard", "--strip-symbol", "$t*", "--strip-symbol", "$d*", fleet.rom2,
                    stripped], check=True)
    service = Service(daemon, messages)
    service.publish("boot", "1.0", fleet.rom1)
    service.publish("boot", "2.0", stripped)
    answer = service.advise("CVE-1", "boot@1.0", "checksum")
    assert [a.rom.version for a in answer.affected] == ["1.0"], "nothing tells its code from its data"
    assert any(f.code == "CODE_NOT_KNOWN" and "boot@2.0" in f.message for f in answer.findings)
    assert any(f.code == "CODE_NOT_KNOWN" for f in audit_rom(service, "boot@2.0").findings)


def test_the_matrix_has_a_row_for_each_rom(service, fleet):
    rows = service.matrix(service.request(fleet))
    assert [row.rom.version for row in rows] == ["1.0", "2.0", "3.0", "4.0"] and {row.total for row in rows} == {4}
    for row in rows:
        report, *_ = service.link(service.request(fleet, row.rom.image_hash, plan_only=True))
        assert (row.verdict, row.flash, row.error) == (report.verdict, report.flash, "")
        shared = [s for s in report.symbols if s.decision == 1]
        assert row.shared_symbols == len(shared)
        assert sum(o.shared_bytes for o in row.objects) == sum(s.size for s in shared if not s.alias_of)
        assert sum(o.bytes for o in row.objects) == sum(s.size for s in report.symbols if not s.alias_of)
        assert {o.object for o in row.objects} == {s.object for s in report.symbols}
        local = {}
        for s in report.symbols:
            if s.decision == 2 and not s.alias_of:
                local[s.reason] = local.get(s.reason, 0) + s.size
        assert dict(row.local_bytes) == local
        assert list(row.blockers) == list(report.blockers)[:10]
    assert rows[0].shared_symbols > rows[2].shared_symbols > 0


def test_the_matrix_takes_chosen_roms(service, fleet):
    request = service.request(fleet)
    assert [r.rom.version for r in service.matrix(request, roms=["boot@4.0", "boot@1.0", "boot@4.0"])] == ["4.0", "1.0"]
    assert len(service.matrix(request, name="boot")) == 4
    for fields, words in ((dict(roms=["boot@9.0"]), "boot@9.0"), (dict(name="none"), "none")):
        status, text = status_of(service.matrix, request, **fields)
        assert status == grpc.StatusCode.NOT_FOUND and words in text
    assert not service.audit("ListReleases", "ListReleasesResponse").releases, "a plan is no release"


def test_a_rom_for_which_the_link_fails_has_a_row(service, fleet, daemon):
    change(daemon.archive / "archive.db", "UPDATE chunk SET compressed = x'00' WHERE blob_id = (SELECT blob_id FROM rom_index"
                                          " JOIN rom ON rom.id = rom_id WHERE version = '2.0')")
    for cached in (daemon.archive / "cache" / "inputs").rglob("*"):
        if cached.is_file():
            cached.unlink()
    rows = service.matrix(service.request(fleet))
    assert [bool(row.error) for row in rows] == [False, True, False, False]
    assert "damaged" in rows[1].error and "\n" not in rows[1].error and rows[1].rom.version == "2.0"


def test_the_matrix_asks_for_missing_inputs_before_its_first_row(service, fleet):
    request = service.request(fleet)
    request.arguments[1].file.digest = "sha256:" + "0" * 64
    status, text = status_of(service.matrix, request)
    assert status == grpc.StatusCode.NOT_FOUND and "not uploaded" in text
    bad = service.request(fleet)
    bad.arguments.add(text="-o/etc/passwd")
    assert status_of(service.matrix, bad)[0] == grpc.StatusCode.INVALID_ARGUMENT

"""A daemon is killed (SIGKILL) at any moment of publications that a client sends: what was acknowledged is there and
whole, and nothing else is visible.

A few kills here; ROMLINK_KILLS=1000 makes as many (scripts/crash-test).
"""
import os
import random
import threading
import time

import grpc

from conftest import DEADLINE, Daemon, eventually
from programs import ROM_BASE
from test_service import ARCHIVE, publication

KILLS = int(os.environ.get("ROMLINK_KILLS", "8"))


class Publisher:
    """Publishes sets, each another image, until the daemon is gone."""

    def __init__(self, messages, programs, size, first=0):
        self.messages, self.elf, self.size = messages, programs.rom.read_bytes(), size
        self.first, self.next, self.acknowledged = first, first, {}

    def artifacts(self, number):
        return ("elf", "rom.elf", self.elf), ("x-data", "data", random.Random(number).randbytes(self.size))

    def run(self, address):
        channel = grpc.insecure_channel(address)
        call = channel.stream_unary(ARCHIVE + "PublishRom", lambda m: m.SerializeToString(),
                                    self.messages.archive.PublishRomResponse.FromString)
        try:
            while True:
                number, self.next = self.next, self.next + 1
                volatile = [self.messages.archive.AddressRange(address=ROM_BASE + number % 8, size=1 + number // 8)]
                answer = call(publication(self.messages, self.artifacts(number), version=str(number), piece=1 << 16,
                                          volatile_ranges=volatile), timeout=DEADLINE)
                self.acknowledged[number] = answer.rom.image_hash
        except grpc.RpcError as error:
            assert error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED), error
        finally:
            channel.close()


def fetch(daemon, messages, rom, role):
    request = messages.archive.FetchArtifactRequest(rom=rom, role=role)
    pieces = daemon.downstream(ARCHIVE + "FetchArtifact", request, messages.archive.FetchArtifactResponse)
    return b"".join(piece.chunk for piece in pieces)


def check(daemon, messages, *publishers):
    listed = daemon.unary(ARCHIVE + "ListRoms", messages.archive.ListRomsRequest(page_size=10000),
                          messages.archive.ListRomsResponse).roms
    by_version = {int(rom.version): rom for rom in listed}
    assert set(by_version) <= {number for one in publishers for number in range(one.first, one.next)}
    for publisher in publishers:
        for number, image in publisher.acknowledged.items():
            assert by_version[number].image_hash == image, f"acknowledged and lost: {number}"
        newest = sorted(number for number in by_version if publisher.first <= number < publisher.next)[-3:]
        for number in newest:  # acknowledged or not: what is visible is whole
            assert {a.role for a in by_version[number].artifacts} == {"elf", "image", "x-data"}
            for role, _, content in publisher.artifacts(number):
                assert fetch(daemon, messages, by_version[number].image_hash, role) == content, (number, role)
    last = list(daemon.downstream(ARCHIVE + "VerifyArchive", messages.archive.VerifyArchiveRequest(),
                                  messages.archive.VerifyArchiveResponse))[-1]
    assert last.finished and not last.problems, last.problems


def test_kill_9(tmp_path, messages, programs):
    chance = random.Random(5)
    publisher, generation = Publisher(messages, programs, 200_000), 0
    for _ in range(KILLS):
        if publisher.next > 280:  # volatile ranges make so many images different, and no more
            publisher, generation = Publisher(messages, programs, 200_000), generation + 1
        folder = tmp_path / str(generation)
        folder.mkdir(exist_ok=True)
        daemon = Daemon(folder)
        thread = threading.Thread(target=publisher.run, args=(daemon.address,))
        begun = publisher.next
        thread.start()
        time.sleep(chance.random() * 0.2)
        daemon.process.kill()
        daemon.stop()
        thread.join(DEADLINE)
        assert publisher.next > begun
        again = Daemon(folder)
        check(again, messages, publisher)
        assert again.stop() == 0
        assert os.listdir(folder / "archive" / "cache" / "jobs") == []  # interrupted uploads are cleaned up
    print(f"{KILLS} kills: every acknowledged set is whole, none is partial")


def test_two_daemons_share_an_archive(tmp_path, messages, programs):
    """Both publish; one is killed; the other goes on, and each has what both acknowledged."""
    daemons = [Daemon(tmp_path), Daemon(tmp_path)]
    publishers = [Publisher(messages, programs, 200_000, first) for first in (0, 140)]
    threads = [threading.Thread(target=publisher.run, args=(daemon.address,))
               for daemon, publisher in zip(daemons, publishers)]
    for thread in threads:
        thread.start()
    eventually(lambda: all(len(publisher.acknowledged) >= 3 for publisher in publishers))
    daemons[0].process.kill()
    daemons[0].stop()
    before = len(publishers[1].acknowledged)
    eventually(lambda: len(publishers[1].acknowledged) >= before + 3)  # it goes on without the other
    daemons[0] = Daemon(tmp_path)  # and is joined again in the midst of its publications
    assert daemons[1].stop() == 0
    threads[1].join(DEADLINE)
    threads[0].join(DEADLINE)
    check(daemons[0], messages, *publishers)
    assert daemons[0].stop() == 0

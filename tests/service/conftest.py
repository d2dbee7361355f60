"""What the service tests share: the programs under test, the generated message modules, small ARM programs, a daemon.

Programs come from the folder that ROMLINK_BIN names (default: build/bin of this repository). The message modules are
generated with protoc into a temporary folder. No test waits for a fixed time or uses a fixed port.
"""
import importlib
import os
import pathlib
import re
import select
import signal
import subprocess
import sys
import time

import grpc
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("ROMLINK_BIN") or ROOT / "build" / "bin").resolve()
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from programs import Programs  # noqa: E402

DEADLINE = 60  # seconds after which something hangs


@pytest.fixture(scope="session")
def messages(tmp_path_factory):
    """messages.archive, .audit, .link, .report, .details: the service's messages, generated from proto/."""
    out = tmp_path_factory.mktemp("proto")
    protos = ["google/rpc/error_details",
              *[f"romlink/v1/{name}" for name in ("archive", "audit", "link", "report")]]
    subprocess.run(["protoc", f"--proto_path={ROOT}/proto", f"--python_out={out}", *[f"{p}.proto" for p in protos]],
                   check=True)
    # google/ is protobuf's own package: ours goes in by its path
    sys.path.insert(0, str(out / "romlink" / "v1"))
    sys.path.insert(0, str(out / "google" / "rpc"))
    sys.path.insert(0, str(out))

    class Modules:
        details = importlib.import_module("error_details_pb2")
        report = importlib.import_module("romlink.v1.report_pb2")
        archive = importlib.import_module("romlink.v1.archive_pb2")
        link = importlib.import_module("romlink.v1.link_pb2")
        audit = importlib.import_module("romlink.v1.audit_pb2")
    return Modules


@pytest.fixture(scope="session")
def programs(tmp_path_factory):
    """A boot ROM and a firmware that has two of its functions, compiled once."""
    return Programs(tmp_path_factory.mktemp("programs"))


class Daemon:
    """A running romlinkd, and calls to it."""

    def __init__(self, folder, *options, env=None):
        self.archive = folder / "archive"
        self.log = folder / "romlinkd.log"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [BIN / "romlinkd", "--archive", self.archive, "--listen", "127.0.0.1:0", *options],
                stdout=subprocess.PIPE, stderr=log, bufsize=0, env={**os.environ, **(env or {})})
        self.address = self.said("listening on ")
        self.channel = grpc.insecure_channel(self.address)

    def said(self, start):
        """The rest of the next line that the daemon prints, which begins with `start`."""
        ready, _, _ = select.select([self.process.stdout], [], [], DEADLINE)
        line = self.process.stdout.readline().decode() if ready else ""
        assert line.startswith(start), f"{line!r}\n{self.log.read_text()}"
        return line[len(start):].strip()

    def unary(self, method, request, answer):
        call = self.channel.unary_unary(method, type(request).SerializeToString, answer.FromString)
        return call(request, timeout=DEADLINE)

    def upstream(self, method, requests, answer):
        call = self.channel.stream_unary(method, lambda m: m.SerializeToString(), answer.FromString)
        return call(iter(requests), timeout=DEADLINE)

    def downstream(self, method, request, answer):
        call = self.channel.unary_stream(method, type(request).SerializeToString, answer.FromString)
        return call(request, timeout=DEADLINE)

    def stop(self):
        self.channel.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(DEADLINE)
        self.process.stdout.close()
        return self.process.returncode


@pytest.fixture
def daemon(tmp_path):
    running = Daemon(tmp_path)
    yield running
    assert running.stop() == 0, running.log.read_text()


@pytest.fixture
def start_daemon(tmp_path):
    """start_daemon(*options): a daemon with these options, stopped at the end."""
    running = []

    def start(*options, env=None):
        running.append(Daemon(tmp_path, *options, env=env))
        return running[-1]
    yield start
    for one in running:
        one.stop()


class Cli:
    """Runs romlink or ld.romlink against one service."""

    def __init__(self, folder, *where, env=None):
        self.folder = folder
        self.where = where
        self.env = {**os.environ, "NO_COLOR": "1", **(env or {})}
        for name in ("ROMLINK_SERVER", "ROMLINK_ARCHIVE", "ROMLINK_ROM"):
            if name not in (env or {}):
                self.env.pop(name, None)

    def __call__(self, *arguments, program="romlink"):
        where = self.where if program == "romlink" else ()
        return subprocess.run([BIN / program, *where, *map(str, arguments)], cwd=self.folder, env=self.env,
                              capture_output=True, text=True, timeout=DEADLINE)

    def start(self, *arguments):
        return subprocess.Popen([BIN / "romlink", *self.where, *map(str, arguments)], cwd=self.folder, env=self.env,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def cli(daemon, tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    return Cli(work, "--server", daemon.address)


def refused(result, exit_code, *words):
    """The command failed as the contract says: this exit code, one error line, perhaps a hint, nothing on stdout."""
    assert result.returncode == exit_code, (result.returncode, result.stdout, result.stderr)
    lines = result.stderr.splitlines()
    assert lines and re.match(r"romlink: error: \S", lines[0]), result.stderr
    assert all(line.startswith("hint: ") for line in lines[1:]) and len(lines) <= 2, result.stderr
    for word in words:
        assert word in lines[0], (word, result.stderr)
    return lines[0]


def eventually(condition):
    """Waits until the condition holds; what it asks happens in another process."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)

"""One build's bad input harms no other: hanging, crashing and cancelled jobs, and the daemon's own end."""
import os
import pathlib
import signal

import grpc
import pytest

from conftest import DEADLINE, eventually
from test_service import LINK, digest, inputs, link, link_request, publish, upload


def workers_of(pid):
    """Process numbers of the daemon's zygote, and of the zygote's jobs."""
    children = lambda p: [int(c) for t in pathlib.Path(f"/proc/{p}/task").glob("*")
                          for c in (t / "children").read_text().split()]
    zygotes = children(pid)
    return zygotes, [job for zygote in zygotes for job in children(zygote)]


def slow_script(script):
    """A script that keeps lld busy for seconds: a long chain of assignments, evaluated in each of its passes."""
    chain = "\n".join(f"s{i} = s{i - 1} + s{max(i - 2, 0)};" for i in range(1, 40000))
    return b"s0 = 1;\n" + chain.encode() + b"\n" + script


def start_slow_link(daemon, messages, programs):
    script = slow_script(programs.script.read_bytes())
    upload(daemon, messages, [script, *inputs(programs)])
    request = link_request(messages, programs, rom="")
    request.arguments[0].file.digest = digest(script)
    call = daemon.channel.unary_stream(LINK + "Link", type(request).SerializeToString,
                                       messages.link.LinkResponse.FromString)(request, timeout=DEADLINE)
    jobs = lambda: workers_of(daemon.process.pid)[1]
    eventually(lambda: jobs() or call.done())
    assert jobs(), "the link was too quick for this test"
    return call, jobs


def test_a_cancelled_link_ends_its_worker(daemon, messages, programs):
    call, jobs = start_slow_link(daemon, messages, programs)
    call.cancel()
    eventually(lambda: not jobs())
    eventually(lambda: not list((daemon.archive / "cache" / "jobs").glob("*/*")))


def test_a_killed_worker_is_one_failed_call(daemon, messages, programs):
    call, jobs = start_slow_link(daemon, messages, programs)
    for job in jobs():
        os.kill(job, signal.SIGSEGV)
    with pytest.raises(grpc.RpcError) as error:
        list(call)
    assert "SIGSEGV" in error.value.details()
    assert_serves(daemon, messages, programs)


def test_a_killed_zygote_is_replaced(daemon, messages, programs):
    zygotes, _ = workers_of(daemon.process.pid)
    os.kill(zygotes[0], signal.SIGKILL)
    eventually(lambda: workers_of(daemon.process.pid)[0] not in ([], zygotes))
    assert_serves(daemon, messages, programs)


def assert_serves(daemon, messages, programs):
    publish(daemon, messages, ("elf", "rom.elf", programs.rom.read_bytes()))
    upload(daemon, messages, inputs(programs))
    assert link(daemon, messages, link_request(messages, programs))["image"].startswith(b"\x7fELF")


def test_a_time_limit_ends_a_job(start_daemon, messages, programs, tmp_path):
    config = tmp_path / "limits.toml"
    config.write_text("[workers]\ntime_limit_seconds = 1\n")
    daemon = start_daemon("--config", config)
    call, jobs = start_slow_link(daemon, messages, programs)
    for job in jobs():
        os.kill(job, signal.SIGSTOP)  # takes no notice of its own alarm any more: the daemon has to end it
    try:
        list(call)
        pytest.fail("the link went through")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED, error.details()
    assert_serves(daemon, messages, programs)


def test_the_daemon_takes_its_workers_along(start_daemon, messages, programs):
    daemon = start_daemon()
    call, jobs = start_slow_link(daemon, messages, programs)
    zygotes, running = workers_of(daemon.process.pid)
    daemon.process.kill()
    daemon.process.wait(DEADLINE)
    gone = lambda pid: not pathlib.Path(f"/proc/{pid}").exists() or \
        pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    eventually(lambda: all(gone(pid) for pid in zygotes + running))
    call.cancel()

"""A worker that V8 has been broken out of: it holds nothing, reaches nothing, harms nobody else.

A real worker of a real zygote, confined as always; plain_python.py stands in V8's place.
"""

import asyncio
import fcntl
import os
import resource
import signal
import socket
import textwrap
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from runtime.worker_process import WorkerProcess, describe
from runtime.zygote import Zygote
from tests.worker.conftest import Workshop

SYS_NICE = 1 << 23
SECRET = "canary-of-a-bot-token-5e0c"
# What each tries, in plain Python. {supervisor}: this process; {zygote}: the worker's parent;
# {thread}: a thread of this process; {file}: a file that is there; {folder}: one to write to.
FORBIDDEN = {
    # files
    "read a file": "open('{file}')",
    "read a file by its descriptor number": "os.open('/proc/self/fd/0', os.O_RDONLY)",
    "write a file": "open('{folder}/new', 'w')",
    "list a folder": "os.listdir('/')",
    "make a folder": "os.mkdir('{folder}/new')",
    "remove a file": "os.unlink('{file}')",
    "rename a file": "os.rename('{file}', '{folder}/new')",
    "link a file": "os.symlink('{file}', '{folder}/new')",
    "change a file's mode": "os.chmod('{file}', 0o777)",
    "look at a file": "os.stat('{file}')",
    "go elsewhere": "os.chdir('/')",
    "change the root": "os.chroot('/')",
    "make a file in memory": "os.memfd_create('m')",
    "mount": "call('mount', b'none', b'/tmp', b'tmpfs', 0, None)",
    # the environment of others, and their memory
    "read its own first environment": "open('/proc/self/environ', 'rb')",
    "read the supervisor's environment": "open('/proc/{supervisor}/environ', 'rb')",
    "read the supervisor's memory": "open('/proc/{supervisor}/mem', 'rb')",
    "copy the supervisor's memory": "call('process_vm_readv', {supervisor}, None, 0, None, 0, 0)",
    "trace the supervisor": "call('ptrace', 16, {supervisor}, 0, 0)",
    "trace the zygote": "call('ptrace', 16, {zygote}, 0, 0)",
    "be traced": "call('ptrace', 0, 0, 0, 0)",
    "share memory": "call('shmget', 0, 4096, 0o1600)",
    "keep a key": "call_number(248, b'user', b'k', b'v', 1, -3)",
    # the network
    "an internet socket": "socket.socket(socket.AF_INET, socket.SOCK_STREAM)",
    "an IPv6 socket": "socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)",
    "a local socket": "socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)",
    "a netlink socket": "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
    "a raw socket": "socket.socket(socket.AF_INET, socket.SOCK_RAW)",
    "connect a socket that it may have": "socket.socketpair()[0].connect('{log}')",
    "bind one": "socket.socketpair()[0].bind('{folder}/new')",
    "a pair of datagram sockets, which send to any address": (
        "socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendto(b'forged', '{log}')"
    ),
    # other processes
    "fork": "os.fork()",
    "run a program": "os.execv('/bin/true', ['true'])",
    "spawn a program": "os.posix_spawn('/bin/true', ['true'], {{}})",
    "vfork": "call_number(58)",
    "a process with a namespace of its own": "call('unshare', 0x10000000)",
    "signal the supervisor": "os.kill({supervisor}, 0)",
    "signal the zygote": "os.kill({zygote}, 9)",
    "signal a thread of the supervisor": "call('tgkill', {supervisor}, {thread}, 0)",
    "signal a thread by its number": "call_number(200, {thread}, 0)",
    "send a signal with a value": "call('sigqueue', {supervisor}, 9, 0)",
    "signal by a descriptor's owner": (
        "fcntl.fcntl(socket.socketpair()[0], fcntl.F_SETOWN, {supervisor})"
    ),
    "choose the signal of a descriptor": "fcntl.fcntl(socket.socketpair()[0], 10, 9)",
    "open a descriptor of the supervisor": "os.pidfd_open({supervisor})",
    "take away the supervisor's time": "os.setpriority(os.PRIO_PROCESS, {supervisor}, 19)",
    "take away the user's time": "os.setpriority(os.PRIO_USER, 0, 10)",
    "move the supervisor to a CPU": "os.sched_setaffinity({supervisor}, [0])",
    "schedule itself before all others": (
        "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))"
    ),
    "schedule the supervisor after all others": (
        "os.sched_setscheduler({supervisor}, os.SCHED_BATCH, os.sched_param(0))"
    ),
    # what it has given up
    "take back a limit": "call('setrlimit', resource.RLIMIT_FSIZE, bytes(7) + bytes([1]) * 9)",
    "change a limit of the supervisor": (
        "call('prlimit', {supervisor}, resource.RLIMIT_NOFILE, bytes(16), None)"
    ),
    "become somebody": "os.setuid(1)",
    "control itself": "call('prctl', 4, 1, 0, 0, 0)",
    # wide doors of the kernel
    "io_uring": "call_number(425, 8, None)",
    "bpf": "call_number(321, 0, None, 0)",
    "perf events": "call_number(298, None, 0, -1, -1, 0)",
    "user faults": "call_number(323, 0)",
    "modules": "call_number(313, 0, b'', 0)",
    "the 32-bit doors of x32": "call_number(0x40000000 + 2, b'{file}', 0)",
}
ATTEMPTS = """
import ctypes, errno, fcntl, os, resource, socket

libc = ctypes.CDLL(None, use_errno=True)

def call(name, *arguments):
    checked(getattr(libc, name)(*arguments))

def call_number(number, *arguments):
    checked(libc.syscall(number, *arguments))

def checked(result):
    if result == -1:
        raise OSError(ctypes.get_errno(), "")

for name, attempt in {attempts!r}.items():
    try:
        exec(attempt)
    except OSError as error:
        said[name] = errno.errorcode[error.errno]
    else:
        said[name] = "it worked"
"""


class PlainPythonZygote(Zygote):
    entry = Zygote.entry.replace(
        "from runtime.worker.zygote", "import tests.worker.plain_python; from runtime.worker.zygote"
    )


@pytest_asyncio.fixture
async def workshop(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Workshop]:
    monkeypatch.setenv("DISCORD_TOKEN", SECRET)
    workshop = Workshop(zygote=PlainPythonZygote)
    yield workshop
    await workshop.close()


async def said(workshop: Workshop, worker: WorkerProcess, source: str) -> Any:
    """What a "script" in plain Python has found."""
    script = await workshop.load(worker, textwrap.dedent(source))
    return msgspec.json.decode(script.logged[0])


async def test_whatever_is_tried_is_refused(
    workshop: Workshop, worker: WorkerProcess, tmp_path: Path
) -> None:
    assert worker.report is not None
    assert worker.report.driver == "plain Python"
    assert workshop.zygote.pid is not None
    file, log = tmp_path / "file", tmp_path / "log"
    file.write_text("mine")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as syslog:
        syslog.bind(str(log))
        syslog.setblocking(False)
        places = {
            "supervisor": os.getpid(),
            "thread": os.getpid(),
            "zygote": workshop.zygote.pid,
            "file": file,
            "folder": tmp_path,
            "log": log,
        }
        attempts = {name: attempt.format(**places) for name, attempt in FORBIDDEN.items()}
        found = await said(workshop, worker, ATTEMPTS.format(attempts=attempts))
        assert found == dict.fromkeys(FORBIDDEN, "EPERM")
        with pytest.raises(BlockingIOError):
            syslog.recv(100)
    assert file.read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "log"]


async def test_its_environment_is_empty_and_no_credential_is_in_its_memory(
    workshop: Workshop, worker: WorkerProcess
) -> None:
    assert os.environ["DISCORD_TOKEN"] == SECRET  # here it is
    source = """
        import ctypes, os
        libc = ctypes.CDLL(None)
        libc.getenv.restype = ctypes.c_char_p
        said["python"] = dict(os.environ)
        said["libc"] = str(libc.getenv(b"DISCORD_TOKEN"))
    """
    found = await said(workshop, worker, source)
    found["python"].pop("LC_CTYPE", "")  # Python's own, where the system has no locale
    assert found == {"python": {"TZ": "UTC"}, "libc": "None"}
    pid = worker.forked.pid
    assert Path(f"/proc/{pid}/environ").read_bytes() == b"TZ=UTC\0"
    assert SECRET.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()
    assert found_in_memory(os.getpid(), SECRET.encode())  # so that the search is known to find
    assert not found_in_memory(pid, SECRET.encode())


def found_in_memory(pid: int, text: bytes) -> bool:
    """Whether a text stands anywhere in what a process may write to."""
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            bounds, permissions, *_ = line.split()
            start, end = (int(bound, 16) for bound in bounds.split("-"))
            if permissions.startswith("rw") and end < 1 << 63:
                memory.seek(start)
                try:
                    found = text in memory.read(end - start)
                except OSError:
                    continue
                if found:
                    return True
    return False


async def test_it_has_its_own_descriptors_and_nobody_elses(
    workshop: Workshop, worker: WorkerProcess
) -> None:
    other = await workshop.worker()
    await said(workshop, other, "said = 'up'")
    for process in (worker, other):
        folder = Path(f"/proc/{process.forked.pid}/fd")
        kinds = sorted(str(entry.readlink()).partition(":")[0] for entry in folder.iterdir())
        assert kinds == [
            "/dev/null",
            "/memfd",  # the journal
            f"/proc/{process.forked.pid}/statm",
            "pipe",  # for its last words, as standard output and error
            "pipe",
            "socket",  # the link to the supervisor
            "socket",  # and a pair inside
            "socket",
        ]
    (journal,) = (entry for entry in folder.iterdir() if "memfd" in str(entry.readlink()))
    with journal.open("rb") as memory:
        # A journal that shrinks under the supervisor's reads would kill the supervisor.
        assert fcntl.fcntl(memory, fcntl.F_GET_SEALS) == fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW
    mine, others = (
        {
            str(entry.readlink())
            for entry in Path(f"/proc/{process.forked.pid}/fd").iterdir()
            if str(entry.readlink()).startswith(("socket:", "pipe:"))
        }
        for process in (worker, other)
    )
    assert not mine & others


async def test_all_its_threads_are_confined_and_what_it_got_is_reported(
    workshop: Workshop, worker: WorkerProcess
) -> None:
    await said(workshop, worker, "said = 'up'")
    pid = worker.forked.pid
    threads = list(Path(f"/proc/{pid}/task").iterdir())
    assert len(threads) > 1
    for thread in threads:
        lines = (thread / "status").read_text().splitlines()
        status = {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
        assert status["NoNewPrivs"] == "1"
        assert status["Seccomp"] == "2"
        assert {int(status[f"Cap{kind}"], 16) for kind in ("Inh", "Amb")} == {0}
        # Of root's, a thread's way back from a lower priority may be left.
        assert {int(status[f"Cap{kind}"], 16) & ~SYS_NICE for kind in ("Prm", "Eff")} == {0}
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        assert resource.prlimit(pid, limit) == (value, value)
    assert worker.report is not None
    told = describe(worker.report)
    assert told["confinement"] == "rlimits, capabilities, no_new_privs, seccomp"
    assert told["descriptors"] == (
        "/dev/null, flora-journal, pipe, pipe, socket, socket, socket, statm"
    )
    assert set(told["environment"].split(", ")) - {"LC_CTYPE"} == {"TZ"}
    assert told["entropy"] == "getrandom"


async def test_abort_still_ends_the_worker_and_names_its_signal(
    workshop: Workshop, worker: WorkerProcess
) -> None:
    """V8's way out when it has run into a wall: it signals itself, which the filter lets pass."""
    await workshop.start_loading(worker, "import os; os.abort()")
    await asyncio.wait_for(worker.gone.wait(), 10)
    status = await workshop.until(lambda: workshop.exits.get(worker.forked.ticket))
    assert os.WTERMSIG(status) == signal.SIGABRT

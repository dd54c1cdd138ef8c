"""A worker holds nothing worth stealing. These tests put plain Python in place of its loop."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

PROBES = {
    "open a file": "open('/etc/hostname')",
    "write a file": "open('/tmp/flora-probe', 'w')",
    "list a directory": "import os; os.listdir('/')",
    "make a socket": "import socket; socket.socket()",
    "run a program": "import os; os.execv('/bin/true', ['true'])",
    "fork": "import os; os.fork()",
    "signal the parent": "import os; os.kill(os.getppid(), 0)",
    "open a pidfd": "import os; os.pidfd_open(os.getppid())",
    "trace the parent": (
        "import ctypes, os\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "if libc.ptrace(16, os.getppid(), 0, 0) == -1: raise OSError(ctypes.get_errno(), 'ptrace')"
    ),
    "memory of the parent": "import os; open(f'/proc/{os.getppid()}/mem', 'rb')",
}
CHILD = """
import sys
sys.path.insert(0, {root!r})
from runtime.worker.confinement import confine
import os, socket, ctypes
libc = ctypes.CDLL(None, use_errno=True)
assert confine() == ["rlimits", "capabilities", "no_new_privs", "seccomp"]
try:
    exec({probe!r})
except OSError as error:
    os.write(1, str(error.errno).encode())
else:
    os.write(1, b"it worked")
os._exit(0)
"""


@pytest.mark.parametrize("probe", PROBES.values(), ids=list(PROBES))
def test_a_confined_process_is_refused(probe: str) -> None:
    result = subprocess.run(
        [sys.executable, "-c", CHILD.format(root=str(Path.cwd()), probe=probe)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (result.stdout, result.stderr) == ("1", "")  # EPERM


def test_the_socket_it_has_goes_on_working() -> None:
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        try:
            from runtime.worker.confinement import confine

            confine()
            theirs.sendall(theirs.recv(5)[::-1])
        finally:
            os._exit(0)
    theirs.close()
    ours.sendall(b"hello")
    assert ours.recv(5) == b"olleh"
    os.waitpid(pid, 0)

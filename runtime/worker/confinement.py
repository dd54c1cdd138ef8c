"""What a worker gives up for good before it meets a script: privileges, files, the network.

Linux only, no library: prctl and a seccomp filter by ctypes, which works without root. The
filter allows what V8 and the worker's loop use and answers EPERM to everything else; it never
kills. Each step that cannot be had is reported, not fatal: the supervisor logs what it got.
"""

import contextlib
import ctypes
import fcntl
import os
import platform
import re
import resource
import socket
import struct
from collections.abc import Collection
from pathlib import Path

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _PR_CAPBSET_DROP = 38, 22, 24
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
_CAPABILITY_VERSION_3, _CAP_SYS_NICE = 0x20080522, 1 << 23
_SECCOMP_MODE_FILTER = 2
_ALLOW, _ERRNO, _EPERM, _ENOSYS = 0x7FFF0000, 0x00050000, 1, 38
_CLONE_THREAD = 0x00010000
_FIONBIO = 0x5421  # what setting a socket non-blocking asks
# A nice value of 0 may be taken up again, by who has lowered itself (getrlimit(2): 20 - 0).
_NICE_ZERO = 20
_DESCRIPTORS = Path("/proc/self/fd")
# What the kernel puts around the names of sockets, pipes, processes' and memory's files.
_AROUND_NAMES = re.compile(r":\[\d+\]$|^/proc/\d+/|^/memfd:| \(deleted\)$")

# Numbers: <asm/unistd_64.h> for x86_64, <asm-generic/unistd.h> for aarch64.
_ALLOWED: dict[str, dict[str, int]] = {
    "x86_64": {
        "read": 0, "write": 1, "close": 3, "fstat": 5, "poll": 7, "lseek": 8, "mmap": 9,
        "mprotect": 10, "munmap": 11, "brk": 12, "rt_sigaction": 13, "rt_sigprocmask": 14,
        "rt_sigreturn": 15, "ioctl": 16, "pread64": 17, "writev": 20, "sched_yield": 24,
        "mremap": 25, "madvise": 28, "dup": 32, "nanosleep": 35, "getpid": 39, "sendto": 44,
        "recvfrom": 45, "sendmsg": 46, "recvmsg": 47, "shutdown": 48, "clone": 56, "exit": 60,
        "uname": 63, "getrlimit": 97, "getrusage": 98, "sysinfo": 99, "getuid": 102, "getgid": 104,
        "geteuid": 107, "getegid": 108, "sigaltstack": 131, "getpriority": 140, "setpriority": 141,
        "sched_getparam": 143, "sched_getscheduler": 145, "gettid": 186, "futex": 202,
        "sched_getaffinity": 204, "restart_syscall": 219, "clock_gettime": 228, "clock_getres": 229,
        "clock_nanosleep": 230, "exit_group": 231, "tgkill": 234, "set_robust_list": 273,
        "ppoll": 271, "getrandom": 318, "membarrier": 324, "pkey_mprotect": 329, "pkey_alloc": 330,
        "pkey_free": 331, "rseq": 334,
        # an asyncio loop's: isolates over mini-racer's public interface have one
        "socketpair": 53, "fcntl": 72, "epoll_wait": 232, "epoll_ctl": 233, "epoll_pwait": 281,
        "epoll_create1": 291,
    },
    "aarch64": {
        "dup": 23, "ioctl": 29, "close": 57, "lseek": 62, "read": 63, "write": 64, "writev": 66,
        "pread64": 67, "ppoll": 73, "fstat": 80, "exit": 93, "exit_group": 94,
        "set_robust_list": 99, "futex": 98, "nanosleep": 101, "clock_gettime": 113,
        "clock_getres": 114, "clock_nanosleep": 115, "sched_getscheduler": 120,
        "sched_getparam": 121, "sched_getaffinity": 123, "sched_yield": 124, "restart_syscall": 128,
        "tgkill": 131, "sigaltstack": 132, "rt_sigaction": 134, "rt_sigprocmask": 135,
        "rt_sigreturn": 139, "setpriority": 140, "getpriority": 141, "uname": 160, "getrlimit": 163,
        "getrusage": 165, "getpid": 172, "getuid": 174, "geteuid": 175, "getgid": 176,
        "getegid": 177, "gettid": 178, "sysinfo": 179, "sendto": 206, "recvfrom": 207,
        "shutdown": 210, "sendmsg": 211, "recvmsg": 212, "brk": 214, "munmap": 215, "mremap": 216,
        "mmap": 222, "mprotect": 226, "madvise": 233, "getrandom": 278, "clone": 220,
        "membarrier": 283, "pkey_mprotect": 288, "pkey_alloc": 289, "pkey_free": 290, "rseq": 293,
        # an asyncio loop's: isolates over mini-racer's public interface have one
        "epoll_create1": 20, "epoll_ctl": 21, "epoll_pwait": 22, "fcntl": 25, "socketpair": 199,
    },
}  # fmt: skip
_AUDIT_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_CLONE3 = 435  # on both
_ANY = 0xFFFFFFFF

# Which argument, which of its low 32 bits, and what may stand there.
_Rule = tuple[int, int, tuple[int, ...]]


def confine() -> list[str]:
    """Drops what can be dropped, and says what: ["rlimits", "capabilities", "no_new_privs",
    "seccomp"]. To be called while the process has one thread.

    A step that failed is reported as "no seccomp: reason".
    """
    libc = ctypes.CDLL(None, use_errno=True)
    report = [_limit_resources(), _drop_capabilities(libc)]
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return [*report, "no no_new_privs: prctl refused", "no seccomp: needs no_new_privs"]
    return [*report, "no_new_privs", _install_filter(libc)]


def close_all_but(descriptors: Collection[int]) -> None:
    """Whatever else this process has inherited is none of its business."""
    for entry in list(_DESCRIPTORS.iterdir()):
        if int(entry.name) not in descriptors:
            with contextlib.suppress(OSError):  # the listing's own
                os.close(int(entry.name))


def open_descriptors() -> list[str]:
    """What this process has open, as the kernel calls it: ["/dev/null", "pipe", "socket"].
    Reads a directory: to be asked before `confine`."""
    found = []
    for entry in list(_DESCRIPTORS.iterdir()):
        with contextlib.suppress(OSError):  # the listing's own
            found.append(_AROUND_NAMES.sub("", str(entry.readlink())))
    return sorted(found)


def _limit_resources() -> str:
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        resource.setrlimit(limit, (value, value))
    with contextlib.suppress(OSError, ValueError):  # only root may ask for it, and not everywhere
        resource.setrlimit(resource.RLIMIT_NICE, (_NICE_ZERO, _NICE_ZERO))
    return "rlimits"


def _drop_capabilities(libc: ctypes.CDLL) -> str:
    """root's, for good; who has none loses nothing. CAP_SYS_NICE stays where RLIMIT_NICE could
    not be had: the filter leaves nothing of it but a thread's way back from a lower priority."""
    for capability in range(64):
        if libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break  # the kernel has no more of them, or this process may not
    libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header = struct.pack("Ii", _CAPABILITY_VERSION_3, 0)
    present = ctypes.create_string_buffer(24)  # effective, permitted, inheritable; low and high
    libc.capget(header, present)
    kept = 0
    if resource.getrlimit(resource.RLIMIT_NICE)[0] < _NICE_ZERO:
        kept = struct.unpack_from("I", present, 4)[0] & _CAP_SYS_NICE
    if libc.capset(header, struct.pack("6I", kept, kept, 0, 0, 0, 0)) != 0:
        return f"no capabilities dropped: {os.strerror(ctypes.get_errno())}"
    return "capabilities"


def _install_filter(libc: ctypes.CDLL) -> str:
    machine = platform.machine()
    if machine not in _ALLOWED:
        return f"no seccomp: no table for {machine}"
    program = b"".join(_filter(machine, os.getpid()))

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]

    argument = Program(len(program) // 8, program)
    if libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(argument), 0, 0) != 0:
        return f"no seccomp: {os.strerror(ctypes.get_errno())}"
    return "seccomp"


def _rules(own_pid: int) -> dict[str, list[_Rule]]:
    """Calls that would reach beyond this process, and what is left of them. The kernel reads
    these arguments as 32 bits, clone's flags aside, of which one is asked for."""
    descriptor_flags = (fcntl.F_GETFD, fcntl.F_SETFD, fcntl.F_GETFL, fcntl.F_SETFL)
    return {
        # Threads, not processes.
        "clone": [(0, _CLONE_THREAD, (_CLONE_THREAD,))],
        "ioctl": [(1, _ANY, (_FIONBIO,))],
        # abort() signals itself; any other process of the same user would take it too.
        "tgkill": [(0, _ANY, (own_pid,))],
        # F_SETOWN with F_SETSIG sends any signal to anybody.
        "fcntl": [(1, _ANY, (*descriptor_flags, fcntl.F_DUPFD_CLOEXEC))],
        # A datagram socket of a pair sends to any address: to the system's log, for one.
        "socketpair": [(0, _ANY, (socket.AF_UNIX,)), (1, 0xF, (socket.SOCK_STREAM,))],
        # Threads one by one, to where a slow turn goes and back; never a user's all processes.
        "setpriority": [(0, _ANY, (os.PRIO_PROCESS,)), (2, _ANY, (0, 1, 10))],
    }


def _filter(machine: str, own_pid: int) -> list[bytes]:
    """A BPF program: wrong architecture, unknown call or broken rule → EPERM."""

    def instruction(code: int, if_true: int, if_false: int, operand: int) -> bytes:
        return struct.pack("HBBI", code, if_true, if_false, operand & 0xFFFFFFFF)

    def load(offset: int) -> bytes:
        return instruction(0x20, 0, 0, offset)

    def skip_unless_equal(value: int, count: int) -> bytes:
        return instruction(0x15, 0, count, value)

    def answer(action: int) -> bytes:
        return instruction(0x06, 0, 0, action)

    def demand(argument: int, mask: int, values: tuple[int, ...]) -> list[bytes]:
        """Goes on behind itself when one of the values stands there."""
        last = len(values)
        comparisons = [
            instruction(0x15, last - place, 0, value) for place, value in enumerate(values)
        ]
        masked = instruction(0x54, 0, 0, mask)
        return [load(16 + 8 * argument), masked, *comparisons, answer(_ERRNO | _EPERM)]

    program = [
        load(4),  # seccomp_data.arch
        instruction(0x15, 1, 0, _AUDIT_ARCHITECTURE[machine]),
        answer(_ERRNO | _EPERM),
        load(0),  # seccomp_data.nr
        skip_unless_equal(_CLONE3, 1),
        answer(_ERRNO | _ENOSYS),  # glibc falls back to clone, whose flags can be read
    ]
    rules = _rules(own_pid)
    for name, number in _ALLOWED[machine].items():
        demands = [part for rule in rules.get(name, ()) for part in demand(*rule)]
        program += [skip_unless_equal(number, len(demands) + 1), *demands, answer(_ALLOW)]
    return [*program, answer(_ERRNO | _EPERM)]

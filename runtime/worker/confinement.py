"""What a worker gives up for good before it meets a script: privileges, files, the network.

Linux only, no library: prctl and a seccomp filter by ctypes, which works without root. The
filter allows what V8 and the worker's loop use and answers EPERM to everything else; it never
kills. Each step that cannot be had is reported, not fatal: the supervisor logs what it got.
"""

import ctypes
import os
import platform
import resource
import struct

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP = 38, 22
_SECCOMP_MODE_FILTER = 2
_ALLOW, _ERRNO, _EPERM, _ENOSYS = 0x7FFF0000, 0x00050000, 1, 38
_CLONE_THREAD = 0x00010000

# Numbers: <asm/unistd_64.h> for x86_64, <asm-generic/unistd.h> for aarch64.
_ALLOWED: dict[str, dict[str, int]] = {
    "x86_64": {
        "read": 0, "write": 1, "close": 3, "fstat": 5, "poll": 7, "lseek": 8, "mmap": 9,
        "mprotect": 10, "munmap": 11, "brk": 12, "rt_sigaction": 13, "rt_sigprocmask": 14,
        "rt_sigreturn": 15, "pread64": 17, "writev": 20, "sched_yield": 24, "mremap": 25,
        "madvise": 28, "dup": 32, "nanosleep": 35, "getpid": 39, "sendto": 44, "recvfrom": 45,
        "sendmsg": 46, "recvmsg": 47, "shutdown": 48, "exit": 60, "uname": 63, "getrlimit": 97,
        "getrusage": 98, "sysinfo": 99, "getuid": 102, "getgid": 104, "geteuid": 107,
        "getegid": 108, "sigaltstack": 131, "getpriority": 140, "setpriority": 141,
        "sched_getparam": 143, "sched_getscheduler": 145, "gettid": 186,
        "futex": 202, "sched_getaffinity": 204, "restart_syscall": 219, "clock_gettime": 228,
        "clock_getres": 229, "clock_nanosleep": 230, "exit_group": 231, "tgkill": 234,
        "set_robust_list": 273, "ppoll": 271, "getrandom": 318, "membarrier": 324,
        "pkey_mprotect": 329, "pkey_alloc": 330, "pkey_free": 331, "rseq": 334,
        # an asyncio loop's: isolates over mini-racer's public interface have one
        "socketpair": 53, "fcntl": 72, "epoll_wait": 232, "epoll_ctl": 233, "epoll_pwait": 281,
        "epoll_create1": 291,
    },
    "aarch64": {
        "dup": 23, "close": 57, "lseek": 62, "read": 63, "write": 64, "writev": 66, "pread64": 67,
        "ppoll": 73, "fstat": 80, "exit": 93, "exit_group": 94, "set_robust_list": 99,
        "futex": 98, "nanosleep": 101, "clock_gettime": 113, "clock_getres": 114,
        "clock_nanosleep": 115, "sched_getscheduler": 120, "sched_getparam": 121,
        "sched_getaffinity": 123, "sched_yield": 124, "restart_syscall": 128, "tgkill": 131,
        "sigaltstack": 132, "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139,
        "setpriority": 140, "getpriority": 141, "uname": 160, "getrlimit": 163, "getrusage": 165,
        "getpid": 172, "getuid": 174, "geteuid": 175, "getgid": 176, "getegid": 177,
        "gettid": 178, "sysinfo": 179, "sendto": 206, "recvfrom": 207, "shutdown": 210,
        "sendmsg": 211, "recvmsg": 212, "brk": 214, "munmap": 215, "mremap": 216, "mmap": 222,
        "mprotect": 226, "madvise": 233, "getrandom": 278, "membarrier": 283,
        "pkey_mprotect": 288, "pkey_alloc": 289, "pkey_free": 290, "rseq": 293,
        # an asyncio loop's: isolates over mini-racer's public interface have one
        "epoll_create1": 20, "epoll_ctl": 21, "epoll_pwait": 22, "fcntl": 25, "socketpair": 199,
    },
}  # fmt: skip
_AUDIT_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_CLONE = {"x86_64": 56, "aarch64": 220}
_CLONE3 = {"x86_64": 435, "aarch64": 435}
_IOCTL = {"x86_64": 16, "aarch64": 29}
_FIONBIO = 0x5421  # what setting a socket non-blocking asks


def confine() -> list[str]:
    """Drops what can be dropped, and says what: ["rlimits", "no_new_privs", "seccomp"].

    A step that failed is reported as "no seccomp: reason".
    """
    report = [_limit_resources()]
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return [*report, "no no_new_privs: prctl refused", "no seccomp: needs no_new_privs"]
    return [*report, "no_new_privs", _install_filter(libc)]


def _limit_resources() -> str:
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        resource.setrlimit(limit, (value, value))
    return "rlimits"


def _install_filter(libc: ctypes.CDLL) -> str:
    machine = platform.machine()
    if machine not in _ALLOWED:
        return f"no seccomp: no table for {machine}"
    program = b"".join(_filter(machine))

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]

    argument = Program(len(program) // 8, program)
    if libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(argument), 0, 0) != 0:
        return f"no seccomp: {os.strerror(ctypes.get_errno())}"
    return "seccomp"


def _filter(machine: str) -> list[bytes]:
    """A BPF program: wrong architecture or unknown call → EPERM; threads may be made."""

    def instruction(code: int, if_true: int, if_false: int, operand: int) -> bytes:
        return struct.pack("HBBI", code, if_true, if_false, operand & 0xFFFFFFFF)

    def load(offset: int) -> bytes:
        return instruction(0x20, 0, 0, offset)

    def skip_unless_equal(value: int, count: int) -> bytes:
        return instruction(0x15, 0, count, value)

    def answer(action: int) -> bytes:
        return instruction(0x06, 0, 0, action)

    program = [
        load(4),  # seccomp_data.arch
        instruction(0x15, 1, 0, _AUDIT_ARCHITECTURE[machine]),
        answer(_ERRNO | _EPERM),
        load(0),  # seccomp_data.nr
        skip_unless_equal(_CLONE3[machine], 1),
        answer(_ERRNO | _ENOSYS),  # glibc falls back to clone, whose flags can be read
        skip_unless_equal(_CLONE[machine], 4),
        load(16),  # the first argument's low half: clone's flags
        instruction(0x45, 0, 1, _CLONE_THREAD),
        answer(_ALLOW),
        answer(_ERRNO | _EPERM),
        skip_unless_equal(_IOCTL[machine], 4),
        load(24),  # the second argument's low half: the request
        skip_unless_equal(_FIONBIO, 1),
        answer(_ALLOW),
        answer(_ERRNO | _EPERM),
    ]
    for number in _ALLOWED[machine].values():
        program += [skip_unless_equal(number, 1), answer(_ALLOW)]
    return [*program, answer(_ERRNO | _EPERM)]

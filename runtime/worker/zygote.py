"""The process that workers are forked from: V8 is initialised once, with no isolate in it.

A fork from here takes 10 ms and shares half of its memory, a fresh process 91 ms (measured
2026-11-22). It starts with an empty environment and one socket, reaps its workers and reports
how they ended; its own death leaves them alive.
"""

import contextlib
import gc
import os
import select
import signal
import socket
import sys
from pathlib import Path

import msgspec

from runtime.worker.confinement import close_all_but
from runtime.worker.drivers import Prepared, prepare
from runtime.worker.main import work
from runtime.worker.protocol import Exited, Fork, Forked
from runtime.worker.v8 import load_v8


def main(socket_descriptor: int, sdk_path: str, driver: str) -> None:
    """Serves Fork requests until the supervisor's end of the socket closes.

    driver: the fastest that workers may use.
    """
    supervisor = socket.socket(fileno=socket_descriptor)
    sdk = Path(sdk_path).read_bytes()
    load_v8()
    prepared = prepare(driver, sdk)
    # Everything that lives now is shared with the workers: keep the collector's hands off it.
    gc.collect()
    gc.freeze()
    _Zygote(supervisor, sdk, prepared).serve()


class _Zygote:
    def __init__(self, supervisor: socket.socket, sdk: bytes, prepared: Prepared) -> None:
        self._supervisor = supervisor
        self._sdk = sdk
        self._prepared = prepared
        self._tickets: dict[int, int] = {}
        self._child_ended, self._wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def serve(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake)
        poll = select.poll()
        poll.register(self._supervisor, select.POLLIN)
        poll.register(self._child_ended, select.POLLIN)
        while True:
            for descriptor, _ in poll.poll():
                if descriptor == self._child_ended:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self._child_ended, 4096)
                    self._reap()
                elif not self._receive():
                    return

    def _receive(self) -> bool:
        try:
            message, descriptors, _, _ = socket.recv_fds(self._supervisor, 4096, 3)
        except ConnectionResetError:  # it has gone and left what we had said unread
            return False
        if not message:
            return False
        request = msgspec.msgpack.decode(message, type=Fork)
        pid = os.fork()
        if pid == 0:
            self._become_worker(request, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        self._tickets[pid] = request.ticket
        self._send(Forked(request.ticket, pid))
        return True

    def _become_worker(self, request: Fork, descriptors: list[int]) -> None:
        status = 70
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._supervisor.close()
            os.close(self._child_ended)
            os.close(self._wake)
            link, journal, errors = descriptors
            os.dup2(errors, 1)
            os.dup2(errors, 2)
            close_all_but((0, 1, 2, link, journal))
            work(socket.socket(fileno=link), journal, self._sdk, request.cpu, self._prepared)
            status = 0
        except BaseException:  # the last stop: whatever it is, its text must reach the supervisor
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(status)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._send(Exited(self._tickets.pop(pid), status))

    def _send(self, message: Forked | Exited) -> None:
        with contextlib.suppress(OSError):
            self._supervisor.send(msgspec.msgpack.encode(message))

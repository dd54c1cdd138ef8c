"""A worker's two sockets: to the supervisor, and the one its own threads put their results into.

Reading waits for both at once; writing never blocks. When the supervisor's end closes, a thread
that needs no isolate to yield ends the process.
"""

import math
import os
import select
import socket
import threading
from collections.abc import Iterator
from queue import SimpleQueue

from runtime.worker.protocol import FrameBuffer, frame

Frame = tuple[int, int, int, bytes]

# With this much unsent the worker starts no further turns.
HIGH_WATER_BYTES = 4 << 20
READ_BYTES = 1 << 18
# What this module itself puts among the results: so many bytes of a backlog are written.
BACKLOG_WRITTEN = 255


class Results:
    """Where isolates' threads put frames, whole and one after the other, for the loop to read."""

    def __init__(self) -> None:
        self.reading, self.writing = socket.socketpair()
        self.reading.setblocking(False)
        self._lock = threading.Lock()
        self._buffer = FrameBuffer()

    def read(self, seconds: float) -> list[Frame]:
        """The frames that are there, for whoever reads before the loop does; waits at most so
        long for the first."""
        ready = select.poll()
        ready.register(self.reading, select.POLLIN)
        if not ready.poll(seconds * 1000):
            return []
        return list(self._buffer.feed(self.reading.recv(READ_BYTES)))

    def put(self, kind: int, isolate: int, number: int, payload: bytes = b"") -> None:
        """From any thread; waits while the loop is far behind."""
        data = frame(kind, isolate, number, payload)
        with self._lock:
            self.writing.sendall(data)


class Link:
    def __init__(self, connection: socket.socket, results: Results) -> None:
        self._connection = connection
        self._results = results
        self._frames = {connection.fileno(): FrameBuffer(), results.reading.fileno(): FrameBuffer()}
        self._sockets = {connection.fileno(): connection, results.reading.fileno(): results.reading}
        self._poll = select.poll()
        for descriptor in self._sockets:
            self._poll.register(descriptor, select.POLLIN)
        self._backlog: SimpleQueue[bytes] = SimpleQueue()
        self._backlog_bytes = 0

    def start(self) -> None:
        for target in (self._end_with_supervisor, self._write):
            threading.Thread(target=target, name=f"link-{target.__name__}", daemon=True).start()

    # --- reading ---------------------------------------------------------------------------

    def wait(self, seconds: float | None) -> Iterator[tuple[bool, Frame]]:
        """Waits for frames, at most so long; yields (whether it is the supervisor's, frame) for
        all that are there."""
        timeout = None if seconds is None else math.ceil(seconds * 1000)
        for descriptor, _ in self._poll.poll(timeout):
            from_supervisor = descriptor == self._connection.fileno()
            try:
                data = self._sockets[descriptor].recv(READ_BYTES, socket.MSG_DONTWAIT)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            if not data:
                os._exit(0)
            for found in self._frames[descriptor].feed(data):
                yield from_supervisor, found

    def _end_with_supervisor(self) -> None:
        hangup = select.poll()
        hangup.register(self._connection, select.POLLRDHUP)
        hangup.poll()
        os._exit(0)

    # --- writing ---------------------------------------------------------------------------

    @property
    def congested(self) -> bool:
        return self._backlog_bytes > HIGH_WATER_BYTES

    def send(self, data: bytes) -> None:
        """Writes what the socket takes now; the rest goes through the writing thread, in order."""
        if self._backlog_bytes == 0:
            try:
                sent = self._connection.send(data, socket.MSG_DONTWAIT)
            except BlockingIOError:
                sent = 0
            except OSError:
                os._exit(0)
            data = data[sent:]
        if data:
            self._backlog_bytes += len(data)
            self._backlog.put(data)

    def written(self, count: int) -> None:
        """To be called by the worker's loop for the number of a BACKLOG_WRITTEN."""
        self._backlog_bytes -= count

    def _write(self) -> None:
        while True:
            data = self._backlog.get()
            try:
                self._connection.sendall(data)
            except OSError:
                os._exit(0)
            self._results.put(BACKLOG_WRITTEN, 0, len(data))

"""The worker's end of its socket pair: a thread that reads frames, writes that never block.

When the supervisor's end closes, the reading thread ends the process at once: it needs no
isolate to yield for that.
"""

import os
import socket
import threading
from queue import SimpleQueue
from typing import Any

from runtime.worker.protocol import FrameBuffer

# With this much unsent the worker starts no further turns.
HIGH_WATER_BYTES = 4 << 20


class Link:
    def __init__(self, connection: socket.socket, inbox: "SimpleQueue[Any]", drained: Any) -> None:
        """Frames go into the inbox as (kind, isolate, number, payload); `drained` goes there
        when a backlog has been written."""
        self._socket = connection
        self._inbox = inbox
        self._drained = drained
        self._backlog: SimpleQueue[bytes] = SimpleQueue()
        self._backlog_bytes = 0

    def start(self) -> None:
        for target in (self._read, self._write):
            threading.Thread(target=target, name=f"link-{target.__name__}", daemon=True).start()

    @property
    def congested(self) -> bool:
        return self._backlog_bytes > HIGH_WATER_BYTES

    def send(self, data: bytes) -> None:
        """Writes what the socket takes now; the rest goes through the writing thread, in order."""
        if self._backlog_bytes == 0:
            try:
                sent = self._socket.send(data, socket.MSG_DONTWAIT)
            except BlockingIOError:
                sent = 0
            except OSError:
                os._exit(0)
            data = data[sent:]
        if data:
            self._backlog_bytes += len(data)
            self._backlog.put(data)

    def written(self, count: int) -> None:
        """To be called by the worker's loop when it takes `drained`'s count from its inbox."""
        self._backlog_bytes -= count

    def _read(self) -> None:
        buffer, put = FrameBuffer(), self._inbox.put
        while True:
            try:
                data = self._socket.recv(1 << 18)
            except OSError:
                data = b""
            if not data:
                os._exit(0)
            for frame in buffer.feed(data):
                put(frame)

    def _write(self) -> None:
        while True:
            data = self._backlog.get()
            try:
                self._socket.sendall(data)
            except OSError:
                os._exit(0)
            self._inbox.put((self._drained, 0, len(data), b""))

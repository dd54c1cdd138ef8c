"""The builder's process: one isolate with the compiler in it, and nothing worth stealing.

What people deploy is read here and never run. The process holds no credentials and gives up
files, network and children before the first of it arrives; it ends when the supervisor's end
of the socket closes, from a thread that needs no isolate to yield for that.
"""

import os
import resource
import socket
import threading
from pathlib import Path
from queue import SimpleQueue

import msgspec

from runtime.builder.protocol import (
    HEAP_BYTES,
    LENGTH,
    MAX_FRAME_BYTES,
    Answer,
    Broken,
    BuildFiles,
    NormaliseBundle,
    Outcome,
    Ready,
    Refused,
    frame,
)
from runtime.worker import v8
from runtime.worker.confinement import confine
from runtime.worker.public_v8 import PublicIsolate
from runtime.worker.watchdog import ResidentSize

# The whole process, what is outside of V8's heap included: mmap fails beyond.
PROCESS_BYTES = HEAP_BYTES + (1024 << 20)
# Guilds' events go first.
NICENESS = 5

_Request = BuildFiles | NormaliseBundle


def main(descriptor: int, compiler: str) -> None:
    """Serves requests until the supervisor's end of the socket closes."""
    connection = socket.socket(fileno=descriptor)
    source = Path(compiler).read_bytes()
    resident = ResidentSize()
    v8.load_v8()
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_DATA, (PROCESS_BYTES, PROCESS_BYTES))
    confinement = confine()
    requests: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_read, args=(connection, requests), name="link", daemon=True).start()
    answers: SimpleQueue[v8.Answer] = SimpleQueue()
    # The public interface: what it costs more than the workers' driver does not count here.
    isolate = PublicIsolate(answers.put, HEAP_BYTES)
    isolate.install_bridge(source)
    connection.sendall(frame(Ready(confinement)))
    while True:
        request = msgspec.msgpack.decode(requests.get(), type=_Request)
        isolate.turn(msgspec.json.encode(request))
        outcome = _outcome(answers.get())
        _send(connection, outcome, resident.bytes())


def _outcome(answer: v8.Answer) -> Outcome:
    if answer.outcome is v8.Outcome.OUT_OF_MEMORY:
        return Broken("out of memory", out_of_memory=True)
    if answer.outcome is not v8.Outcome.COMPLETED:
        return Broken(f"the compiler {answer.outcome.value}", stack=answer.text.decode())
    if not answer.text:
        return Broken("the compiler has not come to an end")
    outcome: Outcome = msgspec.json.decode(answer.text, type=Outcome)
    return outcome


def _send(connection: socket.socket, outcome: Outcome, resident_bytes: int) -> None:
    try:
        data = frame(Answer(outcome, resident_bytes))
    except ValueError:
        message = f"what was built has more than {MAX_FRAME_BYTES >> 20} MiB with its source map"
        data = frame(Answer(Refused(message, None, None, None), resident_bytes))
    connection.sendall(data)


def _read(connection: socket.socket, requests: "SimpleQueue[bytes]") -> None:
    try:
        stream = connection.makefile("rb")
        while header := stream.read(LENGTH.size):
            (length,) = LENGTH.unpack(header)
            requests.put(stream.read(length))
    finally:
        os._exit(0)  # end of file, or a reset when the supervisor left something unread

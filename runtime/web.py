"""The web process: a child of the runtime that serves admin, API and websockets.

The port is bound by the supervisor, so that a taken one is a sentence at once and the child can
be replaced without a refused connection in between.
"""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys

log = logging.getLogger("flora.runtime")

RESTART_FIRST, RESTART_LAST = 0.2, 10.0
# A request that waits for the runtime, which is stopping too, is not waited for; seconds.
STOP_TIMEOUT = 2.0


class PortTaken(Exception):
    pass


def bind(address: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes any. Raises PortTaken with a sentence for a person."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, port))
    except OSError as error:
        listener.close()
        raise PortTaken(
            f"Port {port} of {address} is not to be had ({error.strerror}): stop what uses it, "
            "or choose another with API_PORT."
        ) from None
    listener.listen(128)
    return listener


class WebProcess:
    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        self._task: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep_running(), name="web")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), STOP_TIMEOUT)
            except TimeoutError:
                self._process.kill()
        self.listener.close()

    async def _keep_running(self) -> None:
        delay = RESTART_FIRST
        while True:
            started = asyncio.get_running_loop().time()
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "daphne", "-v", "0"),
                *("--fd", str(self.listener.fileno()), "flora_site.asgi:application"),
                pass_fds=[self.listener.fileno()],
                stdin=asyncio.subprocess.DEVNULL,
                start_new_session=True,  # a terminal's Ctrl-C is the supervisor's affair
                preexec_fn=_die_with_parent,
                env={**os.environ, "DJANGO_SETTINGS_MODULE": "flora_site.settings"},
            )
            status = await self._process.wait()
            log.error("the web process ended with %d; starting it again", status)
            if asyncio.get_running_loop().time() - started > RESTART_LAST:
                delay = RESTART_FIRST
            await asyncio.sleep(delay)
            delay = min(delay * 2, RESTART_LAST)


def _die_with_parent() -> None:
    """A killed supervisor leaves no web process behind that answers for nobody.

    SIGKILL: after SIGTERM daphne 4.2 can wait for ever for a thread that serves a request.
    """
    import ctypes

    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)

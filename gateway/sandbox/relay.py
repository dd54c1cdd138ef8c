"""Carries a browser's frames to the simulated Discord's people's side and back, unread.

The browser never sees the control key; where it may come from is checked by flora_site/asgi.py.
"""

import asyncio
import contextlib
from typing import Any

import aiohttp
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

from gateway.sandbox.state import read_state

# Close codes that the page knows.
NOT_RUNNING, GONE = 4503, 4504
CONNECT_TIMEOUT = 5.0


class ChatRelay(AsyncWebsocketConsumer):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._session: aiohttp.ClientSession | None = None
        self._control: aiohttp.ClientWebSocketResponse | None = None
        self._reading: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        await self.accept()
        state = read_state(settings.SANDBOX_STATE)
        if state is None:
            await self.close(NOT_RUNNING)
            return
        self._session = aiohttp.ClientSession()
        headers = {"Authorization": f"Bearer {state.control_key}"}
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                self._control = await self._session.ws_connect(
                    state.control_address, headers=headers, max_msg_size=0
                )
        except (aiohttp.ClientError, TimeoutError):
            await self.close(NOT_RUNNING)
            return
        self._reading = asyncio.create_task(self._read(self._control))

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self._control is not None and text_data is not None:
            with contextlib.suppress(aiohttp.ClientError, ConnectionError):
                await self._control.send_str(text_data)

    async def __call__(self, *connection: Any) -> None:
        """A server that stops cancels this, without a disconnect before."""
        try:
            await super().__call__(*connection)
        finally:
            await self._hang_up()

    async def _hang_up(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait({self._reading})
        if self._control is not None:
            await self._control.close()
        if self._session is not None:
            await self._session.close()

    async def _read(self, control: aiohttp.ClientWebSocketResponse) -> None:
        async for frame in control:
            if frame.type is aiohttp.WSMsgType.TEXT:
                await self.send(text_data=frame.data)
        await self.close(GONE)

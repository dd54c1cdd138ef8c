"""Somebody at the people's side of the simulated Discord, over its websocket."""

import asyncio
import itertools
from collections.abc import Callable
from typing import Any, Self

import aiohttp

from gateway.sandbox.state import SandboxState

PATIENCE = 10.0
Frame = dict[str, Any]


class Visitor:
    """frames: what came after the state, in order, answers to actions left out."""

    def __init__(self, state: SandboxState) -> None:
        self._address, self._key = state.control_address, state.control_key
        self.channel_id = str(state.channel_id)
        self.frames: list[Frame] = []
        self.state: Frame = {}
        self._answers: dict[int, asyncio.Future[Frame]] = {}
        self._nonces = itertools.count(1)
        self._changed = asyncio.Condition()

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        headers = {"Authorization": f"Bearer {self._key}"}
        self._socket = await self._session.ws_connect(self._address, headers=headers)
        self._reading = asyncio.create_task(self._read())
        await self.until(lambda: self.state)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._reading.cancel()
        await asyncio.wait({self._reading})
        await self._socket.close()
        await self._session.close()

    async def _read(self) -> None:
        async for message in self._socket:
            frame = message.json()
            if frame["type"] in ("done", "refused"):
                self._answers.pop(frame["nonce"]).set_result(frame)
            elif frame["type"] == "state":
                self.state = frame
                self.frames.clear()
            else:
                self.frames.append(frame)
            async with self._changed:
                self._changed.notify_all()

    async def until(self, condition: Callable[[], Any]) -> Any:
        """Waits until condition() is true and returns it; asked after each frame."""
        async with asyncio.timeout(PATIENCE), self._changed:
            while not (result := condition()):
                await self._changed.wait()
            return result

    async def ask(self, do: str, **fields: Any) -> Frame:
        """Does something; the answer, `done` or `refused`."""
        nonce = next(self._nonces)
        self._answers[nonce] = answer = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"do": do, "nonce": nonce, **fields})
        return await asyncio.wait_for(answer, PATIENCE)

    async def do(self, do: str, **fields: Any) -> Frame:
        """The same where a refusal is a failure of the test."""
        answer = await self.ask(do, **fields)
        assert answer["type"] == "done", answer
        return answer

    async def say(self, content: str) -> str:
        """The id of the message."""
        answer = await self.do("send", channel_id=self.channel_id, content=content)
        return str(answer["message_id"])

    async def enter(self, name: str) -> None:
        """Goes on as another member."""
        users = [member["user"] for member in self.state["guild"]["members"]]
        (member_id,) = [user["id"] for user in users if user["username"] == name]
        await self.do("enter", member_id=member_id)

    def messages(self) -> dict[str, Frame]:
        """What is to be seen, as it is now, by id."""
        seen = {message["id"]: message for message in self.state["messages"][self.channel_id]}
        for frame in self.frames:
            if frame["type"] == "message":
                seen[frame["message"]["id"]] = frame["message"]
            elif frame["type"] == "gone":
                for message_id in frame["ids"]:
                    seen.pop(message_id, None)
        return seen

    def commands(self, count: int) -> list[Frame]:
        """The bot's commands as they are now, once there are so many."""
        shown = [frame["commands"] for frame in self.frames if frame["type"] == "commands"]
        commands: list[Frame] = shown[-1] if shown else self.state["commands"]
        return commands if len(commands) == count else []

    async def sees(self, content: str) -> Frame:
        """Waits for a message with this content; the message."""
        return await self.until(
            lambda: next((m for m in self.messages().values() if m["content"] == content), None)
        )

    async def sees_end_of(self, interaction_id: str) -> Frame:
        """Waits until it is answered or has failed; that frame."""
        return await self.until(
            lambda: next(
                (
                    f
                    for f in self.frames
                    if f["type"] == "interaction" and f["id"] == interaction_id
                ),
                None,
            )
        )

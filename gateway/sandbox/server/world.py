"""The simulated Discord's state: simcord's, in real time, in bounded memory, with watchers.

simcord 3.2.1 is made for tests: its clock stands still and it remembers every request, event
and id. Here it runs for days, so what would grow is cut off. Knows nothing of sockets.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from simcord._clock import Clock
from simcord.backend import Backend
from simcord.backend.cdn import CdnStore
from simcord.backend.models import AuditLogEntry, Guild, Interaction, Message

from gateway.sandbox.server.changes import (
    Change,
    CommandsChanged,
    MessageChanged,
    MessagesGone,
    change_of,
)
from gateway.sandbox.server.command_rules import check_commands

# Messages that a channel keeps.
HISTORY = 500
AUDIT_LOG_ENTRIES = 200
# Bytes of all attachments together.
ATTACHMENTS = 64 << 20

Watcher = Callable[[Change], None]


class WorldClock(Clock):
    """Real time, but for what is made while it stands: that has a date of birth of its own."""

    def __init__(self) -> None:
        super().__init__()
        self._standing: datetime | None = None

    def stand_at(self, moment: datetime) -> None:
        self._standing = moment

    def run(self) -> None:
        self._standing = None

    def now(self) -> datetime:
        return self._standing or datetime.now(UTC)


class Attachments(CdnStore):
    """The newest files, under the address of this server."""

    def __init__(self, address: str) -> None:
        """address: where /attachments/… answers, without a slash at the end."""
        super().__init__()
        self._address = address
        self._files: OrderedDict[int, bytes] = OrderedDict()
        self._size = 0

    def store_attachment(
        self,
        attachment_id: int,
        channel_id: int,
        filename: str,
        data: bytes,
        description: str | None,
    ) -> dict[str, Any]:
        stored = super().store_attachment(attachment_id, channel_id, filename, data, description)
        self._blobs.clear()
        self._files[attachment_id] = data
        self._size += len(data)
        while self._size > ATTACHMENTS:
            self._size -= len(self._files.popitem(last=False)[1])
        url = f"{self._address}/attachments/{channel_id}/{attachment_id}/{quote(filename, safe='')}"
        return {**stored, "url": url, "proxy_url": url}

    def file(self, attachment_id: int) -> bytes | None:
        return self._files.get(attachment_id)


class World(Backend):
    clock: WorldClock

    # The newest id; simcord would remember them all.
    _last_id = 0

    def __init__(self, *, attachments_at: str) -> None:
        """attachments_at: the address of this server. The clock stands until it is told to run."""
        clock = WorldClock()
        clock.stand_at(datetime(2026, 1, 1, tzinfo=UTC))
        super().__init__(clock=clock)
        self.watchers: list[Watcher] = []
        self.bot_connected = False
        # Ephemeral messages that their reader has put away.
        self.dismissed: set[int] = set()
        self.cdn: Attachments = Attachments(attachments_at)
        self.http_requests = deque(maxlen=0)  # type: ignore[assignment]
        self.transcript = deque(maxlen=0)  # type: ignore[assignment]

    def tell(self, change: Change) -> None:
        for watcher in list(self.watchers):
            watcher(change)

    def emit(self, event: str, payload: Mapping[str, Any]) -> None:
        """Events of ephemeral messages do not exist: the watchers are told beside, below."""
        for subscriber in self.subscribers:
            subscriber(event, payload)
        if (change := change_of(event, payload)) is not None:
            self.tell(change)

    def commit_message(self, message: Message, *, broadcast: bool = True) -> Message:
        committed = super().commit_message(message, broadcast=broadcast)
        if message.is_ephemeral:
            self.tell(MessageChanged(message.channel_id, message.id))
        self._forget_old_messages(message.channel_id)
        return committed

    def edit_message(self, channel_id: int, message_id: int, fields: dict[str, Any]) -> Message:
        message = super().edit_message(channel_id, message_id, fields)
        if message.is_ephemeral:
            self.tell(MessageChanged(channel_id, message_id))
        return message

    def delete_message(self, channel_id: int, message_id: int) -> None:
        ephemeral = self.get_message(channel_id, message_id).is_ephemeral
        super().delete_message(channel_id, message_id)
        self.dismissed.discard(message_id)
        if ephemeral:
            self.tell(MessagesGone(channel_id, (message_id,)))

    def bulk_delete_messages(self, channel_id: int, message_ids: Iterable[int]) -> list[int]:
        """Ephemeral messages are no part of the channel: Discord skips them."""
        kept = self.messages.get(channel_id, {})
        public = [id_ for id_ in message_ids if id_ in kept and not kept[id_].is_ephemeral]
        return super().bulk_delete_messages(channel_id, public)

    def register_commands(
        self, guild_id: int | None, payloads: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Raises BackendError when Discord would not have them."""
        check_commands(payloads)
        registered = super().register_commands(guild_id, payloads)
        self.tell(CommandsChanged())
        return registered

    def record_audit_log(self, guild_id: int, action_type: int, **more: Any) -> AuditLogEntry:
        entry = super().record_audit_log(guild_id, action_type, **more)
        del self.get_guild(guild_id).audit_log_entries[:-AUDIT_LOG_ENTRIES]
        return entry

    def forget_interaction(self, interaction: Interaction) -> None:
        """Its token is worth nothing any more."""
        self.interactions.pop(interaction.id, None)
        self.interaction_tokens.pop(interaction.token, None)

    @property
    def guild(self) -> Guild:
        """The one that there is."""
        return next(iter(self.guilds.values()))

    def _forget_old_messages(self, channel_id: int) -> None:
        messages = self.messages[channel_id]
        while len(messages) > HISTORY:
            oldest = next(iter(messages))
            del messages[oldest]
            self.dismissed.discard(oldest)

    def _allocate_at(self, milliseconds: int) -> int:
        """Rises for ever, whatever the machine's clock does."""
        self._last_id = max(milliseconds << 22, self._last_id + 1)
        return self._last_id

"""What scripts listen to, as far as Discord must be asked for it: the gateway's intents follow.

An owner whose script waits for events that will never come is told why, in the guild's log.
"""

from collections.abc import Callable, Iterable, Set

from gateway.client import GatewayClient
from gateway.intents import BITS, KNOWN_EVENTS, PRIVILEGED, IntentChoice, needed_for
from runtime.isolate import EVERY_EVENT, HostedIsolate

Note = Callable[[str, str, str], None]
# flora's own: of tasks and of the clock.
OWN_EVENTS = "FLORA_"


class Listening:
    def __init__(self, gateway: GatewayClient, note: Note) -> None:
        """note(guild, level, text) writes into the guild's log."""
        self._gateway = gateway
        self._note = note
        # By guild: the revision and the events that it has been told of.
        self._told: dict[str, tuple[str, frozenset[str]]] = {}

    def on_subscribed(self, isolate: HostedIsolate) -> None:
        """The script that is its guild's listens to this from now on."""
        guild_id, events = isolate.guild_id, isolate.subscriptions
        revision_id = isolate.script.revision_id
        if self._told.get(guild_id) == (revision_id, events):
            return
        self._told[guild_id] = revision_id, events
        self._gateway.need(needed_for(events))
        for sentence in warnings(events, self._gateway.intents):
            self._note(guild_id, "warn", sentence)

    def on_released(self, guild_id: str) -> None:
        self._told.pop(guild_id, None)

    def on_refusal(self) -> None:
        """Discord does not grant an intent: whose script needs it is told."""
        for guild_id, (_, events) in self._told.items():
            for sentence in _withheld(events, self._gateway.intents):
                self._note(guild_id, "warn", sentence)


def warnings(events: Set[str], intents: IntentChoice) -> Iterable[str]:
    """Why some of these events will not come, or not whole, in words for a script's author."""
    for event in sorted(events - KNOWN_EVENTS - {EVERY_EVENT}):
        if event.startswith(OWN_EVENTS):
            continue
        yield (
            f"this script listens to {script_name(event)}, an event that Discord does not have: "
            "is its name misspelt?"
        )
    yield from _withheld(events, intents)


def _withheld(events: Set[str], intents: IntentChoice) -> Iterable[str]:
    for intent in sorted(needed_for(events) - intents.asked, key=lambda name: BITS[name]):
        wanted = sorted(e for e in events if intent in needed_for({e}))
        names = ", ".join(script_name(event) for event in wanted)
        switch, _ = PRIVILEGED.get(intent, ("", 0))
        if intent in intents.refused:
            remedy = f"switch on {switch} in Discord's developer portal and restart flora"
        elif switch:
            remedy = f"add {intent} to DISCORD_INTENTS and switch on {switch} in Discord's portal"
        else:
            remedy = f"add {intent} to DISCORD_INTENTS"
        what = (
            "messages come without their text to this script"
            if intent == "message_content"
            else f"this script listens to {names}, which this flora is not sent"
        )
        yield f"{what}: its operator has to {remedy}"


def script_name(event: str) -> str:
    """GUILD_MEMBER_ADD as scripts call it: guildMemberAdd."""
    first, *rest = event.lower().split("_")
    return first + "".join(word.capitalize() for word in rest)

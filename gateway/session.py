"""A session at Discord's gateway, as one process leaves it to the next.

Discord keeps the events of a session whose connection is gone for a few minutes, and sends what
came after `sequence` to whoever resumes it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GatewaySession:
    """bot_id, api_base, intents, shards: what must still be so for the session to be of use.

    sequence: of the last event that was taken. resume_address: where Discord wants to be asked
    for it; empty when it has not said.
    """

    bot_id: str
    api_base: str
    intents: int
    shard: int
    shards: int
    session_id: str
    sequence: int
    resume_address: str

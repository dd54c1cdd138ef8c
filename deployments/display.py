"""How times, states, people and bytes look in lists and on pages. Knows no request, no rights."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.html import format_html
from django.utils.timesince import timesince

from deployments.models import ApiToken, AuditEvent, Revision
from deployments.models.fault import FaultKind, FollowUp
from deployments.models.guild import GuildState
from deployments.models.revision import ActorType, CommandSync, Origin, Status
from deployments.models.schedule import Outcome, Trigger

# The colours of unfold's labels.
STATE_COLOURS = {
    GuildState.RUNNING.value: "success",
    GuildState.PAUSED.value: "warning",
    GuildState.SUSPENDED.value: "danger",
    GuildState.FAILED.value: "danger",
    GuildState.EMPTY.value: "info",
    GuildState.LEFT.value: "",
}
STATUS_COLOURS = {
    Status.PENDING.value: "info",
    Status.SUCCESS.value: "success",
    Status.FAILED.value: "danger",
}
SYNC_COLOURS = {
    CommandSync.NONE.value: "",
    CommandSync.PENDING.value: "info",
    CommandSync.SYNCED.value: "success",
    CommandSync.FAILED.value: "danger",
}
# Where a deployment came from, in words that follow «from».
ORIGINS = {
    Origin.CLI.value: "the command line",
    Origin.WEBUI.value: "the admin",
    Origin.BOOTSTRAP.value: "flora's first start",
    Origin.API.value: "the API",
    Origin.UNKNOWN.value: "somewhere",
}
OUTCOME_COLOURS = {
    Outcome.RUNNING.value: "info",
    Outcome.OK.value: "success",
    Outcome.FAILED.value: "danger",
    Outcome.TIMEOUT.value: "danger",
    Outcome.SKIPPED.value: "",
    Outcome.LOST.value: "warning",
}
# Why a run was started, in words.
TRIGGERS = {
    Trigger.SLOT.value: "by the clock",
    Trigger.CATCH_UP.value: "to catch up",
    Trigger.MANUAL.value: "by hand",
}


@dataclass(frozen=True)
class FaultWords:
    """advice: what it means, and what whoever wrote the script can do."""

    title: str
    advice: str


FAULT_KINDS = {
    FaultKind.CPU.value: FaultWords(
        "Computed for too long",
        "One event, timer or answer kept the CPU busy for longer than a turn may. Look for a loop "
        "that does not end, or split long work into parts with an await between them.",
    ),
    FaultKind.TIMEOUT.value: FaultWords(
        "Did not come to an end",
        "Nothing was finished within the time that it has. Look for a loop that waits for "
        "something that never comes; let a cron job start long work instead of waiting for it.",
    ),
    FaultKind.MEMORY.value: FaultWords(
        "Used too much memory",
        "The script held more in memory than it may. Look for lists that only grow, and keep what "
        "must last in kv.",
    ),
    FaultKind.STUCK.value: FaultWords(
        "Could not be interrupted",
        "A single call of the language, such as filling an enormous array or matching a runaway "
        "regular expression, could not even be stopped: the worker process was ended, and other "
        "guilds with it for a moment. Until it has behaved for a while the script runs apart.",
    ),
    FaultKind.WORKER.value: FaultWords(
        "Its worker process died",
        "The process ended while the script computed, most likely of memory that V8 could not get. "
        "Look for enormous arrays and strings. Until it has behaved for a while it runs apart.",
    ),
    FaultKind.BUSY.value: FaultWords(
        "Used more than its share",
        "Over a whole minute the script computed more than a guild may. Its events start more "
        "slowly until it needs less. Look for timers that come too often.",
    ),
    FaultKind.LOAD.value: FaultWords(
        "Does not load",
        "The script ran before, and its top-level code failed when it was started again. Repair it "
        "and deploy, or roll back.",
    ),
    FaultKind.PROTOCOL.value: FaultWords(
        "Said something impossible",
        "What came out of the isolate was nothing that flora's own code there says.",
    ),
}
FOLLOW_UPS = {
    FollowUp.RESTARTED.value: "started anew",
    FollowUp.GOES_ON.value: "goes on",
    FollowUp.SLOWED.value: "slowed down",
    FollowUp.SECLUDED.value: "started anew, apart",
    FollowUp.ROLLED_BACK.value: "rolled back",
    FollowUp.SUSPENDED.value: "suspended",
    FollowUp.STOPPED.value: "stopped",
}
FOLLOW_UP_COLOURS = {
    FollowUp.RESTARTED.value: "warning",
    FollowUp.GOES_ON.value: "info",
    FollowUp.SLOWED.value: "info",
    FollowUp.SECLUDED.value: "warning",
    FollowUp.ROLLED_BACK.value: "danger",
    FollowUp.SUSPENDED.value: "danger",
    FollowUp.STOPPED.value: "danger",
}
LEVEL_COLOURS = {"error": "danger", "warn": "warning", "info": "info", "debug": ""}
TOKEN_COLOURS = {"active": "success", "expired": "warning", "revoked": ""}


def stamp(at: datetime | None) -> str:
    """`2026-11-25 14:03:12`, UTC: sorts and compares at a glance."""
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else ""


def moment(at: datetime | None) -> str:
    """«3 minutes ago», with the exact time where the pointer rests; an em dash for never."""
    if at is None:
        return "—"
    now = timezone.now()
    if abs(now - at) < timedelta(minutes=1):
        words = "just now"
    elif at > now:
        words = f"in {timesince(now, at, depth=1)}"
    else:
        words = f"{timesince(at, now, depth=1)} ago"
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        at.isoformat(timespec="seconds"),
        stamp(at),
        words,
    )


def who(row: Revision | AuditEvent) -> str:
    """Who did it, in a word or two."""
    name: str = row.actor_username
    if row.actor_type == ActorType.TOKEN:
        return f"{name} (token)" if name else "a token"
    return name or ("flora" if row.actor_type == ActorType.SYSTEM else "somebody")


def change_words(revision: Revision) -> str:
    """What a revision changed against the one before it, in a few words."""
    if revision.rolled_back_to_id:
        return f"back to {str(revision.rolled_back_to_id)[:8]}"
    if revision.change_summary is None:
        return "—"
    counts = [
        f"{len(revision.change_summary[f'{word}_files'])} {word}"
        for word in ("added", "modified", "removed")
        if revision.change_summary[f"{word}_files"]
    ]
    return ", ".join(counts) or "nothing"


def token_state(token: ApiToken) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if token.expiry and token.expiry <= timezone.now() else "active"


def duration(milliseconds: int | None) -> str:
    """`230 ms`, `1.2 s`; an em dash while it is not known."""
    if milliseconds is None:
        return "—"
    return f"{milliseconds} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


def shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"


def as_text(value: Any, limit: int) -> str:
    """Bytes of a database column as text; what lies beyond the limit is cut and says so."""
    data = bytes(value)
    shown = data[:limit].decode(errors="replace")
    if len(data) <= limit:
        return shown
    return f"{shown}…\n({len(data)} bytes in all, the first {limit} are shown)"

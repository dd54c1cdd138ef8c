"""The admin over Django's test client: two guilds with a row of every kind, and five people."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.async_api import Browser

from deployments import control
from deployments.actor import Actor
from deployments.models import (
    ApiToken,
    AuditEvent,
    CronJob,
    Fault,
    Guild,
    GuildMember,
    JobRun,
    KvEntry,
    KvStore,
    LogEntry,
    Revision,
    Secret,
    Task,
    User,
)
from deployments.models.revision import ActorType, Origin, Status
from deployments.services.secrets import put_secret
from deployments.services.tokens import create_token
from runtime.control import ControlSocket
from tests.browser import browser

GARDEN, ORCHARD = 300000000000000001, 300000000000000002
PASSWORD = "correct horse battery"
MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture(autouse=True)
def one_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The runtime is reached over the control socket alone, where there is one."""
    monkeypatch.setattr(settings.FLORA.cache, "url", "")


@dataclass
class Belongings:
    """A guild with its owner and one row of each kind. Each text in it has the guild's name."""

    guild: Guild
    owner: User
    old: Revision
    active: Revision
    failed: Revision
    log: LogEntry
    store: KvStore
    entry: KvEntry
    token: ApiToken
    audit: AuditEvent
    job: CronJob
    run: JobRun
    fault: Fault
    task: Task
    secret: Secret


@dataclass
class World:
    garden: Belongings
    orchard: Belongings
    operator: User
    stranger: User


def revision_of(guild: Guild, status: Status, main: str = "ping()\n", **fields: Any) -> Revision:
    """As the runtime leaves it, of one or two files."""
    name = guild.name.lower()
    return Revision.objects.create(
        guild=guild,
        **{
            "entry": "src/main.ts",
            "files": [
                {"path": "src/main.ts", "contents": main},
                {"path": f"src/{name}.ts", "contents": f"export const name = '{name}'\n"},
            ],
            "bundle": "x" if status == Status.SUCCESS else None,
            "status": status,
            "origin": Origin.WEBUI,
            "actor_type": ActorType.SESSION,
            "actor_username": f"{name}-owner",
            **fields,
        },
    )


def failure(**error: Any) -> dict[str, Any]:
    return {"message": "boom", "file": None, "line": None, "column": None, "stack": "", **error}


def belongings(guild_id: int, name: str) -> Belongings:
    guild = Guild.objects.create(id=guild_id, name=name)
    name = name.lower()
    owner = User.objects.create_user(f"{name}-owner", password=None)
    GuildMember.objects.create(guild=guild, user=owner)
    actor = Actor("session", owner)
    old = revision_of(guild, Status.SUCCESS, "old()\n")
    active = revision_of(guild, Status.SUCCESS, base_revision=old)
    failed = revision_of(guild, Status.FAILED, "bad(\n", error=failure(message=f"{name} breaks"))
    guild.active_revision = active
    guild.save()
    store = KvStore.objects.create(guild=guild, name=f"{name}-store")
    now = timezone.now()
    job = CronJob.objects.create(
        guild=guild, name=f"{name}-job", expression="0 9 * * *", revision=active, next_at=now
    )
    return Belongings(
        guild=guild,
        owner=owner,
        old=old,
        active=active,
        failed=failed,
        log=LogEntry.objects.create(
            guild=guild, level="info", target="flora:js", message=f"{name} says hello"
        ),
        store=store,
        entry=KvEntry.objects.create(
            store=store, key=f"{name}-key".encode(), value=f"{name}-value".encode(), size=20
        ),
        token=create_token(actor=actor, user=owner, label=f"{name}-token", guilds=[guild])[0],
        audit=AuditEvent.record(actor=actor, action="pause", guild=guild, note=f"{name}-note"),
        job=job,
        run=JobRun.objects.create(
            guild=guild, job=job, name=job.name, slot=now, outcome="failed", error=f"{name} failed"
        ),
        fault=Fault.objects.create(
            guild=guild,
            revision=active,
            kind="cpu",
            message=f"{name} computes",
            event="MESSAGE_CREATE",
            follow_up="restarted",
        ),
        task=Task.objects.create(
            guild=guild, key=f"{name}-task", due_at=now, data=f'"{name}-data"'
        ),
        secret=put_secret(
            guild=guild,
            name=f"{name}-secret",
            value=f"{name}-never-shown",
            allowed_hosts=[f"{name}.example"],
            actor=actor,
        ),
    )


@pytest.fixture
def world(db: None) -> World:
    return World(
        garden=belongings(GARDEN, "Garden"),
        orchard=belongings(ORCHARD, "Orchard"),
        operator=User.objects.create_superuser("operator", password=None),
        stranger=User.objects.create_user("stranger", password=None),
    )


@pytest.fixture
def people(transactional_db: None, world: World) -> World:
    """Those that a browser can log in."""
    for user in (world.garden.owner, world.operator):
        user.set_password(PASSWORD)
        user.save()
    return world


@pytest_asyncio.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with browser() as running:
        yield running


class Visitor:
    """A person with a browser, logged in when there is a user. CSRF is enforced."""

    def __init__(self, user: User | None = None) -> None:
        self.client = Client(enforce_csrf_checks=True)
        if user is not None:
            self.client.force_login(user, backend=MODEL_BACKEND)
        self.client.cookies["csrftoken"] = "c" * 32

    def get(self, path: str, **options: Any) -> Any:
        return self.client.get(address(path), **options)

    def post(self, path: str, form: dict[str, Any] | None = None) -> Any:
        return self.client.post(
            address(path), {**(form or {}), "csrfmiddlewaretoken": "c" * 32}, follow=False
        )


def address(path: str) -> str:
    """`guild/` is a page of the app; with a leading slash it is the whole path."""
    return path if path.startswith("/") else f"/admin/deployments/{path}"


def page_of(row: Any) -> str:
    return address(f"{row._meta.model_name}/{row.pk}/change/")


def said(response: Any) -> list[str]:
    """The messages that a page, or the page that it redirects to, shows."""
    return [str(message) for message in response.context["messages"]]


@pytest.fixture
def owner(world: World) -> Visitor:
    return Visitor(world.garden.owner)


@pytest.fixture
def operator(world: World) -> Visitor:
    return Visitor(world.operator)


class Answering:
    """The runtime's end of the control socket, with answers of the test's choice."""

    def __init__(self) -> None:
        self.asked: list[control.Message] = []
        self.answer: Callable[[control.Message], control.Reply] = self._agree

    def _agree(self, message: control.Message) -> control.Reply:
        match message:
            case control.Deploy():
                return control.Settled(message.revision_id, "success")
            case control.Reconcile():
                return control.Done()
            case _:
                return control.Status([])

    async def handle(self, message: control.Message) -> control.Reply:
        self.asked.append(message)
        return await asyncio.to_thread(self.answer, message)


@pytest.fixture
def runtime() -> Iterator[Answering]:
    answering = Answering()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    socket = ControlSocket(Path(settings.CONTROL_SOCKET), answering.handle)
    try:
        asyncio.run_coroutine_threadsafe(socket.start(), loop).result(10)
        yield answering
        asyncio.run_coroutine_threadsafe(socket.stop(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

"""The API over Django's test client: what it lets whom do, and what it says to wrong input."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from deployments.actor import Actor
from deployments.models import ApiToken, Guild, GuildMember, Revision, User
from deployments.models.revision import ActorType, Origin, Status
from deployments.services.tokens import create_token

GARDEN, ORCHARD = 300000000000000001, 300000000000000002


@dataclass
class World:
    """Two guilds with an owner each, an operator, and a stranger who has neither."""

    garden: Guild
    orchard: Guild
    gardener: User
    farmer: User
    operator: User
    stranger: User

    def token(self, user: User | None, **options: Any) -> str:
        return self.token_row(user, **options)[1]

    def token_row(self, user: User | None, **options: Any) -> tuple[ApiToken, str]:
        return create_token(actor=Actor.system(), user=user, label="test", **options)


class Api:
    """A caller: by token, or with a browser's session."""

    def __init__(self, token: str = "", user: User | None = None) -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}
        if user is not None:
            self.client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
            self.client.cookies["csrftoken"] = self.headers["X-CSRFToken"] = "c" * 32

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """(status, JSON); a session sends its CSRF token along."""
        response = self.client.generic(
            method,
            path,
            "" if body is None else json.dumps(body),
            content_type="application/json",
            headers={**self.headers, **headers},
        )
        if response.streaming:
            return response.status_code, None
        content = response.content
        is_json = response["Content-Type"] == "application/json" if content else False
        return response.status_code, json.loads(content) if is_json else content.decode()


@pytest.fixture
def world(db: None) -> World:
    def user(name: str, **fields: Any) -> User:
        return User.objects.create_user(name, **fields)

    world = World(
        garden=Guild.objects.create(id=GARDEN, name="Garden"),
        orchard=Guild.objects.create(id=ORCHARD, name="Orchard"),
        gardener=user("gardener"),
        farmer=user("farmer"),
        operator=user("operator", is_superuser=True),
        stranger=user("stranger"),
    )
    GuildMember.objects.create(guild=world.garden, user=world.gardener, owner=True)
    GuildMember.objects.create(guild=world.orchard, user=world.farmer, owner=True)
    return world


@pytest.fixture
def operator(world: World) -> Api:
    return Api(world.token(None, operator=True))


@pytest.fixture
def gardener(world: World) -> Api:
    return Api(world.token(world.gardener))


def settled(guild: Guild, status: Status = Status.SUCCESS, **fields: Any) -> Revision:
    """A revision as the runtime leaves it; a successful one is the guild's active one."""
    revision = Revision.objects.create(
        guild=guild,
        entry="src/main.ts",
        files=[{"path": "src/main.ts", "contents": "1"}],
        bundle="1;\n",
        source_map="{}",
        source_map_path="main.js.map",
        origin=Origin.API,
        actor_type=ActorType.SYSTEM,
        status=status,
        **fields,
    )
    if status == Status.SUCCESS:
        Guild.objects.filter(pk=guild.pk).update(active_revision=revision)
    return revision

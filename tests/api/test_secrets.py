"""Secrets over the API: set, listed without their values, deleted; wrong input named."""

import json
from typing import Any

import pytest

from deployments.models import AuditEvent, Guild, Secret
from deployments.sealing import configured_sealer
from deployments.services.secrets import MAX_SECRETS, MAX_TOTAL_BYTES, MAX_VALUE_BYTES
from tests.api.conftest import GARDEN, ORCHARD, Api, World

VALUE = "correct horse battery staple"
SECRETS = f"/api/secrets/{GARDEN}"


def value_of(secret: Secret) -> str:
    return configured_sealer().open(secret.identity, secret.sealed)


def version() -> int:
    return Guild.objects.get(pk=GARDEN).secrets_version


def test_set_listed_changed_deleted(gardener: Api, world: World) -> None:
    body = {"value": VALUE, "allowed_hosts": ["API.example.com.", "https://*.wide.example/path"]}
    shown = {"name": "API_KEY", "allowed_hosts": ["api.example.com", "*.wide.example"]}
    assert gardener("PUT", f"{SECRETS}/API_KEY", body) == (200, shown)
    secret = Secret.objects.get()
    assert (secret.guild_id, secret.created_by) == (GARDEN, "gardener")
    assert value_of(secret) == VALUE
    assert gardener("GET", SECRETS) == (200, [shown])
    first = version()

    changed = {"name": "API_KEY", "allowed_hosts": []}
    assert gardener("PUT", f"{SECRETS}/API_KEY", {"value": " öther\n"}) == (200, changed)
    again = Secret.objects.get()
    assert (again.pk, again.placeholder) == (secret.pk, secret.placeholder)
    assert value_of(again) == " öther\n"
    assert version() > first

    second = version()
    assert gardener("DELETE", f"{SECRETS}/API_KEY") == (200, {"deleted": True})
    assert gardener("GET", SECRETS) == (200, [])
    assert version() > second
    third = version()
    assert gardener("DELETE", f"{SECRETS}/API_KEY") == (200, {"deleted": True})
    assert version() == third


def test_the_value_is_nowhere_to_be_read(gardener: Api, world: World) -> None:
    answer = gardener("PUT", f"{SECRETS}/API_KEY", {"value": VALUE, "allowed_hosts": ["a.example"]})
    assert VALUE not in json.dumps([answer, gardener("GET", SECRETS)])
    stored = [*Secret.objects.values_list(), *AuditEvent.objects.values_list()]
    assert VALUE not in str(stored)
    assert "horse" not in str(stored)


def test_each_change_is_audited_without_the_value(gardener: Api, world: World) -> None:
    gardener("PUT", f"{SECRETS}/API_KEY", {"value": VALUE, "allowed_hosts": ["a.example"]})
    gardener("PUT", f"{SECRETS}/API_KEY", {"value": "other one"})
    gardener("DELETE", f"{SECRETS}/API_KEY")
    gardener("DELETE", f"{SECRETS}/API_KEY")
    events = AuditEvent.objects.filter(action__endswith="_secret").order_by("pk")
    assert [(event.action, event.actor_username, event.details) for event in events] == [
        (
            "put_secret",
            "gardener",
            {"secret": "API_KEY", "changed": "new", "allowed_hosts": ["a.example"]},
        ),
        (
            "put_secret",
            "gardener",
            {"secret": "API_KEY", "changed": "value", "allowed_hosts": []},
        ),
        ("delete_secret", "gardener", {"secret": "API_KEY"}),
    ]


def test_guilds_have_their_own(gardener: Api, world: World) -> None:
    farmer = Api(world.token(world.farmer))
    gardener("PUT", f"{SECRETS}/KEY", {"value": "of the garden"})
    farmer("PUT", f"/api/secrets/{ORCHARD}/KEY", {"value": "of the orchard"})
    assert Secret.objects.count() == 2
    gardener("DELETE", f"{SECRETS}/KEY")
    (left,) = Secret.objects.all()
    assert (left.guild_id, value_of(left)) == (ORCHARD, "of the orchard")


NAME = "`name`: a secret's name has 1 to 64 letters, digits, dots, hyphens and underscores"
WRONG: list[tuple[str, Any, str]] = [
    ("KEY", {}, "`value`: This field is required."),
    ("KEY", {"value": None}, "`value`: This field may not be null."),
    ("KEY", {"value": 5}, "`value`: Not a valid string."),
    ("KEY", {"value": ""}, "`value`: a secret has at least 4 characters"),
    ("KEY", {"value": "abc"}, "`value`: a secret has at least 4 characters"),
    ("KEY", {"value": "a\0bcd"}, "`value`: Null characters are not allowed."),
    ("KEY", {"value": "\ud800abc"}, "`value`: A lone surrogate is no character."),
    (
        "KEY",
        {"value": "é" * (MAX_VALUE_BYTES // 2) + "x"},
        f"`value`: {MAX_VALUE_BYTES + 1} bytes, at most {MAX_VALUE_BYTES}",
    ),
    ("KEY", {"value": VALUE, "allowed_hosts": "a.example"}, "`allowed_hosts`: Expected a list"),
    ("KEY", {"value": VALUE, "allowed_hosts": ["*"]}, "`allowed_hosts`: * would be every host"),
    ("KEY", {"value": VALUE, "allowed_hosts": ["*.com"]}, "`allowed_hosts`: *.com is too wide"),
    ("KEY", {"value": VALUE, "allowed_hosts": ["a b"]}, "`allowed_hosts`: 'a b' is no host"),
    ("KEY", {"value": VALUE, "allowed_hosts": ["u@a.example"]}, "`allowed_hosts`: 'u@a.example'"),
    ("KEY", {"value": VALUE, "allowed_hosts": [""]}, "`allowed_hosts`: '' is no host"),
    (
        "KEY",
        {"value": VALUE, "allowed_hosts": [f"a{n}.example" for n in range(51)]},
        "`allowed_hosts`: Ensure this field has no more than 50 elements.",
    ),
    *((name, {"value": VALUE}, NAME) for name in ("1KEY", "-a", "a%20b", "%C3%A4", "x" * 65)),
]


@pytest.mark.parametrize(("name", "body", "sentence"), WRONG)
def test_wrong_input_is_named_and_nothing_changes(
    name: str, body: Any, sentence: str, gardener: Api, world: World
) -> None:
    events = AuditEvent.objects.count()
    status, content = gardener("PUT", f"{SECRETS}/{name}", body)
    assert status == 400
    assert content["message"].startswith(f"Bad request: {sentence}")
    assert (Secret.objects.count(), AuditEvent.objects.count(), version()) == (0, events, 0)


def test_the_largest_is_allowed_and_so_much_in_all(gardener: Api, world: World) -> None:
    longest = "x" * MAX_VALUE_BYTES
    for number in range(MAX_TOTAL_BYTES // MAX_VALUE_BYTES):
        assert gardener("PUT", f"{SECRETS}/KEY{number}", {"value": longest})[0] == 200
    assert gardener("PUT", f"{SECRETS}/ONE_MORE", {"value": "1234"}) == (
        400,
        {
            "message": "Bad request: `value`: the guild's secrets have "
            f"{MAX_TOTAL_BYTES + 4} bytes with it, at most {MAX_TOTAL_BYTES}"
        },
    )
    # What is replaced does not count.
    assert gardener("PUT", f"{SECRETS}/KEY0", {"value": longest[1:] + "y"})[0] == 200
    assert gardener("PUT", f"{SECRETS}/KEY0", {"value": "short"})[0] == 200
    assert gardener("PUT", f"{SECRETS}/ONE_MORE", {"value": "1234"})[0] == 200


def test_a_guild_has_so_many(gardener: Api, world: World) -> None:
    for number in range(MAX_SECRETS):
        assert gardener("PUT", f"{SECRETS}/KEY{number}", {"value": "1234"})[0] == 200
    assert gardener("PUT", f"{SECRETS}/ONE_MORE", {"value": "1234"}) == (
        400,
        {"message": f"Bad request: `name`: a guild has at most {MAX_SECRETS} secrets"},
    )
    assert gardener("PUT", f"{SECRETS}/KEY0", {"value": "12345"})[0] == 200


def test_a_secret_by_itself_is_not_shown(operator: Api) -> None:
    assert operator("GET", f"{SECRETS}/KEY")[0] == 405

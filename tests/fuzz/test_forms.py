"""The admin's forms are sent with whatever a browser, or somebody without one, may put into them.

No page is a failure of flora's, and an owner neither sees nor changes what is another guild's.
"""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from tests.admin.conftest import Answering, Visitor, World, address
from tests.admin.test_authorisation import ROUTES, names
from tests.examples import same_each_time
from tests.fuzz.other_guild import mentions, state_of
from tests.fuzz.values import AWKWARD

pytestmark = pytest.mark.hypothesis

Form = dict[str, str]
# For each form.
EXAMPLES = 6
# Fields that forms read beside those with which they do what they are for.
FURTHER = {
    "guild/{guild}/script/": ("row", "path", "contents", "entry", "base", "add", "remove", "file"),
    "guild/{guild}/limits/": ("heap_mb", "external_mb", "guild_concurrency", "turn_cpu_ms"),
    "apitoken/add/": ("label", "lifetime", "guilds", "operator", "user"),
    "kvstore/{store}/key/?key={key}": ("value", "seen", "metadata", "expires", "expires_at"),
    "kvstore/{store}/new-key/": ("name", "value", "metadata", "expires", "expires_at"),
}
awkward_texts = st.sampled_from([text for text in AWKWARD if isinstance(text, str)])
texts = (
    awkward_texts
    | st.sampled_from(["on", "-1", "1e400", "nan", "9" * 400, "\ud800", "x" * 100_000, "0x10"])
    | st.text(max_size=20)
    | st.integers().map(str)
)


def families() -> dict[str, list[tuple[str, Form]]]:
    """Everything that the table of rights posts, by the first word of its address."""
    found: dict[str, list[tuple[str, Form]]] = {}
    posted = [(path, form) for method, path, form, *_ in ROUTES if method == "POST"]
    for path, form in [*posted, ("apitoken/add/", {"label": "l", "lifetime": "30"})]:
        family = path.removeprefix("/admin/").partition("/")[0]
        found.setdefault(family, []).append((path, form))
    return found


FAMILIES = families()


@st.composite
def requests(
    draw: st.DrawFn, path: str, usual: Form, own: dict[str, Any], other: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    """An address and a form: the right one's fields, some of them changed, left out, or twice."""
    of_the_other = st.sampled_from([str(value) for value in other.values()])
    form: dict[str, Any] = {name: text.format(**own) for name, text in usual.items()}
    for name in (*usual, *FURTHER.get(path, ())):
        match draw(st.integers(0, 5)):
            case 0:
                form.pop(name, None)
            case 1:
                form[name] = draw(texts)
            case 2:
                form[name] = draw(of_the_other)
            case 3:
                form[name] = [draw(texts), draw(texts)]
    odd_place = {draw(st.sampled_from([*own])): draw(of_the_other | awkward_texts)}
    places = draw(st.sampled_from([own, other, {**own, **odd_place}]))
    return path.format(**places), form


def names_of(world: World, whose: str) -> dict[str, Any]:
    """What stands for {guild}, {store} and so on in the table's addresses."""
    mirrored = World(
        garden=world.garden if whose == "garden" else world.orchard,
        orchard=world.orchard,
        operator=world.operator,
        stranger=world.stranger,
    )
    return names(mirrored)


@pytest.mark.parametrize("family", FAMILIES)
def test_whatever_is_sent(family: str, world: World, answering: Answering) -> None:
    people = {"owner": Visitor(world.garden.owner), "operator": Visitor(world.operator)}
    for path, usual in FAMILIES[family]:
        send(path, usual, world, people)


def send(route: str, usual: Form, world: World, people: dict[str, Visitor]) -> None:
    own, other = names_of(world, "garden"), names_of(world, "orchard")
    before = state_of(world.orchard)

    @same_each_time(EXAMPLES)
    @given(requests(route, usual, own, other), st.sampled_from(["owner", *people]))
    def sent(request: tuple[str, dict[str, Any]], who: str) -> None:
        path, form = request
        with transaction.atomic():
            page = people[who].client.post(
                address(path),
                urlencode({**form, "csrfmiddlewaretoken": "c" * 32}, True, errors="surrogatepass"),
                content_type="application/x-www-form-urlencoded",
            )
            after = state_of(world.orchard) if who == "owner" else before
            transaction.set_rollback(True)
        assert page.status_code < 500
        assert after == before
        if who == "owner":
            assert mentions(f"{page.headers} {page.content.decode()}", f"{path} {form}") == ""

    sent()

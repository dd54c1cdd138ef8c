"""The script editor: what it opens with, what it deploys, and that nothing typed is ever lost."""

from html.parser import HTMLParser
from typing import Any

import pytest
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from deployments.admin.script_form import STARTER, EditedFile, ScriptForm
from deployments.models import AuditEvent, Guild, Revision
from deployments.models.revision import Status
from tests.admin.conftest import GARDEN, Visitor, World, failure, page_of, revision_of

SCRIPT = f"guild/{GARDEN}/script/"


def typed(*files: tuple[str, str], entry: str = "0", base: Any = "", **more: str) -> dict[str, Any]:
    """The form as a browser sends it, rows numbered from 0."""
    return {
        "row": [str(row) for row in range(len(files))],
        "path": [path for path, _ in files],
        "contents": [contents for _, contents in files],
        "entry": entry,
        "base": str(base),
        **more,
    }


def shown(page: Any) -> list[tuple[str, str]]:
    return [(file.path, file.contents) for file in page.context["form"].files]


class Fields(HTMLParser):
    """The paths and text areas of a page, as a browser understands them."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.paths: list[str] = []
        self.contents: list[str] = []
        self._inside = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = dict(attributes)
        if tag == "input" and named.get("name") == "path":
            self.paths.append(named["value"] or "")
        if tag == "textarea":
            self._inside = True
            self.contents.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "textarea"

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.contents[-1] += data


# --- what it opens with -----------------------------------------------------------------------


def test_it_opens_with_what_runs(owner: Visitor, world: World) -> None:
    page = owner.get(SCRIPT)
    assert shown(page) == [
        ("src/main.ts", "ping()\n"),
        ("src/garden.ts", "export const name = 'garden'\n"),
    ]
    form = page.context["form"]
    assert (form.entry, form.base) == ("0", str(world.garden.active.pk))
    assert "This is what runs: deployed just now" in _text(page)


def test_it_opens_a_refused_revision_with_its_error_at_the_line(
    owner: Visitor, world: World
) -> None:
    error = failure(message="Unexpected end", file="src/garden.ts", line=1, column=7)
    Revision.objects.filter(pk=world.garden.failed.pk).update(error=error)
    page = owner.get(f"{SCRIPT}?revision={world.garden.failed.pk}")
    main, named = page.context["form"].files
    assert main.contents == "bad(\n"
    assert (main.problem, main.line) == ("", None)
    assert (named.problem, named.line) == ("line 1, column 7: Unexpected end", 1)
    assert "src/garden.ts:1:7: Unexpected end" in _text(page)
    assert 'data-line="1"' in page.content.decode()
    # Deployed again it must not count as overtaken: what runs is still the same.
    assert page.context["form"].base == str(world.garden.active.pk)


def test_after_an_undeploy_it_opens_with_the_last_that_ran(owner: Visitor, world: World) -> None:
    Guild.objects.update(active_revision=None)
    last = revision_of(world.garden.guild, Status.SUCCESS, "last()\n")
    page = owner.get(SCRIPT)
    assert shown(page)[0] == ("src/main.ts", "last()\n")
    assert page.context["opened"] == last
    assert page.context["form"].base == ""
    assert "not what runs now" in _text(page)


def test_a_guild_that_never_had_a_script_gets_a_small_one(owner: Visitor, world: World) -> None:
    Guild.objects.update(active_revision=None)
    Revision.objects.filter(guild=world.garden.guild).delete()
    assert shown(owner.get(SCRIPT)) == [("src/main.ts", STARTER)]


def test_a_ready_bundle_cannot_be_edited_but_replaced(owner: Visitor, world: World) -> None:
    Revision.objects.filter(pk=world.garden.active.pk).update(files=None)
    page = owner.get(SCRIPT)
    assert "came as a ready bundle" in _text(page)
    assert b"<textarea" not in page.content
    assert shown(owner.get(f"{SCRIPT}?anew")) == [("src/main.ts", STARTER)]


@pytest.mark.parametrize("revision", ["", "nonsense", "00000000-0000-0000-0000-000000000000"])
def test_a_revision_that_is_not_there(revision: str, owner: Visitor) -> None:
    page = owner.get(f"{SCRIPT}?revision={revision}")
    assert page.status_code == (404 if revision else 200)


def test_another_guilds_revision_is_not_there(owner: Visitor, world: World) -> None:
    assert owner.get(f"{SCRIPT}?revision={world.orchard.active.pk}").status_code == 404


# --- what it deploys --------------------------------------------------------------------------


def test_deploying(owner: Visitor, world: World) -> None:
    form = typed(
        ("src/main.ts", "import './commands'\r\n"),
        ("src/commands.ts", "\n  ping('ü')\r\n\r\n"),
        ("", "  \r\n"),
        base=world.garden.active.pk,
    )
    response = owner.post(SCRIPT, form)
    revision = Revision.objects.latest("created_at")
    assert response["Location"] == f"{page_of(revision)}?from=editor"
    assert revision.status == Status.PENDING
    assert revision.entry == "src/main.ts"
    assert revision.files == [
        {"path": "src/main.ts", "contents": "import './commands'\n"},
        {"path": "src/commands.ts", "contents": "\n  ping('ü')\n\n"},
    ]
    assert (revision.origin, revision.actor_type) == ("webui", "session")
    assert revision.actor_username == "garden-owner"
    assert AuditEvent.objects.latest("pk").action == "deploy"
    # Nothing has changed for the members of the guild yet.
    world.garden.guild.refresh_from_db()
    assert world.garden.guild.active_revision_id == world.garden.active.pk


def test_another_file_may_start_the_script(owner: Visitor, world: World) -> None:
    form = typed(("a.ts", "1"), ("b.ts", "2"), entry="1", base=world.garden.active.pk)
    owner.post(SCRIPT, form)
    assert Revision.objects.latest("created_at").entry == "b.ts"


def test_the_only_file_starts_the_script_unasked(owner: Visitor, world: World) -> None:
    owner.post(SCRIPT, typed(("a.ts", "1"), entry="", base=world.garden.active.pk))
    assert Revision.objects.latest("created_at").entry == "a.ts"


MISTAKES = [
    ((), "0", "There is no file to deploy: add one.", []),
    ((("", ""),), "0", "There is no file to deploy: add one.", []),
    (
        (("", "x()"),),
        "0",
        "Nothing is deployed yet: correct what is marked below.",
        ["Give this file a path, for example src/commands.ts."],
    ),
    (
        (("../a.ts", "x()"),),
        "0",
        "Nothing is deployed yet: correct what is marked below.",
        ["The path '../a.ts' must not contain `..`."],
    ),
    (
        (("a.ts", "x()"), ("/b.ts", "y()")),
        "0",
        "Nothing is deployed yet: correct what is marked below.",
        ["", "The path '/b.ts' must be relative."],
    ),
    (
        (("a.ts", "x()"), ("A.ts", "y()")),
        "0",
        "Nothing is deployed yet: correct what is marked below.",
        ["", "Another file has this path already."],
    ),
    (
        (("a.ts", "x()"), ("b.ts", "y()")),
        "",
        "Choose the file that the script starts with.",
        ["", ""],
    ),
    (
        (("a.ts", "x()"), ("b.ts", "y()")),
        "7",
        "Choose the file that the script starts with.",
        ["", ""],
    ),
    (
        (("a.ts", "x\x00"),),
        "0",
        "Nothing is deployed yet: `files[].contents` of a.ts has a NUL character, "
        "which no source file needs.",
        [""],
    ),
    (
        (("a.ts", "x" * 1_048_577),),
        "0",
        "Nothing is deployed yet: `files` has 1048577 bytes in all, at most 1048576 are allowed.",
        [""],
    ),
]


@pytest.mark.parametrize(("files", "entry", "problem", "problems"), MISTAKES)
def test_a_mistake_is_named_and_the_text_stays(
    files: tuple[tuple[str, str], ...],
    entry: str,
    problem: str,
    problems: list[str],
    owner: Visitor,
    world: World,
) -> None:
    before = Revision.objects.count()
    page = owner.post(SCRIPT, typed(*files, entry=entry, base=world.garden.active.pk))
    assert page.status_code == 400
    form = page.context["form"]
    assert form.problem == problem
    assert [file.problem for file in form.files] == problems
    assert shown(page) == [file for file in files if any(file)]
    assert Revision.objects.count() == before


def test_too_many_files(owner: Visitor, world: World) -> None:
    files = [(f"f{number}.ts", "") for number in range(201)]
    page = owner.post(SCRIPT, typed(*files, base=world.garden.active.pk))
    assert page.status_code == 400
    assert page.context["form"].problem == (
        "Nothing is deployed yet: `files` has 201 files, at most 200 are allowed."
    )


# --- somebody else was faster -----------------------------------------------------------------


def test_a_deployment_of_somebody_else_in_between_is_not_overwritten_unasked(
    owner: Visitor, world: World
) -> None:
    newer = revision_of(world.garden.guild, Status.SUCCESS, "newer()\n", actor_username="rose")
    Guild.objects.filter(pk=GARDEN).update(active_revision=newer)
    before = Revision.objects.count()
    page = owner.post(SCRIPT, typed(("a.ts", "mine()"), base=world.garden.active.pk))
    assert page.status_code == 409
    assert "Somebody else was faster. rose deployed another script just now" in _text(page)
    assert page_of(newer) in page.content.decode()
    assert "Deploy anyway" in _text(page)
    assert shown(page) == [("a.ts", "mine()")]
    assert Revision.objects.count() == before

    again = owner.post(SCRIPT, typed(("a.ts", "mine()"), base=page.context["form"].base))
    assert again.status_code == 302
    assert Revision.objects.latest("created_at").files == [{"path": "a.ts", "contents": "mine()"}]


def test_an_undeploy_in_between_is_said_too(owner: Visitor, world: World) -> None:
    Guild.objects.filter(pk=GARDEN).update(active_revision=None)
    page = owner.post(SCRIPT, typed(("a.ts", "mine()"), base=world.garden.active.pk))
    assert page.status_code == 409
    assert "The script was undeployed while you were writing." in _text(page)


# --- without scripts in the browser -----------------------------------------------------------


def test_adding_and_removing_a_file_by_the_server(owner: Visitor) -> None:
    added = owner.post(SCRIPT, typed(("a.ts", "x()"), ("b.ts", "y()"), entry="1", add=""))
    assert added.status_code == 200
    assert [(file.row, file.path) for file in added.context["form"].files] == [
        ("0", "a.ts"),
        ("1", "b.ts"),
        ("2", ""),
    ]
    removed = owner.post(SCRIPT, typed(("a.ts", "x()"), ("b.ts", "y()"), entry="1", remove="0"))
    assert shown(removed) == [("b.ts", "y()")]
    assert removed.context["form"].entry == "1"


# Without CR, which a text area does not keep, and NUL, which no page can carry.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x00"), max_size=200)


@given(path=TEXT, contents=TEXT)
def test_what_is_typed_survives_the_page(path: str, contents: str) -> None:
    file = EditedFile("0", path, contents)
    form = ScriptForm([file], "0")
    html = render_to_string("admin/deployments/script_file.html", {"file": file, "form": form})
    fields = Fields(html)
    # A browser drops the first line end inside a text area.
    assert fields.contents[0].removeprefix("\n") == contents
    assert fields.contents[0].startswith("\n")
    assert fields.paths == [path]


def _text(page: Any) -> str:
    """The page's words, tags and line ends aside."""
    words: list[str] = []

    class Words(HTMLParser):
        def handle_data(self, data: str) -> None:
            words.append(data)

    Words().feed(page.content.decode())
    return " ".join(" ".join(words).split()).replace(" .", ".")

"""KV data in the admin: stores and keys, made, looked at, changed and deleted by hand."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.html import escape

from deployments.actor import Actor
from deployments.admin.kv_key import key_address
from deployments.admin.kv_store_page import KEYS_ON_PAGE
from deployments.kv.entries import Entry
from deployments.models import AuditEvent, KvEntry, KvStore
from deployments.services.kv_keys import delete_key, find_key, put_key
from tests.admin.conftest import Visitor, World, address, page_of, said

FAR = int(datetime(2050, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp())


@pytest.fixture
def store(world: World) -> KvStore:
    """An empty one of Garden's."""
    KvStore.objects.filter(guild=world.garden.guild).delete()
    return KvStore.objects.create(guild=world.garden.guild, name="notes")


def put(store: KvStore, key: str, value: str | bytes, *more: Any) -> None:
    stored = value.encode() if isinstance(value, str) else value
    put_key(
        guild=store.guild,
        store=store.name,
        key=key,
        entry=Entry(stored, *more),
        actor=Actor.system(),
    )


def entry(store: KvStore, key: str) -> Entry | None:
    return find_key(guild=store.guild, store=store.name, key=key)


def key_page(store: KvStore, key: str) -> str:
    return key_address("key", store.pk, key)


def as_sent(page: Any, **changes: str) -> dict[str, str]:
    """What a browser sends of the page's form: line ends as CRLF."""
    form = page.context["form"]
    typed = {
        name: str(form[name].value() if form[name].value() is not None else "")
        for name in form.fields
    }
    sent = {**typed, "seen": page.context["seen"], **changes}
    return {name: re.sub("\r?\n", "\r\n", text) for name, text in sent.items()}


# --- stores --------------------------------------------------------------------------------


def test_a_store_is_made_and_leads_to_its_page(owner: Visitor, world: World) -> None:
    response = owner.post("kvstore/add/", {"guild": world.garden.guild.pk, "name": "notes"})
    store = KvStore.objects.get(name="notes")
    assert response["Location"] == page_of(store)
    page = owner.get(page_of(store))
    assert said(page) == ["The store notes is made."]
    assert "The store is empty" in page.content.decode()
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.actor_username) == ("create_kv_store", "garden-owner")
    again = owner.post("kvstore/add/", {"guild": world.garden.guild.pk, "name": "notes"})
    assert again["Location"] == page_of(store)
    assert said(owner.get(page_of(store))) == ["It was there already."]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "This field is required."),
        ("a/b", "The name contains invalid characters."),
        ("ä" * 33, "The name exceeds maximum size of 64 characters."),
    ],
)
def test_a_wrong_name_is_refused_and_stands_there_still(
    name: str, sentence: str, owner: Visitor, world: World
) -> None:
    before = KvStore.objects.count()
    page = owner.post("kvstore/add/", {"guild": world.garden.guild.pk, "name": name})
    assert page.status_code == 400
    assert page.context["form"].errors == {"name": [sentence]}
    assert page.context["form"]["name"].value() == name
    assert KvStore.objects.count() == before


def test_a_store_is_deleted_after_a_question_that_names_it(owner: Visitor, store: KvStore) -> None:
    put(store, "a", "1")
    html = owner.get(f"kvstore/{store.pk}/delete/").content.decode()
    assert "Delete the store notes of Garden?" in html
    assert "Its 1 entries (2\xa0bytes) are gone for good." in html
    response = owner.post(f"kvstore/{store.pk}/delete/")
    assert said(owner.get(response["Location"])) == ["The store notes of Garden is deleted."]
    assert not KvStore.objects.filter(pk=store.pk).exists()
    assert AuditEvent.objects.latest("pk").action == "delete_kv_store"


def test_a_stores_page_says_how_full_it_is(
    owner: Visitor, store: KvStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings.FLORA.runtime, "kv_store_mb", 2)
    put(store, "a", "x" * 1023)
    put(store, "b", "<b>", None, FAR)
    html = owner.get(page_of(store)).content.decode()
    assert "1.0\xa0KB of 2.0\xa0MB" in html
    assert "of 500.0\xa0MB" in html
    assert "&lt;b&gt;" in html
    assert "2050-01-02 03:04:05 UTC" in html


def names_on(page: Any) -> list[str]:
    return [key["name"] for key in page.context["keys"]]


def test_keys_are_turned_over_page_by_page(owner: Visitor, store: KvStore) -> None:
    odd = ["a&b", "ü", "a/1?#", "b", "a c"]
    keys = [*odd, *(f"k{number}" for number in range(2 * KEYS_ON_PAGE))]
    for key in (*keys, "gone"):
        put(store, key, "1", None, 1 if key == "gone" else None)
    ordered = sorted(keys, key=str.encode)
    where, walked = page_of(store), []
    while where:
        page = owner.get(where)
        walked += names_on(page)
        where = f"{page_of(store)}?{page.context['next']}" if page.context["next"] else ""
    assert walked == ordered
    page = owner.get(f"{page_of(store)}?prefix=a&after=a%26b")
    assert names_on(page) == ["a/1?#"]
    assert page.context["next"] == ""
    assert "No key begins with “x”." in owner.get(f"{page_of(store)}?prefix=x").content.decode()
    after = owner.get(f"{page_of(store)}?after=ü").content.decode()
    assert "There are no further keys." in after


def test_an_entry_leads_to_the_page_of_its_key(owner: Visitor, world: World) -> None:
    store, entry = world.garden.store, world.garden.entry
    assert owner.get(page_of(entry))["Location"] == key_page(store, str(entry))


# --- one key -------------------------------------------------------------------------------


def test_a_key_is_set_changed_and_deleted(owner: Visitor, store: KvStore) -> None:
    new = address(f"kvstore/{store.pk}/new-key/")
    sent = as_sent(
        owner.get(new), name="a/ü", value="1\n2", metadata='{"n": 1}', expires="2050-01-02 03:04:05"
    )
    response = owner.post(new, sent)
    assert response["Location"] == key_page(store, "a/ü")
    assert entry(store, "a/ü") == Entry(b"1\n2", '{"n":1}', FAR)
    page = owner.get(response["Location"])
    assert said(page) == ["The key a/ü is set. The script reads it so from now on."]
    assert page.context["form"]["expires"].value() == "2050-01-02 03:04:05"

    response = owner.post(key_page(store, "a/ü"), as_sent(page, value="2", expires=""))
    assert entry(store, "a/ü") == Entry(b"2", '{"n":1}', None)
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.details) == (
        "set_kv_key",
        {"store": "notes", "key": "a/ü", "bytes": 1},
    )

    delete = key_address("delete_key", store.pk, "a/ü")
    assert "Delete the key a/ü?" in owner.get(delete).content.decode()
    assert entry(store, "a/ü") is not None
    page = owner.get(owner.post(delete)["Location"])
    assert said(page) == ["The key a/ü is deleted."]
    assert entry(store, "a/ü") is None
    page = owner.get(owner.post(delete)["Location"])
    assert said(page) == ["The key a/ü was gone already."]
    page = owner.get(owner.get(key_page(store, "a/ü"))["Location"])
    assert said(page) == ["There is no key a/ü in this store, or there is none any more."]
    store.refresh_from_db()
    assert (store.bytes_used, store.entry_count) == (0, 0)


@pytest.mark.parametrize(
    "kept",
    [
        Entry(b""),
        Entry(b"\nfirst\r\nsecond\n"),
        Entry(b' {"a" : 1.0} ', '{"b":  1.50,"big":12345678901234567890}', FAR),
        Entry("ä\t</textarea>&amp;\U0001f490".encode(), '"x"', 2**60),
        Entry(b"a\x00b", None, None),
        Entry(b"old mac\rends"),
        Entry(b"\xff", "[]", FAR),
        Entry(b"v" * 65_537, '"' + "m" * 70_000 + '"', FAR),
    ],
)
def test_saving_without_a_change_changes_no_byte(
    kept: Entry, owner: Visitor, store: KvStore
) -> None:
    put(store, "a", *kept)
    page = owner.get(key_page(store, "a"))
    assert owner.post(key_page(store, "a"), as_sent(page)).status_code == 302
    assert entry(store, "a") == kept


def test_lines_keep_the_ends_that_they_have(owner: Visitor, store: KvStore) -> None:
    for key, value, wanted in (("crlf", "1\r\n2", b"3\r\n4"), ("lf", "1\n2", b"3\n4")):
        put(store, key, value)
        page = owner.get(key_page(store, key))
        owner.post(key_page(store, key), as_sent(page, value="3\n4"))
        found = entry(store, key)
        assert found is not None
        assert found.value == wanted


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"metadata": "{"}, {"metadata"}),
        ({"metadata": "NaN"}, {"metadata"}),
        ({"metadata": "[" * 100_000}, {"metadata"}),
        ({"expires": "tomorrow"}, {"expires"}),
        ({"expires": "2020-01-01 00:00"}, {"expires"}),
        ({"expires": "9" * 30}, {"expires"}),
        ({"value": "v" * ((1 << 20) + 1)}, {"value"}),
        ({"value": "\x00"}, {"value"}),
        ({"expires": "x", "metadata": "x"}, {"expires", "metadata"}),
    ],
)
def test_what_is_wrong_is_named_and_nothing_typed_is_lost(
    changes: dict[str, str], errors: set[str], owner: Visitor, store: KvStore
) -> None:
    put(store, "a", "old", '"old"', FAR)
    sent = as_sent(owner.get(key_page(store, "a")), **{"value": "new", **changes})
    page = owner.post(key_page(store, "a"), sent)
    assert page.status_code == 400
    assert set(page.context["form"].errors) == errors
    for name in ("value", "metadata", "expires"):
        assert page.context["form"][name].value() == sent[name]
    assert entry(store, "a") == Entry(b"old", '"old"', FAR)


def test_a_wrong_key_a_full_store_and_too_many_writes_are_said(
    owner: Visitor, store: KvStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = f"kvstore/{store.pk}/new-key/"
    page = owner.post(new, {"name": "ä" * 257, "value": "1"})
    assert page.context["form"].errors == {"name": ["Key exceeds maximum size of 512 characters."]}
    monkeypatch.setattr(settings.FLORA.runtime, "kv_writes_per_minute", 1)
    owner.post(new, {"name": "a", "value": "1"})
    page = owner.post(new, {"name": "b", "value": "1"})
    limit = "Kv write rate limit exceeded; retry later."
    assert page.context["form"].non_field_errors() == [limit]
    assert limit in page.content.decode()
    assert page.context["form"]["name"].value() == "b"
    page = owner.get(owner.post(key_address("delete_key", store.pk, "a"))["Location"])
    assert said(page) == [f"Not deleted: {limit[0].lower()}{limit[1:]}"]
    assert entry(store, "b") is None


def test_what_was_written_meanwhile_is_shown_before_it_is_replaced(
    owner: Visitor, store: KvStore
) -> None:
    put(store, "a", "old")
    sent = as_sent(owner.get(key_page(store, "a")), value="mine")
    put(store, "a", "theirs <b>")
    page = owner.post(key_page(store, "a"), sent)
    assert page.status_code == 409
    html = page.content.decode()
    assert "The key was set anew meanwhile," in html
    assert "theirs &lt;b&gt;" in html
    assert "Save anyway" in html
    assert entry(store, "a") == Entry(b"theirs <b>")
    assert owner.post(key_page(store, "a"), as_sent(page)).status_code == 302
    assert entry(store, "a") == Entry(b"mine")


def test_a_key_that_is_gone_meanwhile_comes_back_only_when_that_is_wanted(
    owner: Visitor, store: KvStore
) -> None:
    put(store, "a", "old", None, FAR)
    sent = as_sent(owner.get(key_page(store, "a")), value="mine")
    delete_key(guild=store.guild, store="notes", key="a", actor=Actor.system())
    page = owner.post(key_page(store, "a"), sent)
    assert "The key is gone meanwhile:" in page.content.decode()
    assert entry(store, "a") is None
    owner.post(key_page(store, "a"), as_sent(page))
    assert entry(store, "a") == Entry(b"mine", None, FAR)


def test_a_new_key_does_not_replace_one_unasked(owner: Visitor, store: KvStore) -> None:
    put(store, "a", "old")
    put(store, "b", "old too")
    new = address(f"kvstore/{store.pk}/new-key/")
    page = owner.post(new, as_sent(owner.get(new), name="a", value="new"))
    assert "There is such a key already." in page.content.decode()
    assert entry(store, "a") == Entry(b"old")
    # What was said of one key does not count for another.
    other = owner.post(new, as_sent(page, name="b"))
    assert other.status_code == 409
    assert entry(store, "b") == Entry(b"old too")
    assert owner.post(new, as_sent(page)).status_code == 302
    assert entry(store, "a") == Entry(b"new")


def test_json_is_checked_and_put_in_order_without_being_saved(
    owner: Visitor, store: KvStore
) -> None:
    put(store, "a", "[1]")
    where = key_page(store, "a")
    page = owner.post(where, as_sent(owner.get(where), value='{"b":[1,"ä"]}', format="1"))
    assert page.status_code == 200
    assert page.context["form"]["value"].value() == '{\n  "b": [\n    1,\n    "ä"\n  ]\n}'
    assert entry(store, "a") == Entry(b"[1]")
    for wrong, reason in (
        ('{"b": }', "Not JSON: Expecting value: line 1 column 7 (char 6)."),
        ("NaN", "Not JSON: NaN is no JSON value."),
        ("[" * 100_000, "Not JSON that can be put in order: it is nested too deeply."),
    ):
        page = owner.post(where, as_sent(owner.get(where), value=wrong, format="1"))
        assert page.context["form"].errors == {"value": [reason]}
        assert page.context["form"]["value"].value() == wrong
    assert entry(store, "a") == Entry(b"[1]")
    owner.post(where, as_sent(owner.get(where), value="no JSON at all"))
    assert entry(store, "a") == Entry(b"no JSON at all")


def test_a_large_value_is_cut_and_fetched_as_a_file(owner: Visitor, store: KvStore) -> None:
    value = "<b>" + "z" * 70_000
    put(store, "a", value)
    page = owner.get(key_page(store, "a"))
    html = page.content.decode()
    assert escape("<b>") + "z" * 65_533 in html
    assert "z" * 65_534 not in html
    assert "(70003 bytes in all, the first 65536 are shown)" in html
    file = owner.get(key_address("value", store.pk, "a"))
    assert file.content == value.encode()
    assert file["Content-Disposition"] == 'attachment; filename="value.txt"'
    assert file["Content-Type"] == "text/plain; charset=utf-8"
    assert file["X-Content-Type-Options"] == "nosniff"
    owner.post(key_page(store, "a"), as_sent(page, metadata="1"))
    assert entry(store, "a") == Entry(value.encode(), "1", None)
    owner.post(key_page(store, "a"), as_sent(owner.get(key_page(store, "a")), value="short"))
    assert entry(store, "a") == Entry(b"short", "1", None)


@pytest.mark.parametrize("page", ["key", "delete_key", "value"])
def test_a_page_without_its_key_is_none(page: str, owner: Visitor, store: KvStore) -> None:
    assert owner.get(f"kvstore/{store.pk}/{page.replace('_', '-')}/").status_code == 404
    assert owner.get(key_address("value", store.pk, "nothing")).status_code == 404
    assert KvEntry.objects.filter(store=store).count() == 0


# --- backups -------------------------------------------------------------------------------


def test_all_stores_are_exported_fetched_and_taken_in_again(
    owner: Visitor, store: KvStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings.FLORA.flora, "data_dir", tmp_path)
    put(store, "a", "1", "[1]", FAR)
    assert "None yet." in owner.get(page_of(store)).content.decode()
    owner.post(f"kvstore/{store.pk}/export/")
    page = owner.get(page_of(store))
    assert said(page) == ["All stores of Garden are exported: see below."]
    (export,) = page.context["exports"]
    assert f"/api/kv/export/{store.guild_id}/{export.id}" in page.content.decode()
    owner.post(f"kvstore/{store.pk}/export/")
    (message,) = said(owner.get(page_of(store)))
    assert message.startswith("Not exported: kv export rate limit exceeded; retry in ")

    put(store, "a", "changed")
    with export.path.open("rb") as file:
        owner.post(f"kvstore/{store.pk}/import/", {"file": file})
    said_ = ["1 keys were imported into the stores of Garden."]
    assert said(owner.get(page_of(store))) == said_
    assert entry(store, "a") == Entry(b"1", "[1]", FAR)


def test_what_is_no_export_is_not_taken_in(owner: Visitor, store: KvStore) -> None:
    owner.post(f"kvstore/{store.pk}/import/")
    assert said(owner.get(page_of(store))) == ["Choose the file of an export first."]
    owner.post(f"kvstore/{store.pk}/import/", {"file": SimpleUploadedFile("x", b"no JSON")})
    assert said(owner.get(page_of(store))) == ["Not imported: line 1: no JSON."]
    assert not AuditEvent.objects.filter(action="import_kv").exists()

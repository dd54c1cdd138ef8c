"""Sources as lines: the right line is marked, comparisons are exact, and no size is too much."""

from hypothesis import given
from hypothesis import strategies as st

from deployments.admin.source_view import (
    LINE_WIDTH,
    LINES_COMPARED,
    LINES_SHOWN,
    differences,
    error_excerpt,
    excerpt,
    file_named,
    numbered,
)
from deployments.source import changed_files

LINES = st.lists(st.text(st.characters(exclude_characters="\r\n"), max_size=300), min_size=1)


@given(LINES, st.data())
def test_the_excerpt_marks_the_line_and_points_at_the_column(
    lines: list[str], data: st.DataObject
) -> None:
    lines[-1] += "x"
    number = data.draw(st.integers(1, len(lines)))
    line = lines[number - 1]
    column = data.draw(st.integers(1, len(line) + 1))
    shown = excerpt("\n".join(lines), number, column)
    (marked,) = [found for found in shown if found.is_marked]
    assert marked.number == number
    assert all(len(found.text) <= LINE_WIDTH + 2 for found in shown)
    assert marked.caret is not None
    assert marked.text[marked.caret : marked.caret + 1] in (line[column - 1 : column], "…")
    assert len(marked.pointer) == marked.caret + 1
    assert [found.number for found in shown] == list(range(shown[0].number, shown[-1].number + 1))


def test_an_excerpt_of_a_line_that_is_not_there() -> None:
    assert excerpt("one\n", 0, 1) == []
    assert excerpt("one\n", 2, 1) == []
    assert excerpt("", 1, 1) == []


def test_lines_end_as_editors_count_them() -> None:
    contents = "a\r\nb\rc\u2028d\x0be\nf"
    (shown,) = numbered([{"path": "a", "contents": contents}])
    assert [line.text for line in shown.lines] == [
        "a",
        "b",
        "c\u2028d\x0be",
        "f",
    ]


def test_of_long_files_the_rest_is_counted() -> None:
    files = [
        {"path": "short", "contents": "x\ny\n"},
        {"path": "long", "contents": "x\n" * (LINES_SHOWN + 5)},
        {"path": "last", "contents": "x"},
    ]
    short, long, last = numbered(files, {"file": "long", "line": 2})
    assert [line.is_marked for line in short.lines] == [False, False]
    assert [line.number for line in long.lines if line.is_marked] == [2]
    assert (len(long.lines), long.lines_left_out) == (LINES_SHOWN - 2, 7)
    assert (last.lines, last.lines_left_out) == ([], 1)


def test_the_file_of_an_error() -> None:
    files = [{"path": "src/a.ts", "contents": "x"}, {"path": "b.ts", "contents": "y"}]
    assert file_named({"file": "./b.ts"}, files) == files[1]
    assert file_named({"file": "c.ts"}, files) is None
    assert file_named({"file": None}, files) is None
    assert file_named(None, files) is None
    assert file_named({"file": "b.ts"}, None) is None
    assert error_excerpt({"file": "b.ts", "line": None}, files) == []


SOURCES = st.dictionaries(
    st.sampled_from(["a.ts", "b.ts", "c.ts"]), st.lists(st.sampled_from("pqrs")).map("\n".join)
)


@given(SOURCES, SOURCES)
def test_a_comparison_names_what_has_changed_and_nothing_else(
    before: dict[str, str], now: dict[str, str]
) -> None:
    old = [{"path": path, "contents": contents} for path, contents in before.items()]
    new = [{"path": path, "contents": contents} for path, contents in now.items()]
    found = {diff.path: diff for diff in differences(old, new, changed_files(new, old))}
    assert found.keys() == {
        path for path in before.keys() | now.keys() if before.get(path) != now.get(path)
    }
    for path, diff in found.items():
        added = [text[1:] for kind, text in diff.rows if kind == "add"]
        removed = [text[1:] for kind, text in diff.rows if kind == "remove"]
        assert len(added) - len(removed) == _count(now.get(path)) - _count(before.get(path))
        assert bool(diff.rows) != bool(diff.note)


def _count(contents: str | None) -> int:
    return len((contents or "").removesuffix("\n").split("\n")) if contents else 0


def test_what_is_too_long_to_compare_is_left_out_in_words() -> None:
    old = [{"path": path, "contents": "x\n" * (LINES_COMPARED // 4)} for path in "abc"]
    new = [{"path": path, "contents": "y\n" * (LINES_COMPARED // 4)} for path in "abc"]
    first, second, third = differences(old, new, changed_files(new, old))
    assert first.rows
    assert second.rows
    assert (third.rows, third.note) == ([], "Too long to be compared here.")


def test_without_sources_on_both_sides_there_is_nothing_to_compare() -> None:
    files = [{"path": "a.ts", "contents": "x"}]
    assert differences(None, files, None) == []
    assert differences(files, None, None) == []


def test_a_file_that_differs_in_its_line_ends_alone() -> None:
    old = [{"path": "a.ts", "contents": "x\ny\n"}, {"path": "b.ts", "contents": ""}]
    new = [{"path": "a.ts", "contents": "x\r\ny"}]
    ends, empty = differences(old, new, changed_files(new, old))[::-1]
    assert (ends.path, ends.note) == ("a.ts", "Only line ends differ.")
    assert (empty.path, empty.change, empty.note) == ("b.ts", "removed", "It is empty.")

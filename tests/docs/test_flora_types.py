"""flora.d.ts and the global scope are the same names, both ways."""

import json
import re

from tests.sdk.conftest import DIST

# Abstract classes are there for what the others inherit: nobody can make one by name.
VALUE = r"(?:const|let|var|function|class) (\w+)"


def test_what_is_typed_exists_and_what_exists_is_typed() -> None:
    text = (DIST / "flora.d.ts").read_text()
    namespace, _, scope = text.partition("declare namespace flora {\n")[2].partition("\n}\n")
    typed = set(re.findall(rf"^  {VALUE}", namespace, re.MULTILINE))
    typed |= set(re.findall(rf"^declare {VALUE}", scope, re.MULTILINE))
    assert typed | {"flora"} == set(json.loads((DIST / "globals.json").read_text()))

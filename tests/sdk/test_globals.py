"""What a script finds in its global scope: these names, these values, and nothing else of ours."""

import json
from collections.abc import Callable
from queue import SimpleQueue

import pytest

from runtime.worker.public_v8 import PublicIsolate
from runtime.worker.thin_v8 import ThinIsolate
from runtime.worker.v8 import Answer
from tests.sdk.conftest import DIST, Script
from tests.sdk.discord import GUILD

# What a script may also import from the SDK's package: all of it is on `flora` too.
PACKAGE = """
    on createBot prefix slash registerSlashCommands flattenCommands handleSubcommand
    userCommand messageCommand flattenInteractionOptions hasRole getSubcommand getSubcommandGroup
    modal ModalBuilder hasPermission Permissions
    embed EmbedBuilder store kv KvStore cron tasks secrets rest discord
    actionRow button stringSelect userSelect roleSelect mentionableSelect channelSelect inputText
    textDisplay thumbnail section mediaGallery file separator container label fileUpload
    ActionRowBuilder ButtonBuilder SelectMenuBuilderBase StringSelectMenuBuilder
    UserSelectMenuBuilder RoleSelectMenuBuilder MentionableSelectMenuBuilder
    ChannelSelectMenuBuilder InputTextBuilder TextDisplayBuilder ThumbnailBuilder SectionBuilder
    MediaGalleryBuilder FileBuilder SeparatorBuilder ContainerBuilder LabelBuilder
    FileUploadBuilder
    ButtonStyle ButtonStyles ComponentType InputTextStyle InputTextStyles MessageFlags
"""
WEB = "setTimeout setInterval clearTimeout clearInterval queueMicrotask self global console"
# Made when they are first touched.
PLATFORM = """
    DOMException Event CustomEvent EventTarget AbortController AbortSignal
    TextEncoder TextDecoder atob btoa URL URLSearchParams structuredClone
    ReadableStream ReadableStreamDefaultReader ReadableStreamDefaultController
    ByteLengthQueuingStrategy CountQueuingStrategy
    Blob File FormData fetch Headers Request Response
    crypto Crypto CryptoKey SubtleCrypto performance Performance
"""
STATE = (
    "flora __floraHandlers __floraDispatch __floraGuildId __floraCreateBotState __floraSubcommands"
)
ORDINARY = set(f"{PACKAGE} {WEB} {PLATFORM} flora".split())
GLOBALS = set(f"{PACKAGE} {WEB} {PLATFORM} {STATE}".split())
REMOVED = {"WebAssembly", "SharedArrayBuffer", "Atomics"}

NAMES = "JSON.stringify(Object.getOwnPropertyNames(globalThis))"


@pytest.fixture(scope="module")
def bare_names() -> set[str]:
    """The global names of an isolate without the SDK."""
    answers: SimpleQueue[Answer] = SimpleQueue()
    isolate = ThinIsolate(answers.put, 32 << 20)
    isolate.evaluate(NAMES.encode())
    names = set(json.loads(answers.get(timeout=20).text))
    isolate.close()
    return names


def test_the_sdk_adds_exactly_these_globals(script: Script, bare_names: set[str]) -> None:
    names = set(script.value("Object.getOwnPropertyNames(globalThis)"))
    assert names - bare_names == GLOBALS - {"console"}  # V8 has one, which prints nothing
    assert bare_names - names == REMOVED


def test_what_the_build_says_of_the_globals_is_true() -> None:
    assert json.loads((DIST / "globals.json").read_text()) == sorted(GLOBALS)


def test_over_the_slow_driver_the_same_globals_are_there(
    load: Callable[..., Script], bare_names: set[str]
) -> None:
    script = load("setTimeout(() => console.log('ours'), 0)", isolate=PublicIsolate)
    names = set(script.value("Object.getOwnPropertyNames(globalThis)"))
    # mini-racer declares it as a variable: its value can go, its name cannot.
    assert names == (bare_names | GLOBALS | {"__timer_manager"}) - REMOVED
    assert script.value("typeof __timer_manager") == "undefined"
    script.fire(1)
    assert script.logged == ["ours"]


def test_flora_holds_all_of_the_package(script: Script) -> None:
    assert set(script.value("Object.keys(flora)")) == set(PACKAGE.split())
    assert (
        script.value("Object.keys(flora).filter((name) => flora[name] !== globalThis[name])") == []
    )


def test_globals_are_ordinary_properties_that_a_script_may_replace(script: Script) -> None:
    odd = script.value(
        f"{json.dumps(sorted(ORDINARY))}.filter((name) => {{ globalThis[name];"
        " const {writable, configurable, enumerable} ="
        "   Object.getOwnPropertyDescriptor(globalThis, name);"
        " return !writable || !configurable || enumerable })"
    )
    assert odd == []
    assert script.value("(() => { const mine = () => 1; button = mine; return button() })()") == 1


# Of a global and of its twin on `flora`, whichever is touched first.
@pytest.mark.parametrize(("first", "second"), [("globalThis", "flora"), ("flora", "globalThis")])
def test_rest_is_one_ordinary_object_once_it_is_touched(
    script: Script, first: str, second: str
) -> None:
    assert script.value(f"{first}.rest === {second}.rest && {first}.rest === {first}.rest") is True
    assert script.value(
        "[globalThis, flora].map((object) => Object.getOwnPropertyDescriptor(object, 'rest'))"
        ".map(({value, writable, configurable, enumerable}) =>"
        " [value === rest, writable, configurable, enumerable])"
    ) == [[True, True, True, False], [True, True, True, True]]
    assert script.value("(() => { const {sendMessage} = rest; return typeof sendMessage })()") == (
        "function"
    )


def test_rest_may_be_replaced_before_it_is_touched(script: Script) -> None:
    assert script.value("(() => { rest = 1; return [rest, typeof flora.rest] })()") == [1, "object"]


def test_functions_are_known_by_their_global_name(script: Script) -> None:
    misnamed = script.value(
        "Object.getOwnPropertyNames(globalThis).filter((name) =>"
        " typeof globalThis[name] === 'function' && globalThis[name].name !== name)"
    )
    assert misnamed == []


def test_self_and_global_are_the_global_object(script: Script) -> None:
    assert script.value("[self === globalThis, global === globalThis]") == [True, True]


def test_the_doors_of_the_host_are_shut_behind_the_script(load: Callable[..., Script]) -> None:
    script = load("console.log(typeof __floraMain)")
    assert script.logged == ["undefined"]
    assert script.value("'__floraMain' in globalThis") is False


@pytest.mark.parametrize("guild", [GUILD, None])
def test_a_script_knows_its_guild(load: Callable[..., Script], guild: str | None) -> None:
    script = load("console.log(String(__floraGuildId))", guild=guild)
    assert script.logged == [guild or "undefined"]


BUTTON_STYLE = {"Primary": 1, "Secondary": 2, "Success": 3, "Danger": 4}
INPUT_STYLE = {"Short": 1, "Paragraph": 2}
CONSTANTS = {
    "ButtonStyle": BUTTON_STYLE,
    "ButtonStyles": BUTTON_STYLE,
    "InputTextStyle": INPUT_STYLE,
    "InputTextStyles": INPUT_STYLE,
    "ComponentType": {
        "ActionRow": 1,
        "Button": 2,
        "StringSelect": 3,
        "InputText": 4,
        "UserSelect": 5,
        "RoleSelect": 6,
        "MentionableSelect": 7,
        "ChannelSelect": 8,
        "Section": 9,
        "TextDisplay": 10,
        "Thumbnail": 11,
        "MediaGallery": 12,
        "File": 13,
        "Separator": 14,
        "Container": 17,
        "Label": 18,
        "FileUpload": 19,
    },
    "MessageFlags": {
        "CROSSPOSTED": 1,
        "IS_CROSSPOST": 2,
        "SUPPRESS_EMBEDS": 4,
        "SOURCE_MESSAGE_DELETED": 8,
        "URGENT": 16,
        "HAS_THREAD": 32,
        "EPHEMERAL": 64,
        "LOADING": 128,
        "FAILED_TO_MENTION_SOME_ROLES_IN_THREAD": 256,
        "SUPPRESS_NOTIFICATIONS": 4096,
        "IS_VOICE_MESSAGE": 8192,
        "IS_COMPONENTS_V2": 32768,
    },
}


@pytest.mark.parametrize("name", sorted(CONSTANTS))
def test_constants_have_the_originals_values(script: Script, name: str) -> None:
    assert script.value(name) == CONSTANTS[name]

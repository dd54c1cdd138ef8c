"""What a member of the guild does: writes, reacts, presses, chooses, commands, submits.

Checks what Discord's client would not let happen. Knows nothing of who asks, or how.
"""

from typing import Any

from simcord.backend import serializers
from simcord.backend.access import reaction_permissions
from simcord.backend.errors import BackendError, SetupError
from simcord.backend.models import Interaction, Message
from simcord.enums import SELECT_TYPES, AppCommandType, ComponentType, InteractionType, OptionType
from simcord.interactions import nest_options, walk_to_subcommand

from gateway.sandbox.server.changes import MessagesGone
from gateway.sandbox.server.interactions import Interactions
from gateway.sandbox.server.options import (
    Resolved,
    chosen_values,
    component_of,
    options_of,
    options_so_far,
    submitted,
)
from gateway.sandbox.server.refused import Refused
from gateway.sandbox.server.world import World

MAX_CONTENT = 2000
MAX_EMOJI = 100
# Styles of buttons that open a page or a shop instead of asking the bot.
_LINK, _PREMIUM = 5, 6
_NESTED = (OptionType.SUBCOMMAND, OptionType.SUBCOMMAND_GROUP)


class Member:
    """Every method raises Refused with a sentence for the person who chats."""

    def __init__(self, world: World, interactions: Interactions, user_id: int) -> None:
        if user_id not in world.guild.members or world.get_user(user_id).bot:
            raise Refused("The guild has no such member.")
        self.id = user_id
        self._world = world
        self._interactions = interactions

    # --- messages --------------------------------------------------------------------------

    def send(self, channel_id: int, content: str, reply_to: int | None = None) -> Message:
        self._require(channel_id, "send_messages")
        reference = None
        if reply_to is not None:
            self.message(channel_id, reply_to)
            reference = {"message_id": str(reply_to)}
        return self._world.create_message(
            channel_id, self.id, _content(content), reference=reference
        )

    def edit(self, channel_id: int, message_id: int, content: str) -> None:
        self._own_message(channel_id, message_id)
        self._world.edit_message(channel_id, message_id, {"content": _content(content)})

    def delete(self, channel_id: int, message_id: int) -> None:
        self._own_message(channel_id, message_id)
        self._world.delete_message(channel_id, message_id)

    def dismiss(self, channel_id: int, message_id: int) -> None:
        """Puts an ephemeral message away; the bot may still edit it."""
        if not self.message(channel_id, message_id).is_ephemeral:
            raise Refused("Only messages that you alone see can be dismissed.")
        self._world.dismissed.add(message_id)
        self._world.tell(MessagesGone(channel_id, (message_id,)))

    def react(self, channel_id: int, message_id: int, emoji: str, *, on: bool) -> None:
        message = self.message(channel_id, message_id)
        if not emoji.strip() or len(emoji) > MAX_EMOJI:
            raise Refused("That is no emoji.")
        if message.is_ephemeral:
            raise Refused("Messages that only you see take no reactions.")
        self._require(channel_id, *reaction_permissions(message, emoji, reacted=on))
        self._world.set_reaction(channel_id, message_id, emoji, self.id, on)

    # --- interactions ----------------------------------------------------------------------

    def press(self, channel_id: int, message_id: int, custom_id: str) -> Interaction:
        message = self.message(channel_id, message_id)
        button = component_of(message.components, custom_id)
        if button["type"] != ComponentType.BUTTON or button.get("style") in (_LINK, _PREMIUM):
            raise Refused("This is no button that asks the bot.")
        return self._use(message, button, {})

    def choose(
        self, channel_id: int, message_id: int, custom_id: str, values: list[str]
    ) -> Interaction:
        message = self.message(channel_id, message_id)
        menu = component_of(message.components, custom_id)
        if menu["type"] not in SELECT_TYPES:
            raise Refused("This is no menu.")
        resolved = Resolved(self._world, self.id)
        data: dict[str, Any] = {"values": chosen_values(menu, values, resolved)}
        if menu["type"] != ComponentType.STRING_SELECT:
            data["resolved"] = resolved.objects
        return self._use(message, menu, data)

    def command(self, channel_id: int, path: str, given: dict[str, Any]) -> Interaction:
        """path: the command's name, with those of group and subcommand after spaces."""
        command, leaf, nesting = self._find_command(channel_id, path)
        resolved = Resolved(self._world, self.id)
        options = options_of(leaf, path, given, resolved)
        data = self._command_data(command, nesting, options, resolved)
        return self._interactions.begin(
            InteractionType.APPLICATION_COMMAND,
            channel_id=channel_id,
            member_id=self.id,
            data=data,
        )

    def type_option(
        self, channel_id: int, path: str, given: dict[str, Any], focused: str
    ) -> Interaction:
        """Asks the bot what it suggests for the option in focus. given: what was typed so far."""
        command, leaf, nesting = self._find_command(channel_id, path)
        resolved = Resolved(self._world, self.id)
        options = options_so_far(leaf, path, given, focused, resolved)
        return self._interactions.begin(
            InteractionType.APPLICATION_COMMAND_AUTOCOMPLETE,
            channel_id=channel_id,
            member_id=self.id,
            data=self._command_data(command, nesting, options, resolved),
        )

    def use_on(self, channel_id: int, message_id: int, name: str, kind: int) -> Interaction:
        """A command in the menu of a message, or of the user who has written it; kind: its type."""
        message = self.message(channel_id, message_id)
        self._require(channel_id, "use_application_commands")
        command = next((c for c in self.commands(channel_id, kind) if c["name"] == name), None)
        if command is None:
            raise Refused(f"There is no command {name!r} any more.")
        resolved = Resolved(self._world, self.id)
        if kind == AppCommandType.USER:
            target = resolved.add(str(message.author_id), ("users",), name)
        else:
            target = str(message.id)
            shown = serializers.message_payload(self._world, message)
            resolved.objects["messages"] = {target: {**shown}}
        data = self._command_data(command, [], [], resolved)
        return self._interactions.begin(
            InteractionType.APPLICATION_COMMAND,
            channel_id=channel_id,
            member_id=self.id,
            data={**data, "target_id": target},
        )

    def submit(self, interaction_id: int, given: dict[str, Any]) -> Interaction:
        """given: text or lists of values by custom_id, for the modal of that interaction."""
        opened = self._world.interactions.get(interaction_id)
        if opened is None or opened.user_id != self.id or opened.modal is None:
            raise Refused("This form is not open any more.")
        if opened.modal_consumed:
            raise Refused("This form has been sent already.")
        modal, resolved = opened.modal, Resolved(self._world, self.id)
        data: dict[str, Any] = {
            "custom_id": modal["custom_id"],
            "components": submitted(modal, given, resolved),
        }
        if resolved.objects:
            data["resolved"] = resolved.objects
        source = None
        if opened.source_message_id is not None:
            source = self.message(opened.channel_id, opened.source_message_id)
        opened.modal_consumed = True
        return self._interactions.begin(
            InteractionType.MODAL_SUBMIT,
            channel_id=opened.channel_id,
            member_id=self.id,
            data=data,
            message=source,
        )

    # --- what the member sees --------------------------------------------------------------

    def commands(
        self, channel_id: int, kind: int = AppCommandType.CHAT_INPUT
    ) -> list[dict[str, Any]]:
        return self._world.visible_commands(user_id=self.id, channel_id=channel_id, type=kind)

    def message(self, channel_id: int, message_id: int) -> Message:
        message = self._world.messages.get(channel_id, {}).get(message_id)
        if message is None or not self.sees(message):
            raise Refused("This message is not there any more.")
        return message

    def sees(self, message: Message) -> bool:
        return message.visible_to(self.id) and message.id not in self._world.dismissed

    # --- inside ----------------------------------------------------------------------------

    def _find_command(
        self, channel_id: int, path: str
    ) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
        """The command, the subcommand of it that is meant, and the names that lead there."""
        self._require(channel_id, "use_application_commands")
        name, *nesting = path.split()
        command = next((c for c in self.commands(channel_id) if c["name"] == name), None)
        if command is None:
            raise Refused(f"There is no command /{name} any more.")
        try:
            leaf, nesting = walk_to_subcommand(command, nesting)
        except SetupError:
            raise Refused(f"There is no command /{path} any more.") from None
        if any(option["type"] in _NESTED for option in leaf.get("options") or ()):
            raise Refused(f"Choose one of the subcommands of /{path}.")
        return command, leaf, nesting

    def _command_data(
        self,
        command: dict[str, Any],
        nesting: list[str],
        options: list[dict[str, Any]],
        resolved: Resolved,
    ) -> dict[str, Any]:
        data: dict[str, Any] = {
            "id": command["id"],
            "name": command["name"],
            "type": command["type"],
            "guild_id": str(self._world.guild.id),
        }
        if nested := nest_options(command, nesting, options):
            data["options"] = nested
        if resolved.objects:
            data["resolved"] = resolved.objects
        return data

    def _use(
        self, message: Message, component: dict[str, Any], more: dict[str, Any]
    ) -> Interaction:
        data = {
            "custom_id": component["custom_id"],
            "component_type": component["type"],
            "id": component.get("id", 0),
            **more,
        }
        return self._interactions.begin(
            InteractionType.MESSAGE_COMPONENT,
            channel_id=message.channel_id,
            member_id=self.id,
            data=data,
            message=message,
        )

    def _own_message(self, channel_id: int, message_id: int) -> Message:
        message = self.message(channel_id, message_id)
        if message.author_id != self.id:
            raise Refused("This message is somebody else's.")
        return message

    def _require(self, channel_id: int, *permissions: str) -> None:
        world = self._world
        if channel_id not in world.channels:
            raise Refused("There is no such channel any more.")
        try:
            world.require_permissions(world.guild.id, self.id, channel_id, *permissions)
        except BackendError:
            name = world.get_user(self.id).name
            raise Refused(f"{name} has no permission to do this here.") from None


def _content(content: str) -> str:
    if not content.strip():
        raise Refused("There is nothing to send.")
    if len(content) > MAX_CONTENT:
        raise Refused(
            f"A message has at most {MAX_CONTENT} characters, this one has {len(content)}."
        )
    return content.strip()

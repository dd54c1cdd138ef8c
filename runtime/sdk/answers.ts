/**
 * What a context does for its script: answers to an interaction, or in a channel.
 *
 * Each is one operation; where it goes is read from the payload when the script acts. What an
 * interaction may still be answered with is the host's to know.
 */

import { operation } from "./bridge";
import { codedError, inputError } from "./errors";
import type { DiscordJson } from "./event_types";
import { isByRule } from "./event_table";
import { isArray, isObject, slice, startsWith, toText } from "./intrinsics";
import { EDIT, messageBody } from "./message";
import type { MessageEditOptions, MessageReplyOptions } from "./message_types";
import { modalJson } from "./modal_json";
import type { ModalLike } from "./modals";
import { rawOf } from "./payload_kind";
import { type Plain, type PlainObject, snapshot, snapshotOptions } from "./plain";
import {
  DEFERRED_RESPONSE,
  DEFERRED_UPDATE,
  followupSend,
  interactionAddress,
  messageAddress,
  messageEdit,
  messageSend,
  RESPONSE,
  responseSend,
  UPDATE,
} from "./requests";
import { reactionEmoji, token } from "./snowflake";

/** An event's payload, or whatever a script has passed to `__floraDispatch`. */
export type Payload = any;

const EPHEMERAL = 64;
const MAX_CHOICES = 25;
const MAX_CHOICE_NAME = 100;

export function reply(
  event: string,
  payload: Payload,
  content: string | MessageReplyOptions,
): Promise<DiscordJson> {
  if (payload?.interactionToken) {
    return operation("rest.sendInteractionResponse", () =>
      responseSend({ ...written(content), ...interaction(payload) }, RESPONSE),
    );
  }
  return operation("rest.sendMessage", () =>
    messageSend({ ...written(content), ...place(event, payload) }),
  );
}

export function edit(
  event: string,
  payload: Payload,
  content: string | MessageEditOptions,
): Promise<DiscordJson> {
  if (isOnEphemeral(payload)) {
    return update(payload, content); // bots reach such a message through its interaction only
  }
  if (isOwnAnswer(payload)) {
    return operation("rest.editOriginalInteractionResponse", () => ({
      token: token(payload.interactionToken),
      ...messageBody(written(content), EDIT),
    }));
  }
  return operation("rest.editMessage", () =>
    messageEdit({ ...written(content), ...ownMessage("edit", event, payload) }),
  );
}

export async function remove(event: string, payload: Payload): Promise<void> {
  const onEphemeral = isOnEphemeral(payload);
  if (onEphemeral) {
    await deferUpdate(payload); // then the message that holds the component is the original
  }
  if (onEphemeral || isOwnAnswer(payload)) {
    return operation("rest.deleteOriginalInteractionResponse", () => ({
      token: token(payload.interactionToken),
    }));
  }
  return operation("rest.deleteMessage", () =>
    messageAddress(ownMessage("delete", event, payload)),
  );
}

export function react(event: string, payload: Payload, emoji: unknown): Promise<void> {
  return operation("rest.addReaction", () => ({
    ...messageAddress(ownMessage("reaction", event, payload)),
    emoji: reactionEmoji(snapshot("emoji", emoji)),
  }));
}

export function followUp(
  payload: Payload,
  content: string | MessageReplyOptions,
): Promise<DiscordJson> {
  return operation("rest.createFollowupMessage", () =>
    followupSend({ ...written(content), token: payload.interactionToken }),
  );
}

export function defer(payload: Payload, options?: { ephemeral?: boolean }): Promise<void> {
  return operation("rest.deferInteractionResponse", () => {
    const ephemeral = options === undefined ? undefined : snapshotOptions("options", options).ephemeral;
    return {
      ...interactionAddress(interaction(payload)),
      type: DEFERRED_RESPONSE,
      ...(typeof ephemeral === "boolean" && { ephemeral }),
    };
  });
}

export function deferUpdate(payload: Payload): Promise<void> {
  return operation("rest.deferInteractionResponse", () => ({
    ...interactionAddress(interaction(payload)),
    type: DEFERRED_UPDATE,
  }));
}

export function update(
  payload: Payload,
  content: string | MessageEditOptions,
): Promise<DiscordJson> {
  return operation("rest.updateInteractionResponse", () =>
    responseSend({ ...written(content), ...interaction(payload) }, UPDATE),
  );
}

export function showModal(payload: Payload, modal: ModalLike): Promise<void> {
  return operation("interaction.showModal", () => ({
    ...interactionAddress(interaction(payload)),
    modal: modalJson(snapshotOptions("modal", modal)),
  }));
}

export function suggest(payload: Payload, choices: unknown): Promise<void> {
  return operation("interaction.suggest", () => ({
    ...interactionAddress(interaction(payload)),
    choices: suggestions(snapshot("choices", choices)),
  }));
}

export function fetchReply(payload: Payload): Promise<DiscordJson> {
  return operation("interaction.fetchReply", () => ({ token: token(payload.interactionToken) }));
}

/** The first that fit: Discord takes 25, and would refuse them all for one too many. */
function suggestions(choices: Plain): Plain[] {
  if (!isArray(choices)) {
    throw inputError("choices", "expected an array");
  }
  return choices.slice(0, MAX_CHOICES).map((choice) => {
    const given = isObject(choice) ? (choice as PlainObject) : { name: toText(choice), value: choice };
    const { name, value, nameLocalizations, name_localizations = nameLocalizations } = given;
    if (typeof name !== "string" || (typeof value !== "string" && typeof value !== "number")) {
      throw inputError("choices", "expected texts, numbers, or objects with a name and a value");
    }
    return {
      name: slice(name, 0, MAX_CHOICE_NAME) || " ",
      value,
      ...(name_localizations !== undefined && { name_localizations }),
    };
  });
}

function interaction(payload: Payload): { interactionId: Plain; token: Plain } {
  return { interactionId: payload.interactionId, token: payload.interactionToken };
}

/** Where an answer goes that is no interaction's: the channel, and the message it refers to. */
function place(event: string, payload: Payload): { channelId: Plain; messageId: Plain } {
  const { id, channelId, messageId } = payload ?? {};
  if (!isByRule(event)) {
    return { channelId, messageId: id ?? messageId };
  }
  // The id of a channel's or a thread's own event is the channel's; any other is no message's.
  const isChannel = startsWith(event, "channel") || startsWith(event, "thread");
  return { channelId: channelId ?? (isChannel ? id : undefined), messageId };
}

/** The message that the event is about. what: what needs one, for the error. */
function ownMessage(what: string, event: string, payload: Payload): PlainObject {
  const { channelId, messageId } = place(event, payload);
  if (!channelId || !messageId) {
    throw codedError(`Message ${what} requires a message payload`, "INVALID_INPUT");
  }
  return { channelId, messageId };
}

/** A command has no message of its own: its answer stands for it. */
function isOwnAnswer(payload: Payload): boolean {
  return Boolean(payload?.interactionToken) && !payload.messageId;
}

function isOnEphemeral(payload: Payload): boolean {
  const flags = (rawOf(payload)?.message as PlainObject | undefined)?.flags;
  return typeof flags === "number" && (flags & EPHEMERAL) !== 0;
}

function written(content: string | object): PlainObject {
  return typeof content === "object" && content !== null
    ? snapshotOptions("content", content)
    : { content: toText(content) };
}

/**
 * What a handler gets: the payload, and how to answer it.
 *
 * A context is made afresh for each handler. Where an answer goes is read from the payload:
 * one with an interaction token is answered through the interaction, any other in its channel.
 */

import { operation } from "./bridge";
import { codedError } from "./errors";
import type {
  DiscordJson,
  EventComponentInteraction,
  EventInteractionCreate,
  EventMessage,
  EventMessageDelete,
  EventMessageDeleteBulk,
  EventMessageUpdate,
  EventModalSubmit,
  EventReaction,
  EventReactionRemoveAll,
} from "./event_types";
import { flattenInteractionOptions, type SlashCommandOptions } from "./interaction_options";
import { toText } from "./intrinsics";
import type { MessageEditOptions, MessageReplyOptions } from "./message_types";
import { rawOf } from "./payload_kind";
import { type PlainObject, snapshotOptions } from "./plain";
import { messageEdit, messageSend, RESPONSE, responseSend } from "./requests";

export interface BaseContext<TPayload> {
  msg: TPayload;
  /** Discord's own object, snake_case. */
  raw: DiscordJson;
  /**
   * Answers: replies to the message, or responds to the interaction. Gives the created message,
   * except for interactions.
   */
  reply: (content: string | MessageReplyOptions) => Promise<DiscordJson>;
  /** Edits the message that the event is about. */
  edit: (content: string | MessageEditOptions) => Promise<DiscordJson>;
}

export type MessageContext = BaseContext<EventMessage>;
export type MessageUpdateContext = BaseContext<EventMessageUpdate>;
export type MessageDeleteContext = BaseContext<EventMessageDelete>;
export type MessageDeleteBulkContext = BaseContext<EventMessageDeleteBulk>;
export type ComponentInteractionContext = BaseContext<EventComponentInteraction>;
export type ModalSubmitContext = BaseContext<EventModalSubmit>;
export type ReactionContext = BaseContext<EventReaction>;
export type ReactionRemoveAllContext = BaseContext<EventReactionRemoveAll>;
export type InteractionContext = BaseContext<EventInteractionCreate> & {
  options: SlashCommandOptions;
};

/** An event's payload, or whatever a script has passed to `__floraDispatch`. */
type Payload = any;

/** @internal */
export function makeContext(event: string, payload: Payload): BaseContext<any> {
  const context: BaseContext<any> & { options?: SlashCommandOptions } = {
    msg: payload,
    reply: (content) => reply(payload, content),
    edit: (content) => edit(payload, content),
    raw: rawOf(payload),
  };
  if (event === "interactionCreate") {
    context.options = flattenInteractionOptions(payload?.data?.options ?? []);
  }
  return context;
}

function reply(payload: Payload, content: string | MessageReplyOptions): Promise<any> {
  if (payload?.interactionToken) {
    return operation("rest.sendInteractionResponse", () => {
      const { interactionId, interactionToken } = payload;
      return responseSend({ ...written(content), interactionId, token: interactionToken }, RESPONSE);
    });
  }
  return operation("rest.sendMessage", () => {
    const { channelId, id, messageId } = payload ?? {};
    return messageSend({ ...written(content), channelId, messageId: id ?? messageId });
  });
}

function edit(payload: Payload, content: string | MessageEditOptions): Promise<any> {
  return operation("rest.editMessage", () => {
    const { channelId, id, messageId } = payload ?? {};
    if (!channelId || !(id ?? messageId)) {
      throw codedError("Message edit requires a message payload", "INVALID_INPUT");
    }
    return messageEdit({ ...written(content), channelId, messageId: id ?? messageId });
  });
}

function written(content: string | object): PlainObject {
  return typeof content === "object" && content !== null
    ? snapshotOptions("content", content)
    : { content: toText(content) };
}

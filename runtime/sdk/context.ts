/**
 * What a handler gets: the payload, and how to answer it.
 *
 * A context is made afresh for each handler. Where an answer goes is read from the payload:
 * one with an interaction token is answered through the interaction, any other in its channel.
 */

import { edit, type Payload, react, remove, reply } from "./answers";
import { isOfClock } from "./event_table";
import type {
  DiscordJson,
  EventAutocomplete,
  EventComponentInteraction,
  EventEmoji,
  EventInteractionCreate,
  EventMessage,
  EventMessageDelete,
  EventMessageDeleteBulk,
  EventMessageUpdate,
  EventModalSubmit,
  EventReaction,
  EventReactionRemoveAll,
} from "./event_types";
import {
  addInteraction,
  type Answering,
  type CommandReading,
  type OpeningModals,
  type ResolvedObjects,
  type Suggesting,
  type Updating,
} from "./interaction_context";
import { define, isObject, keys } from "./intrinsics";
import type { MessageEditOptions, MessageReplyOptions } from "./message_types";
import { rawOf } from "./payload_kind";

export interface BaseContext<TPayload> {
  /** The event's name. */
  event: string;
  msg: TPayload;
  /** Discord's own object, snake_case. */
  raw: DiscordJson;
  /**
   * Answers: replies to the message, or responds to the interaction. A second answer to an
   * interaction is a follow-up. Gives the created message.
   */
  reply: (content: string | MessageReplyOptions) => Promise<DiscordJson>;
  /** Edits the message that the event is about; for a command, the answer to it. */
  edit: (content: string | MessageEditOptions) => Promise<DiscordJson>;
  /** Deletes the message that the event is about; for a command, the answer to it. */
  delete: () => Promise<void>;
  /** Reacts to the message that the event is about: `👍`, `<:name:id>` or `name:id`. */
  react: (emoji: string | EventEmoji) => Promise<void>;
}

export type MessageContext = BaseContext<EventMessage>;
export type MessageUpdateContext = BaseContext<EventMessageUpdate>;
export type MessageDeleteContext = BaseContext<EventMessageDelete>;
export type MessageDeleteBulkContext = BaseContext<EventMessageDeleteBulk>;
export type ReactionContext = BaseContext<EventReaction>;
export type ReactionRemoveAllContext = BaseContext<EventReactionRemoveAll>;
export type InteractionContext = BaseContext<EventInteractionCreate> &
  Answering &
  OpeningModals &
  CommandReading;
export type ComponentInteractionContext = BaseContext<EventComponentInteraction> &
  Answering &
  OpeningModals &
  Updating & {
    /** What was chosen in a menu; empty for a button. */
    readonly values: string[];
  };
export type ModalSubmitContext = BaseContext<EventModalSubmit> &
  Answering &
  Updating & {
    /** What was filled in, by the fields' ids: texts, and lists of what was chosen. */
    readonly fields: Record<string, any>;
  };
export type AutocompleteContext = BaseContext<EventAutocomplete> &
  Suggesting & { readonly resolved: ResolvedObjects };

/** @internal */
export function makeContext(event: string, payload: Payload): BaseContext<any> {
  const context: BaseContext<any> = {
    event,
    msg: payload,
    reply: (content) => reply(event, payload, content),
    edit: (content) => edit(event, payload, content),
    delete: () => remove(event, payload),
    react: (emoji) => react(event, payload, emoji),
    raw: rawOf(payload),
  };
  if (payload?.interactionToken || event === "interactionCreate") {
    addInteraction(context, payload);
  }
  if (isOfClock(event)) {
    copyFields(context, payload);
  }
  return context;
}

/** `ctx.name` beside `ctx.msg.name`: the original documents one form and has the other. */
function copyFields(context: object, payload: Payload): void {
  const names = isObject(payload) ? keys(payload) : [];
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    define(context, name, payload[name]);
  }
}

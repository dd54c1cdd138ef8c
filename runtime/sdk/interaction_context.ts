/**
 * What the context of an interaction has besides: its answers, and what was typed or chosen.
 *
 * All kinds have all of it; what a kind has nothing of is empty, and an answer that a kind does
 * not have is refused by the host.
 */

import {
  defer,
  deferUpdate,
  fetchReply,
  followUp,
  type Payload,
  showModal,
  suggest,
  update,
} from "./answers";
import type { AutocompleteChoice } from "./command_types";
import type { DiscordJson } from "./event_types";
import {
  flattenInteractionOptions,
  type FocusedOption,
  focusedOption,
  type SlashCommandOptions,
} from "./interaction_options";
import { define, defineGetter, hasOwn, isArray, isObject, keys } from "./intrinsics";
import type { MessageEditOptions, MessageReplyOptions } from "./message_types";
import type { ModalLike } from "./modals";
import { camelCased } from "./names";
import type { Plain } from "./plain";

/** Objects behind ids, by id, with camelCase names. */
export interface ResolvedObjects {
  users?: Record<string, any>;
  members?: Record<string, any>;
  roles?: Record<string, any>;
  channels?: Record<string, any>;
  messages?: Record<string, any>;
  attachments?: Record<string, any>;
}

/** Answers that every interaction takes but autocompletion. */
export interface Answering {
  /** A further message; the first answer where none was given yet. Gives the message. */
  followUp: (content: string | MessageReplyOptions) => Promise<DiscordJson>;
  /**
   * Says that the answer takes longer: members see "thinking…" until `reply`. Without it flora
   * defers after 2 s. With `ephemeral` only who asked sees the answer.
   */
  defer: (options?: { ephemeral?: boolean }) => Promise<void>;
  /** The message with which `reply` has answered. */
  fetchReply: () => Promise<DiscordJson>;
  /** What was named or chosen, by kind and id. */
  readonly resolved: ResolvedObjects;
}

/** Answers of components, and of modals that a component has opened. */
export interface Updating {
  /** Changes the message that holds the component, and gives it. */
  update: (content: string | MessageEditOptions) => Promise<DiscordJson>;
  /** Acknowledges the use of the component; its message stays as it is. */
  deferUpdate: () => Promise<void>;
  /** What the script has called the component or the modal. */
  readonly customId: string;
}

export interface OpeningModals {
  /** Opens a form. Only as the first answer, so before anything that takes time. */
  showModal: (modal: ModalLike) => Promise<void>;
}

export interface CommandReading {
  /** What was typed, by the options' names; users, roles, channels and attachments as ids. */
  options: SlashCommandOptions;
  /** The user in an option; null where there is none. */
  getUser: (option: string) => any;
  /** The guild's member in a user option, with `user`; null for who is none. */
  getMember: (option: string) => any;
  getRole: (option: string) => any;
  getChannel: (option: string) => any;
  getAttachment: (option: string) => any;
  /** Of a user command: who it was used on. */
  readonly targetUser: any;
  readonly targetMember: any;
  /** Of a message command: what it was used on. */
  readonly targetMessage: any;
}

export interface Suggesting {
  /** What was typed so far. */
  options: SlashCommandOptions;
  /** The option that is being typed. */
  readonly focused: FocusedOption;
  /** Suggests these, the first 25. */
  respond: (choices: AutocompleteChoice[]) => Promise<void>;
}

/** Adds to a context what those of interactions have. @internal */
export function addInteraction(context: object, payload: Payload): void {
  const data = isObject(payload?.data) ? (payload.data as any) : {};
  const given = isArray(data.options) ? data.options : [];
  const options = flattenInteractionOptions(given);
  let resolved: ResolvedObjects | undefined;

  function objects(): ResolvedObjects {
    return (resolved ??= camelCased(data.resolved ?? {}) as ResolvedObjects);
  }

  function object(kind: keyof ResolvedObjects, id: unknown): any {
    const known = objects()[kind];
    return typeof id === "string" && known && hasOwn(known, id) ? known[id] : null;
  }

  function member(id: unknown): any {
    const found = object("members", id);
    return found && { ...found, user: object("users", id) };
  }

  const members: Record<string, unknown> = {
    options,
    customId: data.custom_id,
    values: isArray(data.values) ? data.values : [],
    followUp: (content: string | MessageReplyOptions) => followUp(payload, content),
    defer: (settings?: { ephemeral?: boolean }) => defer(payload, settings),
    deferUpdate: () => deferUpdate(payload),
    update: (content: string | MessageEditOptions) => update(payload, content),
    showModal: (modal: ModalLike) => showModal(payload, modal),
    fetchReply: () => fetchReply(payload),
    respond: (choices: AutocompleteChoice[]) => suggest(payload, choices),
    getUser: (option: string) => object("users", options[option]),
    getMember: (option: string) => member(options[option]),
    getRole: (option: string) => object("roles", options[option]),
    getChannel: (option: string) => object("channels", options[option]),
    getAttachment: (option: string) => object("attachments", options[option]),
  };
  const names = keys(members);
  for (let i = 0; i < names.length; i++) {
    define(context, names[i] as string, members[names[i] as string]);
  }
  defineGetter(context, "resolved", objects);
  defineGetter(context, "fields", () => fieldsOf(data.components));
  defineGetter(context, "focused", () => focusedOption(given));
  defineGetter(context, "targetUser", () => object("users", data.target_id));
  defineGetter(context, "targetMember", () => member(data.target_id));
  defineGetter(context, "targetMessage", () => object("messages", data.target_id));
}

/** What was filled into a modal, by the fields' ids: texts, and lists of what was chosen. */
function fieldsOf(components: unknown): Record<string, any> {
  const fields: Record<string, any> = {};
  const rows = isArray(components) ? components : [];
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    const inner = isArray(row?.components) ? row.components : [row?.component];
    for (let j = 0; j < inner.length; j++) {
      const field = inner[j] as { custom_id?: string; value?: Plain; values?: Plain } | undefined;
      if (typeof field?.custom_id === "string") {
        define(fields, field.custom_id, field.value ?? field.values ?? null);
      }
    }
  }
  return fields;
}

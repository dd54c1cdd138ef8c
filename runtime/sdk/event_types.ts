/**
 * What scripts see of an event: the types of `ctx.msg`.
 *
 * A payload's own properties are the ones without a question mark; they are always there, null
 * when Discord sent nothing. Every other field of Discord's object can be read under its
 * camelCase name too (the most useful are listed, with a question mark); those are looked up when
 * asked for and are no own properties: spread and JSON leave them out. `ctx.raw` is all of
 * Discord's own object.
 */

/** Discord's own JSON, snake_case. */
export type DiscordJson = any;

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | JsonValue[]
  | { [key: string]: JsonValue | undefined };

export interface EventUser {
  id: string;
  username: string;
  /** null for accounts with the new kind of name. */
  discriminator: number | null;
  bot: boolean;
  readonly globalName?: string | null;
  /** Hash of the picture. */
  readonly avatar?: string | null;
  readonly publicFlags?: number;
}

export interface EventMember {
  user: EventUser;
  nick: string | null;
  /** Hash of the picture for this guild. */
  avatar: string | null;
  /** Ids of the roles. */
  roles: string[];
  joinedAt: string | null;
  premiumSince: string | null;
  deaf: boolean;
  mute: boolean;
  flags: number;
  pending: boolean;
  /** In interactions: what the member may do in this channel, a decimal string of bits. */
  permissions: string | null;
  communicationDisabledUntil: string | null;
}

export interface EventMessage {
  id: string;
  channelId: string;
  guildId: string;
  content: string;
  author: EventUser;
  /** null for webhooks. */
  member: EventMember | null;
  readonly type?: number;
  readonly flags?: number;
  readonly timestamp?: string;
  readonly editedTimestamp?: string | null;
  readonly tts?: boolean;
  readonly pinned?: boolean;
  readonly webhookId?: string;
  readonly mentionEveryone?: boolean;
  readonly mentions?: any[];
  readonly mentionRoles?: string[];
  readonly attachments?: any[];
  readonly embeds?: any[];
  readonly components?: any[];
  readonly stickerItems?: any[];
  readonly messageReference?: any;
  readonly referencedMessage?: any;
}

export interface EventMessageUpdate {
  id: string;
  channelId: string;
  guildId: string;
  content: string | null;
  author: EventUser | null;
  editedTimestamp: string | null;
  /** Always null: messages are not kept. */
  old: EventMessage | null;
  new: EventMessage | null;
  readonly attachments?: any[];
  readonly embeds?: any[];
  readonly flags?: number;
}

export interface EventMessageDelete {
  id: string;
  channelId: string;
  guildId: string;
}

export interface EventMessageDeleteBulk {
  ids: string[];
  channelId: string;
  guildId: string;
}

export interface EventReady {
  /** The bot. */
  user: EventUser;
  /** This guild alone. */
  guildIds: string[];
}

interface InteractionPayload {
  interactionId: string;
  interactionToken: string;
  applicationId: string;
  guildId: string;
  channelId: string | null;
  user: EventUser;
  member: EventMember | null;
  /** Discord's own object, snake_case. */
  data: DiscordJson;
  locale: string | null;
  guildLocale: string | null;
  readonly type?: number;
  readonly appPermissions?: string;
  readonly channel?: any;
}

/** A command; `data.options` holds what was typed, `ctx.options` the same by name. */
export interface EventInteractionCreate extends InteractionPayload {
  commandName: string;
}

/** What was typed into a command so far; the option with `focused` is being typed. */
export interface EventAutocomplete extends EventInteractionCreate {}

/** A button or a select menu; `data.custom_id`, `data.component_type`, `data.values`. */
export interface EventComponentInteraction extends InteractionPayload {
  /** The message that holds the component. */
  messageId: string | null;
  readonly message?: any;
}

/** A submitted form; `data.custom_id`, `data.components`. */
export interface EventModalSubmit extends InteractionPayload {
  messageId: string | null;
  readonly message?: any;
}

/** `{name}` for a Unicode emoji, `{id, name, animated}` for a custom one. */
export interface EventEmoji {
  id?: string;
  name: string | null;
  animated?: boolean;
}

export interface EventReaction {
  /** null when all reactions with one emoji were removed. */
  userId: string | null;
  channelId: string;
  messageId: string;
  guildId: string;
  emoji: EventEmoji;
  burst: boolean;
  readonly member?: any;
  readonly messageAuthorId?: string;
}

export interface EventReactionRemoveAll {
  messageId: string;
  channelId: string;
  guildId: string;
}

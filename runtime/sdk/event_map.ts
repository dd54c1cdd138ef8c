/**
 * The events by name, with what their handlers get: types only.
 *
 * Events that the original did not have are typed as far as scripts mostly use them; every
 * other field of Discord's is there too, under its camelCase name.
 */

import type {
  AutocompleteContext,
  BaseContext,
  ComponentInteractionContext,
  InteractionContext,
  MessageContext,
  MessageDeleteBulkContext,
  MessageDeleteContext,
  MessageUpdateContext,
  ModalSubmitContext,
  ReactionContext,
  ReactionRemoveAllContext,
} from "./context";
import type { EventReady } from "./event_types";
import type { TaskContext } from "./tasks";

/** Discord's object with camelCase names at every depth, ids as text. */
export interface GuildEvent {
  guildId: string;
  [field: string]: any;
}

export interface GuildMemberEvent extends GuildEvent {
  user: any;
  nick?: string | null;
  roles: string[];
  joinedAt: string;
}

/** Who has left: of a member that is gone Discord tells the user only. */
export interface GuildMemberRemoveEvent extends GuildEvent {
  user: any;
}

export interface GuildBanEvent extends GuildEvent {
  user: any;
}

export interface GuildRoleEvent extends GuildEvent {
  role: any;
}

export interface GuildRoleDeleteEvent extends GuildEvent {
  roleId: string;
}

/** A channel or a thread; `ctx.reply` writes into it. */
export interface GuildChannelEvent extends GuildEvent {
  id: string;
  type: number;
  name?: string;
  parentId?: string | null;
}

export interface InviteEvent extends GuildEvent {
  channelId: string;
  code: string;
}

export interface VoiceStateEvent extends GuildEvent {
  /** null for who has left. */
  channelId: string | null;
  userId: string;
  member?: any;
  selfMute: boolean;
  selfDeaf: boolean;
}

export interface TypingEvent extends GuildEvent {
  channelId: string;
  userId: string;
  timestamp: number;
}

export interface PollVoteEvent extends GuildEvent {
  userId: string;
  channelId: string;
  messageId: string;
  answerId: number;
}

/** An error that a handler has thrown. */
export interface ErrorContext {
  error: unknown;
  /** The name of the event. */
  event: string;
  /** The context of the handler that threw. */
  ctx?: any;
}

/** Before the isolate ends because the guild moves or flora stops: what is returned comes back. */
export interface SuspendContext {
  event: string;
}

/** After a move or a restart, before any other event. */
export interface ResumeContext {
  event: string;
  /** What the handlers of `suspend` have returned; null for nothing. */
  state: any;
}

export interface FloraEventMap {
  ready: BaseContext<EventReady>;
  messageCreate: MessageContext;
  messageUpdate: MessageUpdateContext;
  messageDelete: MessageDeleteContext;
  messageDeleteBulk: MessageDeleteBulkContext;
  /** A command. */
  interactionCreate: InteractionContext;
  /** A button or a select menu. */
  componentInteraction: ComponentInteractionContext;
  /** A submitted form. */
  modalSubmit: ModalSubmitContext;
  /** An option of a command that is being typed; `ctx.respond` suggests values for it. */
  autocomplete: AutocompleteContext;
  reactionAdd: ReactionContext;
  reactionRemove: ReactionContext;
  reactionRemoveEmoji: ReactionContext;
  reactionRemoveAll: ReactionRemoveAllContext;
  guildMemberAdd: BaseContext<GuildMemberEvent>;
  /** The same as guildMemberAdd. */
  memberJoin: BaseContext<GuildMemberEvent>;
  guildMemberUpdate: BaseContext<GuildMemberEvent>;
  /** The same as guildMemberUpdate. */
  memberUpdate: BaseContext<GuildMemberEvent>;
  guildMemberRemove: BaseContext<GuildMemberRemoveEvent>;
  /** The same as guildMemberRemove. */
  memberLeave: BaseContext<GuildMemberRemoveEvent>;
  guildBanAdd: BaseContext<GuildBanEvent>;
  guildBanRemove: BaseContext<GuildBanEvent>;
  guildRoleCreate: BaseContext<GuildRoleEvent>;
  guildRoleUpdate: BaseContext<GuildRoleEvent>;
  guildRoleDelete: BaseContext<GuildRoleDeleteEvent>;
  channelCreate: BaseContext<GuildChannelEvent>;
  channelUpdate: BaseContext<GuildChannelEvent>;
  channelDelete: BaseContext<GuildChannelEvent>;
  threadCreate: BaseContext<GuildChannelEvent>;
  threadUpdate: BaseContext<GuildChannelEvent>;
  threadDelete: BaseContext<GuildChannelEvent>;
  inviteCreate: BaseContext<InviteEvent>;
  inviteDelete: BaseContext<InviteEvent>;
  voiceStateUpdate: BaseContext<VoiceStateEvent>;
  typingStart: BaseContext<TypingEvent>;
  messagePollVoteAdd: BaseContext<PollVoteEvent>;
  messagePollVoteRemove: BaseContext<PollVoteEvent>;
  guildAuditLogEntryCreate: BaseContext<GuildEvent>;
  guildScheduledEventCreate: BaseContext<GuildEvent>;
  autoModerationActionExecution: BaseContext<GuildEvent>;
  presenceUpdate: BaseContext<GuildEvent>;
  /** A task that `tasks.schedule` has set. */
  task: TaskContext;
  error: ErrorContext;
  suspend: SuspendContext;
  resume: ResumeContext;
  /** Every event that this script is sent, after the handlers of its own name. */
  "*": BaseContext<any>;
}

export type FloraEventHandler<Event extends keyof FloraEventMap> = (
  ctx: FloraEventMap[Event],
) => unknown;

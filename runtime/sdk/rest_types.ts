/** Arguments of `rest`, under the names that the original's types have. */

import type { RawSlashCommand } from "./command_types";
import type { MessageEditOptions, MessageReplyOptions } from "./message_types";

/** An id. Text, or a number as long as it is exact. */
export type Id = string | bigint;

interface MessageAddress {
  channelId: Id;
  messageId: Id;
}

interface InteractionAddress {
  interactionId: Id;
  token: string;
}

export interface RawSendMessage extends Omit<MessageReplyOptions, "ephemeral"> {
  channelId: Id;
  /** The older name of replyTo. */
  messageId?: Id;
}

export interface RawEditMessage extends MessageEditOptions, MessageAddress {}

export interface RawDeleteMessage extends MessageAddress {
  reason?: string;
}

export interface RawBulkDeleteMessages {
  channelId: Id;
  messageIds: Id[];
  reason?: string;
}

export interface RawPinMessage extends MessageAddress {
  reason?: string;
}

export interface RawCrosspostMessage extends MessageAddress {}

export interface RawFetchMessage extends MessageAddress {}

export interface RawFetchMessages {
  channelId: Id;
  /** At most 100. */
  limit?: number | bigint;
  before?: Id;
  after?: Id;
  around?: Id;
}

export interface RawReaction extends MessageAddress {
  /** `👍`, `<:name:id>` or `name:id`. */
  emoji: string | { id?: string; name: string | null };
  userId?: Id;
}

export interface RawClearReactions extends MessageAddress {
  emoji?: string | { id?: string; name: string | null };
}

export interface RawInteractionResponse
  extends InteractionAddress, Omit<MessageReplyOptions, "replyTo"> {}

export interface RawDeferInteractionResponse extends InteractionAddress {
  ephemeral?: boolean;
}

export interface RawUpdateInteractionResponse extends InteractionAddress, MessageEditOptions {
  tts?: boolean;
}

export interface RawEditInteractionResponse extends MessageEditOptions {
  token: string;
}

export interface RawDeleteInteractionResponse {
  token: string;
}

export interface RawFollowupMessage extends Omit<MessageReplyOptions, "replyTo"> {
  token: string;
  /** Which follow-up to edit. */
  messageId?: Id;
}

export interface RawDeleteFollowupMessage {
  token: string;
  messageId: Id;
}

export interface RawExecuteWebhook extends Omit<MessageReplyOptions, "replyTo" | "ephemeral"> {
  webhookId: Id;
  token: string;
  /** Gives the message, instead of null at once. */
  wait?: boolean;
  threadId?: Id;
  /** Of a forum: opens a thread of this name. */
  threadName?: string;
  /** true when there are any. */
  withComponents?: boolean;
  username?: string;
  avatarUrl?: string;
}

export interface RawEditWebhookMessage extends MessageEditOptions {
  webhookId: Id;
  token: string;
  messageId: Id;
  threadId?: Id;
  withComponents?: boolean;
}

export interface RawUpsertGuildCommands {
  guildId: Id;
  commands: RawSlashCommand[];
}

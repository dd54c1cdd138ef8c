/** The methods of `rest` and the options of `discord.request`, as scripts see them. */

import type { RawSlashCommand } from "./command_types";
import type { DiscordJson, JsonValue } from "./event_types";
import type { FileLike, MessageReplyOptions, PictureLike } from "./message_types";
import type {
  Id,
  RawBulkDeleteMessages,
  RawClearReactions,
  RawCrosspostMessage,
  RawDeferInteractionResponse,
  RawDeleteFollowupMessage,
  RawDeleteInteractionResponse,
  RawDeleteMessage,
  RawEditInteractionResponse,
  RawEditMessage,
  RawEditWebhookMessage,
  RawExecuteWebhook,
  RawFetchMessage,
  RawFetchMessages,
  RawFollowupMessage,
  RawInteractionResponse,
  RawPinMessage,
  RawReaction,
  RawSendMessage,
  RawUpdateInteractionResponse,
  RawUpsertGuildCommands,
} from "./rest_types";

/** The guild is this script's own when it is not given, and no other can be. */
interface InGuild {
  guildId?: Id;
}

interface InChannel {
  channelId: Id;
}

interface OnMessage extends InChannel {
  messageId: Id;
}

interface OfUser extends InGuild {
  userId: Id;
}

interface InThread {
  threadId: Id;
}

/** A line for the guild's audit log, 512 characters at most. */
interface WithReason {
  reason?: string;
}

/**
 * What is made or changed: by Discord's names in `payload`, or beside the other arguments, where
 * names may be camelCase.
 */
interface WithFields extends WithReason {
  payload?: { [name: string]: JsonValue | undefined };
  [name: string]: unknown;
}

interface Page {
  /** How many at most. */
  limit?: number;
  before?: Id;
  after?: Id;
}

interface OfWebhook extends WithReason {
  webhookId: Id;
  /** With it the bot needs no permission to manage webhooks. */
  token?: string;
}

interface ForumPost extends Omit<MessageReplyOptions, "replyTo" | "ephemeral"> {}

/** Everything gives Discord's own JSON, snake_case. */
export interface Rest {
  // --- messages ---
  sendMessage(args: RawSendMessage): Promise<DiscordJson>;
  editMessage(args: RawEditMessage): Promise<DiscordJson>;
  deleteMessage(args: RawDeleteMessage): Promise<void>;
  /** 100 messages at most, none older than two weeks. */
  bulkDeleteMessages(args: RawBulkDeleteMessages): Promise<void>;
  fetchMessage(args: RawFetchMessage): Promise<DiscordJson>;
  fetchMessages(args: RawFetchMessages): Promise<DiscordJson[]>;
  /** Shows a message of an announcement channel to the servers that follow it. */
  crosspostMessage(args: RawCrosspostMessage): Promise<DiscordJson>;
  pinMessage(args: RawPinMessage): Promise<void>;
  unpinMessage(args: RawPinMessage): Promise<void>;
  /** `{items: [{pinned_at, message}], has_more}` */
  fetchPins(args: InChannel & { limit?: number; before?: string }): Promise<DiscordJson>;
  sendTyping(args: InChannel): Promise<void>;
  /** emoji: `👍`, `<:name:id>` or `name:id`. */
  addReaction(args: RawReaction): Promise<void>;
  /** Without a userId it is the bot's own reaction that goes. */
  removeReaction(args: RawReaction): Promise<void>;
  /** All reactions, or all with one emoji. */
  clearReactions(args: RawClearReactions): Promise<void>;
  /** The users who have reacted with the emoji. */
  fetchReactions(
    args: RawReaction & { limit?: number; after?: Id; type?: number },
  ): Promise<DiscordJson[]>;
  /** `{users: […]}` */
  fetchPollVoters(
    args: OnMessage & { answerId: number; limit?: number; after?: Id },
  ): Promise<DiscordJson>;
  /** Ends a poll of the bot's own. */
  endPoll(args: OnMessage): Promise<DiscordJson>;

  // --- interactions ---
  sendInteractionResponse(args: RawInteractionResponse): Promise<DiscordJson>;
  /** Says that the answer comes later, with `editOriginalInteractionResponse`. */
  deferInteractionResponse(args: RawDeferInteractionResponse): Promise<void>;
  /** Changes the message that holds the component. */
  updateInteractionResponse(args: RawUpdateInteractionResponse): Promise<DiscordJson>;
  editOriginalInteractionResponse(args: RawEditInteractionResponse): Promise<DiscordJson>;
  deleteOriginalInteractionResponse(args: RawDeleteInteractionResponse): Promise<void>;
  fetchOriginalInteractionResponse(args: { token: string }): Promise<DiscordJson>;
  createFollowupMessage(args: RawFollowupMessage): Promise<DiscordJson>;
  editFollowupMessage(args: RawFollowupMessage): Promise<DiscordJson>;
  deleteFollowupMessage(args: RawDeleteFollowupMessage): Promise<void>;

  // --- channels and threads ---
  fetchChannel(args: InChannel): Promise<DiscordJson>;
  fetchChannels(args?: InGuild): Promise<DiscordJson[]>;
  createChannel(args: InGuild & WithFields): Promise<DiscordJson>;
  editChannel(args: InChannel & WithFields): Promise<DiscordJson>;
  deleteChannel(args: InChannel & WithReason): Promise<DiscordJson>;
  /** overwriteId: of a role (type 0) or a member (type 1). */
  editChannelPermissions(
    args: InChannel & WithReason & { overwriteId: Id; type: 0 | 1; allow?: string; deny?: string },
  ): Promise<void>;
  deleteChannelPermissions(args: InChannel & WithReason & { overwriteId: Id }): Promise<void>;
  /** message: of a forum's thread, the first one in it. */
  createThread(args: InChannel & WithFields & { message?: ForumPost }): Promise<DiscordJson>;
  createThreadFromMessage(args: OnMessage & WithFields): Promise<DiscordJson>;
  joinThread(args: InThread): Promise<void>;
  leaveThread(args: InThread): Promise<void>;
  addThreadMember(args: InThread & { userId: Id }): Promise<void>;
  removeThreadMember(args: InThread & { userId: Id }): Promise<void>;
  fetchThreadMembers(
    args: InThread & { limit?: number; after?: Id; withMember?: boolean },
  ): Promise<DiscordJson[]>;
  /** `{threads, members}` */
  fetchActiveThreads(args?: InGuild): Promise<DiscordJson>;
  /** `{threads, members, has_more}`; before: when a thread was archived, RFC 3339. */
  fetchArchivedThreads(args: InChannel & { limit?: number; before?: string }): Promise<DiscordJson>;
  fetchPrivateArchivedThreads(
    args: InChannel & { limit?: number; before?: string },
  ): Promise<DiscordJson>;

  // --- invites ---
  /** The guild's, or one channel's. */
  fetchInvites(args?: InGuild & { channelId?: Id }): Promise<DiscordJson[]>;
  fetchInvite(args: { code: string; withCounts?: boolean }): Promise<DiscordJson>;
  createInvite(args: InChannel & WithFields): Promise<DiscordJson>;
  deleteInvite(args: WithReason & { code: string }): Promise<DiscordJson>;

  // --- members and moderation ---
  fetchUser(args: { userId: Id }): Promise<DiscordJson>;
  fetchMember(args: OfUser): Promise<DiscordJson>;
  /** 1000 at most, by id. */
  fetchMembers(args?: InGuild & { limit?: number; after?: Id }): Promise<DiscordJson[]>;
  /** Members whose name or nickname begins with the query. */
  searchMembers(args: InGuild & { query: string; limit?: number }): Promise<DiscordJson[]>;
  editMember(args: OfUser & WithFields): Promise<DiscordJson>;
  editCurrentMember(args: InGuild & WithFields): Promise<DiscordJson>;
  addMemberRole(args: OfUser & WithReason & { roleId: Id }): Promise<void>;
  removeMemberRole(args: OfUser & WithReason & { roleId: Id }): Promise<void>;
  /** For so many seconds, 28 days at most, or until a date; seconds 0 ends a timeout. */
  timeoutMember(
    args: OfUser & WithReason & ({ seconds: number | null } | { until: string | number }),
  ): Promise<DiscordJson>;
  /** Into another voice channel; null: out of voice. */
  moveMember(args: OfUser & WithReason & { channelId: Id | null }): Promise<DiscordJson>;
  muteMember(args: OfUser & WithReason & { mute?: boolean }): Promise<DiscordJson>;
  deafenMember(args: OfUser & WithReason & { deaf?: boolean }): Promise<DiscordJson>;
  fetchVoiceState(args: OfUser): Promise<DiscordJson>;
  kickMember(args: OfUser & WithReason): Promise<void>;
  banMember(args: OfUser & WithReason & { deleteMessageSeconds?: number }): Promise<void>;
  unbanMember(args: OfUser & WithReason): Promise<void>;
  bulkBanMembers(
    args: InGuild & WithReason & { userIds: Id[]; deleteMessageSeconds?: number },
  ): Promise<DiscordJson>;
  fetchBan(args: OfUser): Promise<DiscordJson>;
  fetchBans(args?: InGuild & Page): Promise<DiscordJson[]>;
  fetchPruneCount(args?: InGuild & { days?: number; includeRoles?: Id[] }): Promise<DiscordJson>;
  pruneMembers(
    args?: InGuild & WithReason & { days?: number; includeRoles?: Id[]; computePruneCount?: boolean },
  ): Promise<DiscordJson>;

  // --- the guild ---
  fetchGuild(args?: InGuild & { withCounts?: boolean }): Promise<DiscordJson>;
  editGuild(args: InGuild & WithFields): Promise<DiscordJson>;
  fetchAuditLog(
    args?: InGuild & Page & { userId?: Id; targetId?: Id; actionType?: number },
  ): Promise<DiscordJson>;
  fetchRoles(args?: InGuild): Promise<DiscordJson[]>;
  fetchRole(args: InGuild & { roleId: Id }): Promise<DiscordJson>;
  createRole(args: InGuild & WithFields & { icon?: PictureLike | null }): Promise<DiscordJson>;
  editRole(
    args: InGuild & WithFields & { roleId: Id; icon?: PictureLike | null },
  ): Promise<DiscordJson>;
  deleteRole(args: InGuild & WithReason & { roleId: Id }): Promise<void>;
  fetchEmojis(args?: InGuild): Promise<DiscordJson[]>;
  fetchEmoji(args: InGuild & { emojiId: Id }): Promise<DiscordJson>;
  createEmoji(
    args: InGuild & WithReason & { name: string; image: PictureLike; roles?: Id[] },
  ): Promise<DiscordJson>;
  editEmoji(args: InGuild & WithFields & { emojiId: Id }): Promise<DiscordJson>;
  deleteEmoji(args: InGuild & WithReason & { emojiId: Id }): Promise<void>;
  fetchStickers(args?: InGuild): Promise<DiscordJson[]>;
  fetchSticker(args: InGuild & { stickerId: Id }): Promise<DiscordJson>;
  createSticker(
    args: InGuild &
      WithReason & { name: string; tags: string; description?: string; file: FileLike },
  ): Promise<DiscordJson>;
  editSticker(args: InGuild & WithFields & { stickerId: Id }): Promise<DiscordJson>;
  deleteSticker(args: InGuild & WithReason & { stickerId: Id }): Promise<void>;
  fetchScheduledEvents(args?: InGuild & { withUserCount?: boolean }): Promise<DiscordJson[]>;
  fetchScheduledEvent(
    args: InGuild & { eventId: Id; withUserCount?: boolean },
  ): Promise<DiscordJson>;
  createScheduledEvent(
    args: InGuild & WithFields & { image?: PictureLike | null },
  ): Promise<DiscordJson>;
  editScheduledEvent(
    args: InGuild & WithFields & { eventId: Id; image?: PictureLike | null },
  ): Promise<DiscordJson>;
  deleteScheduledEvent(args: InGuild & { eventId: Id }): Promise<void>;
  fetchScheduledEventUsers(
    args: InGuild & Page & { eventId: Id; withMember?: boolean },
  ): Promise<DiscordJson[]>;
  fetchAutoModerationRules(args?: InGuild): Promise<DiscordJson[]>;
  fetchAutoModerationRule(args: InGuild & { ruleId: Id }): Promise<DiscordJson>;
  createAutoModerationRule(args: InGuild & WithFields): Promise<DiscordJson>;
  editAutoModerationRule(args: InGuild & WithFields & { ruleId: Id }): Promise<DiscordJson>;
  deleteAutoModerationRule(args: InGuild & WithReason & { ruleId: Id }): Promise<void>;

  // --- webhooks ---
  createWebhook(
    args: InChannel & WithReason & { name: string; avatar?: PictureLike | null },
  ): Promise<DiscordJson>;
  /** The guild's, or one channel's. */
  fetchWebhooks(args?: InGuild & { channelId?: Id }): Promise<DiscordJson[]>;
  fetchWebhook(args: OfWebhook): Promise<DiscordJson>;
  editWebhook(
    args: OfWebhook & WithFields & { avatar?: PictureLike | null },
  ): Promise<DiscordJson>;
  deleteWebhook(args: OfWebhook): Promise<void>;
  /** The message with `wait`, else null. */
  executeWebhook(args: RawExecuteWebhook): Promise<DiscordJson>;
  fetchWebhookMessage(
    args: OfWebhook & { token: string; messageId: Id; threadId?: Id },
  ): Promise<DiscordJson>;
  editWebhookMessage(args: RawEditWebhookMessage): Promise<DiscordJson>;
  deleteWebhookMessage(
    args: OfWebhook & { token: string; messageId: Id; threadId?: Id },
  ): Promise<void>;

  // --- commands beside those that the script declares ---
  /** Replaces all commands of the guild. */
  upsertGuildCommands(args: RawUpsertGuildCommands): Promise<void>;
  createGuildCommand(args: InGuild & { command: RawSlashCommand }): Promise<DiscordJson>;
  editGuildCommand(
    args: InGuild & { commandId: Id; command: Partial<RawSlashCommand> },
  ): Promise<DiscordJson>;
  deleteGuildCommand(args: InGuild & { commandId: Id }): Promise<void>;
  getGuildCommands(args?: InGuild & { withLocalizations?: boolean }): Promise<DiscordJson[]>;
  getGuildCommand(args: InGuild & { commandId: Id }): Promise<DiscordJson>;
  /** Discord refuses it from bots. */
  editGuildCommandPermissions(
    args: InGuild & { commandId: Id; permissions: JsonValue[] },
  ): Promise<DiscordJson>;
  getGuildCommandsPermissions(args?: InGuild): Promise<DiscordJson[]>;
  getGuildCommandPermissions(args: InGuild & { commandId: Id }): Promise<DiscordJson>;
}

export interface DiscordRequest extends WithReason {
  query?: { [name: string]: string | number | boolean | string[] | undefined };
  /** In Discord's spelling. */
  body?: JsonValue | { [name: string]: unknown };
  files?: FileLike[];
}

/**
 * `rest`: Discord's REST methods by name.
 *
 * Each method is one operation of the same name. Messages are made here; of all other requests the
 * host knows which parts go where, and arguments pass as they are. The methods, more than a hundred,
 * are made when a script first asks for one of them.
 */

import { attachedFile } from "./attachments";
import { operation } from "./bridge";
import { commandChange, commandJson, upsertPayload } from "./command_json";
import { define, isArray, keys } from "./intrinsics";
import { EDIT, messageBody } from "./message";
import { snapshotOptions } from "./plain";
import {
  DEFERRED_RESPONSE,
  followupSend,
  interactionAddress,
  messageAddress,
  messageEdit,
  messageSend,
  RESPONSE,
  responseSend,
  UPDATE,
} from "./requests";
import {
  endOfTimeout,
  followupAddress,
  type Payload,
  reactionAddress,
  threadStart,
  webhookAddress,
  webhookSend,
  withPicture,
  withReason,
} from "./rest_arguments";
import type { Rest } from "./rest_methods";
import { optionalSnowflake, reactionEmoji, snowflake, token } from "./snowflake";

/** Calls the operation with a payload made of plain arguments. */
function request(method: string, args: object, payload: Payload): Promise<any> {
  return operation(`rest.${method}`, () => payload(snapshotOptions("args", args)));
}

/** Methods whose arguments are made into something else here. */
const made = (): Record<string, Payload> => ({
  sendMessage: messageSend,
  editMessage: messageEdit,
  deleteMessage: withReason(messageAddress),
  pinMessage: withReason(messageAddress),
  unpinMessage: withReason(messageAddress),
  crosspostMessage: messageAddress,
  fetchMessage: messageAddress,
  fetchMessages: (args) => ({
    channelId: snowflake("channel_id", args.channelId),
    limit: args.limit ?? undefined,
    before: optionalSnowflake("message_id", args.before),
    after: optionalSnowflake("message_id", args.after),
    around: optionalSnowflake("message_id", args.around),
  }),
  addReaction: (args) => reactionAddress(args),
  removeReaction: (args) => ({
    ...reactionAddress(args),
    userId: optionalSnowflake("user_id", args.userId),
  }),
  clearReactions: (args) => ({
    ...messageAddress(args),
    emoji: args.emoji === undefined || args.emoji === null ? undefined : reactionEmoji(args.emoji),
  }),
  fetchReactions: (args) => ({ ...args, ...reactionAddress(args) }),

  sendInteractionResponse: (args) => responseSend(args, RESPONSE),
  deferInteractionResponse: (args) => ({
    ...interactionAddress(args),
    type: DEFERRED_RESPONSE,
    ...(typeof args.ephemeral === "boolean" && { ephemeral: args.ephemeral }),
  }),
  updateInteractionResponse: (args) => responseSend(args, UPDATE),
  editOriginalInteractionResponse: (args) => ({
    token: token(args.token),
    ...messageBody(args, EDIT),
  }),
  deleteOriginalInteractionResponse: (args) => ({ token: token(args.token) }),
  fetchOriginalInteractionResponse: (args) => ({ token: token(args.token) }),
  createFollowupMessage: followupSend,
  editFollowupMessage: (args) => ({ ...followupAddress(args), ...messageBody(args, EDIT) }),
  deleteFollowupMessage: followupAddress,

  createGuildCommand: (args) => ({ ...args, command: commandJson(args.command, []) }),
  editGuildCommand: (args) => ({ ...args, command: commandChange(args.command) }),
  editWebhookMessage: (args) => ({ ...webhookAddress(args), ...messageBody(args, EDIT) }),
  createThread: threadStart,
  createSticker: ({ file, ...args }) => ({
    ...args,
    files: [attachedFile("file", file ?? null)],
  }),
  createEmoji: withPicture("image"),
  createRole: withPicture("icon"),
  editRole: withPicture("icon"),
  createWebhook: withPicture("avatar"),
  editWebhook: withPicture("avatar"),
  editCurrentMember: withPicture("avatar"),
  createScheduledEvent: withPicture("image"),
  editScheduledEvent: withPicture("image"),
});

// Methods of which the host knows everything.
const passed = (): string[] => [
  "sendTyping", "fetchPins", "fetchPollVoters", "endPoll",
  "fetchChannel", "fetchChannels", "createChannel", "editChannel", "deleteChannel",
  "editChannelPermissions", "deleteChannelPermissions",
  "createThreadFromMessage", "joinThread", "leaveThread", "addThreadMember",
  "removeThreadMember", "fetchThreadMembers", "fetchActiveThreads", "fetchArchivedThreads",
  "fetchPrivateArchivedThreads",
  "fetchInvites", "fetchInvite", "createInvite", "deleteInvite",
  "fetchUser", "fetchMember", "fetchMembers", "searchMembers", "kickMember", "editMember",
  "addMemberRole", "removeMemberRole", "fetchVoiceState",
  "banMember", "unbanMember", "bulkBanMembers", "fetchBan", "fetchBans",
  "fetchPruneCount", "pruneMembers",
  "fetchGuild", "editGuild", "fetchAuditLog",
  "fetchRoles", "fetchRole", "deleteRole",
  "fetchEmojis", "fetchEmoji", "editEmoji", "deleteEmoji",
  "fetchStickers", "fetchSticker", "editSticker", "deleteSticker",
  "fetchScheduledEvents", "fetchScheduledEvent", "deleteScheduledEvent",
  "fetchScheduledEventUsers",
  "fetchAutoModerationRules", "fetchAutoModerationRule", "createAutoModerationRule",
  "editAutoModerationRule", "deleteAutoModerationRule",
  "fetchWebhooks", "fetchWebhook", "deleteWebhook",
  "fetchWebhookMessage", "deleteWebhookMessage",
  "getGuildCommands", "getGuildCommand", "deleteGuildCommand",
  "getGuildCommandsPermissions", "getGuildCommandPermissions", "editGuildCommandPermissions",
];

/** Methods that are not one operation of their own name. */
const special = (): Partial<Rest> => ({
  // Discord takes two messages at least.
  bulkDeleteMessages: async (args) => {
    const { messageIds, channelId, reason } = snapshotOptions("args", args);
    const given = isArray(messageIds) ? messageIds : [messageIds];
    const messages = given.map((id) => snowflake("message_id", id));
    const address = { channelId: snowflake("channel_id", channelId), reason };
    await (messages.length === 1
      ? operation("rest.deleteMessage", () => ({ ...address, messageId: messages[0] }))
      : operation("rest.bulkDeleteMessages", () => ({ ...address, payload: { messages } })));
  },

  executeWebhook: async (args) => (await request("executeWebhook", args, webhookSend)) ?? null,

  upsertGuildCommands: (args) =>
    operation("commands.register", () => upsertPayload(snapshotOptions("args", args))),

  timeoutMember: (args) =>
    request("editMember", args, ({ seconds, until, ...more }) => ({
      ...more,
      communicationDisabledUntil: endOfTimeout(seconds, until),
    })),

  moveMember: (args) =>
    request("editMember", args, ({ channelId, ...more }) => ({
      ...more,
      channelId: optionalSnowflake("channel_id", channelId) ?? null,
    })),

  muteMember: (args) => request("editMember", args, ({ mute = true, ...more }) => ({ ...more, mute })),

  deafenMember: (args) =>
    request("editMember", args, ({ deaf = true, ...more }) => ({ ...more, deaf })),
});

export declare const rest: Rest;

let whole: Rest | undefined;

/** What `rest` is from its first touch on. @internal */
export function makeRest(): Rest {
  if (!whole) {
    const found: Partial<Rest> = special();
    const table = made();
    const names = keys(table);
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string;
      define(found, name, (args: object) => request(name, args, table[name] as Payload));
    }
    const plain = passed();
    for (let i = 0; i < plain.length; i++) {
      const name = plain[i] as string;
      define(found, name, (args: object = {}) => request(name, args, (given) => given));
    }
    whole = found as Rest;
  }
  return whole;
}

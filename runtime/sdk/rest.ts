/**
 * `rest`: Discord's REST methods for messages, reactions, interactions and commands.
 *
 * Each method is one operation of the same name, whose payload the host passes on untouched.
 * Arguments are camelCase, results are Discord's own JSON.
 */

import { operation } from "./bridge";
import { upsertPayload } from "./command_json";
import { codedError } from "./errors";
import type { DiscordJson } from "./event_types";
import { MessageFlags } from "./constants";
import { EDIT, messageBody, RESPOND } from "./message";
import { type PlainObject, snapshotOptions } from "./plain";
import {
  DEFERRED_RESPONSE,
  interactionAddress,
  messageAddress,
  messageEdit,
  messageSend,
  RESPONSE,
  responseSend,
  UPDATE,
} from "./requests";
import type {
  RawBulkDeleteMessages,
  RawClearReactions,
  RawCrosspostMessage,
  RawDeferInteractionResponse,
  RawDeleteFollowupMessage,
  RawDeleteInteractionResponse,
  RawDeleteMessage,
  RawEditInteractionResponse,
  RawEditMessage,
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
import { isSnowflake, optionalSnowflake, reactionEmoji, snowflake, token } from "./snowflake";

/** Calls the operation with a payload made of plain arguments. */
function request(
  method: string,
  args: object,
  payload: (args: PlainObject) => PlainObject,
): Promise<any> {
  return operation(`rest.${method}`, () => payload(snapshotOptions("args", args)));
}

export const rest = {
  sendMessage: (args: RawSendMessage): Promise<DiscordJson> =>
    request("sendMessage", args, messageSend),

  editMessage: (args: RawEditMessage): Promise<DiscordJson> =>
    request("editMessage", args, messageEdit),

  deleteMessage: (args: RawDeleteMessage): Promise<void> =>
    request("deleteMessage", args, messageAddress),

  bulkDeleteMessages: (args: RawBulkDeleteMessages): Promise<void> =>
    request("bulkDeleteMessages", args, (plain) => {
      const ids = Array.isArray(plain.messageIds) ? plain.messageIds : [plain.messageIds];
      return {
        channelId: snowflake("channel_id", plain.channelId),
        messageIds: ids.map((id) => snowflake("message_id", id)),
      };
    }),

  pinMessage: (args: RawPinMessage): Promise<void> => request("pinMessage", args, messageAddress),

  unpinMessage: (args: RawPinMessage): Promise<void> =>
    request("unpinMessage", args, messageAddress),

  crosspostMessage: (args: RawCrosspostMessage): Promise<DiscordJson> =>
    request("crosspostMessage", args, messageAddress),

  fetchMessage: (args: RawFetchMessage): Promise<DiscordJson> =>
    request("fetchMessage", args, messageAddress),

  fetchMessages: (args: RawFetchMessages): Promise<DiscordJson[]> =>
    request("fetchMessages", args, (plain) => ({
      channelId: snowflake("channel_id", plain.channelId),
      limit: plain.limit ?? undefined,
      before: optionalSnowflake("message_id", plain.before),
      after: optionalSnowflake("message_id", plain.after),
      around: optionalSnowflake("message_id", plain.around),
    })),

  /** emoji: `👍`, `<:name:id>` or `name:id`. */
  addReaction: (args: RawReaction): Promise<void> => request("addReaction", args, reactionAddress),

  /** Without a userId it is the bot's own reaction that goes. */
  removeReaction: (args: RawReaction): Promise<void> =>
    request("removeReaction", args, reactionAddress),

  /** All reactions, or all with one emoji. */
  clearReactions: (args: RawClearReactions): Promise<void> =>
    request("clearReactions", args, (plain) => ({
      ...messageAddress(plain),
      emoji: plain.emoji === undefined || plain.emoji === null ? undefined : reactionEmoji(plain.emoji),
    })),

  sendInteractionResponse: (args: RawInteractionResponse): Promise<void> =>
    request("sendInteractionResponse", args, (plain) => responseSend(plain, RESPONSE)),

  /** Says that the answer comes later, with `editOriginalInteractionResponse`. */
  deferInteractionResponse: (args: RawDeferInteractionResponse): Promise<void> =>
    request("deferInteractionResponse", args, (plain) => ({
      ...interactionAddress(plain),
      type: DEFERRED_RESPONSE,
      body: plain.ephemeral === true ? { flags: MessageFlags.EPHEMERAL } : undefined,
    })),

  /** Changes the message that holds the component. */
  updateInteractionResponse: (args: RawUpdateInteractionResponse): Promise<void> =>
    request("updateInteractionResponse", args, (plain) => responseSend(plain, UPDATE)),

  editOriginalInteractionResponse: (args: RawEditInteractionResponse): Promise<DiscordJson> =>
    request("editOriginalInteractionResponse", args, (plain) => ({
      token: token(plain.token),
      ...messageBody(plain, EDIT),
    })),

  deleteOriginalInteractionResponse: (args: RawDeleteInteractionResponse): Promise<void> =>
    request("deleteOriginalInteractionResponse", args, (plain) => ({ token: token(plain.token) })),

  createFollowupMessage: (args: RawFollowupMessage): Promise<DiscordJson> =>
    request("createFollowupMessage", args, (plain) => ({
      token: token(plain.token),
      ...messageBody(plain, RESPOND),
    })),

  editFollowupMessage: (args: RawFollowupMessage): Promise<DiscordJson> =>
    request("editFollowupMessage", args, (plain) => ({
      ...followupAddress(plain),
      ...messageBody(plain, EDIT),
    })),

  deleteFollowupMessage: (args: RawDeleteFollowupMessage): Promise<void> =>
    request("deleteFollowupMessage", args, followupAddress),

  /** Replaces all commands of the guild. */
  upsertGuildCommands: (args: RawUpsertGuildCommands): Promise<void> =>
    operation("commands.register", () => upsertPayload(snapshotOptions("args", args))),
};

function reactionAddress(args: PlainObject): PlainObject {
  return {
    ...messageAddress(args),
    emoji: reactionEmoji(args.emoji),
    userId: optionalSnowflake("user_id", args.userId),
  };
}

function followupAddress(args: PlainObject): PlainObject {
  const messageId = args.messageId;
  if (typeof messageId !== "string" || !isSnowflake(messageId)) {
    throw codedError("Invalid message id", "INVALID_INPUT");
  }
  return { token: token(args.token), messageId };
}

/**
 * The payloads of operations that write messages, as the host passes them on to Discord.
 *
 * rest.ts and the contexts of handlers build the same requests from different arguments.
 */

import { messageBody, EDIT, RESPOND, SEND } from "./message";
import type { PlainObject } from "./plain";
import { snowflake, token } from "./snowflake";

/** Discord's types of interaction responses. */
export const RESPONSE = 4;
export const DEFERRED_RESPONSE = 5;
export const UPDATE = 7;

export function messageSend(args: PlainObject): PlainObject {
  return { channelId: snowflake("channel_id", args.channelId), ...messageBody(args, SEND) };
}

export function messageEdit(args: PlainObject): PlainObject {
  return { ...messageAddress(args), ...messageBody(args, EDIT) };
}

/** A response to an interaction: a message of its own, or a change of the one it came from. */
export function responseSend(
  args: PlainObject,
  type: typeof RESPONSE | typeof UPDATE,
): PlainObject {
  return { ...interactionAddress(args), type, ...messageBody(args, type === UPDATE ? EDIT : RESPOND) };
}

export function messageAddress(args: PlainObject): PlainObject {
  return {
    channelId: snowflake("channel_id", args.channelId),
    messageId: snowflake("message_id", args.messageId),
  };
}

export function interactionAddress(args: PlainObject): PlainObject {
  return {
    interactionId: snowflake("interaction_id", args.interactionId),
    token: token(args.token),
  };
}

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
export const DEFERRED_UPDATE = 6;
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
  const address = { ...interactionAddress(args), type };
  return type === UPDATE
    ? { ...address, ...messageBody(args, EDIT) }
    : { ...address, ...messageBody(args, RESPOND), ...publicity(args) };
}

/** A further answer to an interaction. */
export function followupSend(args: PlainObject): PlainObject {
  return { token: token(args.token), ...messageBody(args, RESPOND), ...publicity(args) };
}

/** That an answer is for everybody must be said where a command declares otherwise. */
function publicity({ ephemeral }: PlainObject): PlainObject {
  return ephemeral === false ? { ephemeral } : {};
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

/** What arguments of `rest` become on their way to the host, where they do not pass as they are. */

import { attachedFile } from "./attachments";
import { codedError, inputError } from "./errors";
import { isArray, isObject } from "./intrinsics";
import { EXECUTE, messageBody, SEND } from "./message";
import type { Plain, PlainObject } from "./plain";
import { messageAddress } from "./requests";
import { isSnowflake, optionalSnowflake, reactionEmoji, snowflake, token } from "./snowflake";

/** Makes an operation's payload from the plain arguments of a method. */
export type Payload = (args: PlainObject) => PlainObject;

// 28 days, in seconds.
const MAX_TIMEOUT = 2_419_200;

export function withReason(payload: Payload): Payload {
  return (args) => ({ ...payload(args), reason: args.reason ?? undefined });
}

/** A picture may be an address, bytes, or the data URI that Discord has for it. */
export function withPicture(field: string): Payload {
  const made = (args: PlainObject): PlainObject => {
    const picture = args[field];
    const isReady = picture === undefined || picture === null || isDataUri(picture);
    return isReady ? args : { ...args, [field]: attachedFile(field, picture) };
  };
  return ({ payload, ...args }) =>
    isObject(payload) ? { ...made(args), payload: made(payload as PlainObject) } : made(args);
}

function isDataUri(picture: Plain): boolean {
  return typeof picture === "string" && picture.startsWith("data:");
}

export function reactionAddress(args: PlainObject): PlainObject {
  return { ...messageAddress(args), emoji: reactionEmoji(args.emoji) };
}

export function followupAddress(args: PlainObject): PlainObject {
  const messageId = args.messageId;
  if (typeof messageId !== "string" || !isSnowflake(messageId)) {
    throw codedError("Invalid message id", "INVALID_INPUT");
  }
  return { token: token(args.token), messageId };
}

export function webhookAddress(args: PlainObject): PlainObject {
  const { webhookId, token: secret, messageId, threadId, withComponents, components } = args;
  return {
    webhookId: snowflake("webhook_id", webhookId),
    token: token(secret),
    messageId: optionalSnowflake("message_id", messageId),
    threadId: optionalSnowflake("thread_id", threadId),
    // Discord leaves components out of what it is not told to have them in.
    withComponents: withComponents ?? (isArray(components) && components.length > 0 ? true : undefined),
  };
}

export function webhookSend(args: PlainObject): PlainObject {
  const { wait } = args;
  return { ...webhookAddress(args), wait: wait ?? undefined, ...messageBody(args, EXECUTE) };
}

/** A thread, in a forum with its first message: what `message` says is made like any other. */
export function threadStart({ message, ...args }: PlainObject): PlainObject {
  if (!isObject(message) || isArray(message)) {
    return args;
  }
  const { body, files, explicitMentions } = messageBody(message as PlainObject, SEND);
  if (explicitMentions !== true) {
    delete (body as PlainObject).allowed_mentions; // the host knows the guild's choice
  }
  return { ...args, message: body, files };
}

/** When a timeout ends, RFC 3339; null for at once. */
export function endOfTimeout(seconds: Plain | undefined, until: Plain | undefined): string | null {
  if (until !== undefined && until !== null) {
    const end = new Date(until as string | number);
    if (Number.isNaN(end.getTime())) {
      throw inputError("until", "expected a date");
    }
    return end.toISOString();
  }
  if (seconds === null || seconds === 0) {
    return null;
  }
  if (typeof seconds !== "number" || !(seconds > 0 && seconds <= MAX_TIMEOUT)) {
    throw inputError("seconds", `expected a number up to ${MAX_TIMEOUT}, or null to end it`);
  }
  return new Date(Date.now() + seconds * 1000).toISOString();
}

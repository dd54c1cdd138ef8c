/**
 * Messages as scripts write them, turned into the body that Discord takes.
 *
 * Everything here works on plain data. The host sends bodies on as they are, so this is where
 * camelCase ends, defaults are chosen and mistakes are named.
 */

import { type Attached, attachedFiles } from "./attachments";
import { messageComponents, needsLayoutFlag } from "./component_json";
import { MessageFlags } from "./constants";
import { embedJson } from "./embed_json";
import { codedError, inputError } from "./errors";
import { isArray, isInteger, isObject, keys, SafeSet } from "./intrinsics";
import { checkMessage } from "./message_limits";
import { snakeCased, snakeName } from "./names";
import type { Plain, PlainObject } from "./plain";
import { isSnowflake, optionalSnowflake, snowflake } from "./snowflake";

/** What kind of message a body is for. */
export interface MessageKind {
  /** A new message: it must say something, and pings with care whatever it says. */
  readonly isNew: boolean;
  /** It may be for one member's eyes only. */
  readonly mayBeEphemeral: boolean;
  /** It may refer to another message, or forward one. */
  readonly mayRefer: boolean;
  /** What errors call it. */
  readonly noun: string;
}

const ANSWER = { isNew: true, mayBeEphemeral: false, mayRefer: false, noun: "message" };
export const SEND: MessageKind = { ...ANSWER, mayRefer: true };
export const RESPOND: MessageKind = { ...ANSWER, mayBeEphemeral: true };
export const EDIT: MessageKind = { ...ANSWER, isNew: false };
export const EXECUTE: MessageKind = { ...ANSWER, noun: "webhook" };

const FORWARD = 1;
// Whom a message pings when it does not say: nobody by role, and never everyone.
const SAFE_MENTIONS = { parse: ["users"], replied_user: true };
const MENTION_KINDS: readonly Plain[] = ["everyone", "users", "roles"];

// What this module turns into something else, and what an operation has beside the body.
const CONSUMED = new SafeSet<string>();
for (const name of [
  ...["content", "embeds", "components", "attachments", "files", "tts", "flags", "ephemeral"],
  ...["allowedMentions", "allowed_mentions", "replyTo", "reply_to", "forward", "poll"],
  ...["channelId", "messageId", "interactionId", "token", "webhookId", "threadId", "wait"],
  ...["withComponents", "reason"],
]) {
  CONSUMED.add(name);
}

/**
 * `{body}`, with `files` beside it when there are attachments to send, and `explicitMentions` when
 * the script itself says whom the message pings.
 */
export function messageBody(options: PlainObject, kind: MessageKind): PlainObject {
  const body = passedOn(options);
  if (options.content === null ? !kind.isNew : options.content !== undefined) {
    body.content = contentText(options.content as Plain);
  }
  if (isGiven(options.embeds)) {
    body.embeds = list("embeds", options.embeds).map(embedJson);
  }
  if (isGiven(options.components)) {
    body.components = messageComponents(options.components);
  }
  if (isGiven(options.poll)) {
    body.poll = pollJson(options.poll);
  }
  if (options.tts === true && kind.isNew) {
    body.tts = true;
  }
  const flags = allFlags(options, (body.components ?? []) as PlainObject[], kind);
  if (flags !== undefined) {
    body.flags = flags;
  }
  const mentions = options.allowedMentions ?? options.allowed_mentions;
  const explicitMentions = isGiven(mentions);
  if (explicitMentions) {
    body.allowed_mentions = allowedMentions(mentions);
  } else if (kind.isNew || "content" in body || "components" in body) {
    body.allowed_mentions = SAFE_MENTIONS;
  }
  const reference = kind.mayRefer ? messageReference(options) : undefined;
  if (reference !== undefined) {
    body.message_reference = reference;
  }
  const attached = attachedFiles(options.attachments, options.files);
  const attachments = attachmentList(attached, kind.isNew, isGiven(options.attachments));
  if (attachments !== undefined) {
    body.attachments = attachments;
  }
  const { files } = attached;
  if (kind.isNew && files.length === 0 && saysNothing(body)) {
    throw codedError(
      `${kind.noun} must include content, embeds, attachments, or components`,
      "INVALID_INPUT",
    );
  }
  checkMessage(body, ((flags ?? 0) & MessageFlags.IS_COMPONENTS_V2) !== 0);
  return {
    body,
    ...(files.length > 0 && { files }),
    ...(explicitMentions && { explicitMentions }),
  };
}

/** Discord's further fields (`stickerIds`, `enforceNonce`, …) pass, in its spelling. */
function passedOn(options: PlainObject): PlainObject {
  const body: PlainObject = {};
  const names = keys(options);
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    if (!CONSUMED.has(name)) {
      body[snakeName(name)] = snakeCased(options[name]);
    }
  }
  return body;
}

function contentText(content: Plain): Plain {
  if (typeof content === "object" && content !== null) {
    throw inputError("content", "expected text");
  }
  return content === null ? null : `${content}`;
}

/** A poll, whose question and answers may be plain texts. */
function pollJson(value: Plain): PlainObject {
  if (!isObject(value) || isArray(value)) {
    throw inputError("poll", "expected an object");
  }
  const poll = snakeCased(value) as PlainObject;
  if (typeof poll.question === "string") {
    poll.question = { text: poll.question };
  }
  if (isArray(poll.answers)) {
    poll.answers = poll.answers.map((answer) =>
      typeof answer === "string" ? { poll_media: { text: answer } } : answer,
    );
  }
  return poll;
}

function saysNothing(body: PlainObject): boolean {
  const isEmpty = (value: unknown) =>
    value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
  return (
    isEmpty(body.content) &&
    isEmpty(body.embeds) &&
    isEmpty(body.components) &&
    isEmpty(body.sticker_ids) &&
    body.poll === undefined &&
    (body.message_reference as PlainObject | undefined)?.type !== FORWARD
  );
}

/** What the body says of attachments: what an edited message has after it, and descriptions. */
function attachmentList(
  { files, descriptions, kept }: Attached,
  isNew: boolean,
  isWhole: boolean,
): PlainObject[] | undefined {
  const described: PlainObject[] = [];
  for (let id = 0; id < files.length; id++) {
    const description = descriptions[id];
    if (description !== undefined || !isNew) {
      described.push({ id: `${id}`, ...(description !== undefined && { description }) });
    }
  }
  if (isNew) {
    return described.length > 0 ? described : undefined;
  }
  // Files alone are added to what the message has; a list of attachments is what it will have.
  return isWhole ? [...kept, ...described] : undefined;
}

function allFlags(
  options: PlainObject,
  components: PlainObject[],
  kind: MessageKind,
): number | undefined {
  let flags = 0;
  if (isGiven(options.flags)) {
    if (!isInteger(options.flags) || (options.flags as number) < 0) {
      throw inputError("flags", "expected a sum of MessageFlags");
    }
    flags = options.flags as number;
  }
  if (options.ephemeral === true && kind.mayBeEphemeral) {
    flags |= MessageFlags.EPHEMERAL;
  }
  if (needsLayoutFlag(components)) {
    flags |= MessageFlags.IS_COMPONENTS_V2;
  }
  return flags || isGiven(options.flags) ? flags : undefined;
}

/** Unknown kinds and ids that are none are left out, as in the original. */
function allowedMentions(value: Plain): PlainObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw inputError("allowed_mentions", "expected an object");
  }
  const mentions: PlainObject = {
    parse: list("allowed_mentions.parse", value.parse ?? []).filter((kind) =>
      MENTION_KINDS.includes(kind),
    ),
  };
  for (const name of ["users", "roles"] as const) {
    if (isGiven(value[name])) {
      const ids = list(`allowed_mentions.${name}`, value[name]).map(String);
      mentions[name] = ids.filter(isSnowflake);
    }
  }
  const repliedUser = value.repliedUser ?? value.replied_user;
  if (typeof repliedUser === "boolean") {
    mentions.replied_user = repliedUser;
  }
  return mentions;
}

/** The message that is answered or forwarded; null says that there is none. */
function messageReference(options: PlainObject): PlainObject | undefined {
  const { forward } = options;
  if (isGiven(forward)) {
    if (!isObject(forward) || isArray(forward)) {
      throw inputError("forward", "expected {channelId, messageId}");
    }
    const { channelId, messageId, id } = forward as PlainObject;
    return {
      type: FORWARD,
      channel_id: snowflake("channel_id", channelId),
      message_id: snowflake("message_id", messageId ?? id),
    };
  }
  const answered = referenceOf(options);
  const id = optionalSnowflake("message_id", answered);
  return id === undefined ? undefined : { message_id: id };
}

function referenceOf(options: PlainObject): Plain | undefined {
  if (options.replyTo !== undefined) {
    return options.replyTo;
  }
  return options.reply_to !== undefined ? options.reply_to : options.messageId;
}

function list(field: string, value: Plain): Plain[] {
  if (!Array.isArray(value)) {
    throw inputError(field, "expected an array");
  }
  return value;
}

function isGiven(value: Plain | undefined): value is Exclude<Plain, null> {
  return value !== undefined && value !== null;
}

/** Discord's permissions by name, and whether who has begun an interaction holds them. */

import { hasOwn, isArray, TypeErrorConstructor } from "./intrinsics";
import type { EventMember } from "./event_types";

export type PermissionName =
  | "CREATE_INSTANT_INVITE"
  | "KICK_MEMBERS"
  | "BAN_MEMBERS"
  | "ADMINISTRATOR"
  | "MANAGE_CHANNELS"
  | "MANAGE_GUILD"
  | "ADD_REACTIONS"
  | "VIEW_AUDIT_LOG"
  | "PRIORITY_SPEAKER"
  | "STREAM"
  | "VIEW_CHANNEL"
  | "SEND_MESSAGES"
  | "SEND_TTS_MESSAGES"
  | "MANAGE_MESSAGES"
  | "EMBED_LINKS"
  | "ATTACH_FILES"
  | "READ_MESSAGE_HISTORY"
  | "MENTION_EVERYONE"
  | "USE_EXTERNAL_EMOJIS"
  | "VIEW_GUILD_INSIGHTS"
  | "CONNECT"
  | "SPEAK"
  | "MUTE_MEMBERS"
  | "DEAFEN_MEMBERS"
  | "MOVE_MEMBERS"
  | "USE_VAD"
  | "CHANGE_NICKNAME"
  | "MANAGE_NICKNAMES"
  | "MANAGE_ROLES"
  | "MANAGE_WEBHOOKS"
  | "MANAGE_GUILD_EXPRESSIONS"
  | "USE_APPLICATION_COMMANDS"
  | "REQUEST_TO_SPEAK"
  | "MANAGE_EVENTS"
  | "MANAGE_THREADS"
  | "CREATE_PUBLIC_THREADS"
  | "CREATE_PRIVATE_THREADS"
  | "USE_EXTERNAL_STICKERS"
  | "SEND_MESSAGES_IN_THREADS"
  | "USE_EMBEDDED_ACTIVITIES"
  | "MODERATE_MEMBERS"
  | "VIEW_CREATOR_MONETIZATION_ANALYTICS"
  | "USE_SOUNDBOARD"
  | "CREATE_GUILD_EXPRESSIONS"
  | "CREATE_EVENTS"
  | "USE_EXTERNAL_SOUNDS"
  | "SEND_VOICE_MESSAGES"
  | "SEND_POLLS"
  | "USE_EXTERNAL_APPS"
  | "PIN_MESSAGES"
  | "BYPASS_SLOWMODE";

/** Bits: a name, some names, a sum of `Permissions`, or Discord's decimal text of one. */
export type PermissionBits = PermissionName | PermissionName[] | bigint | number | string;

// In the order of their bits; bits 47 and 48 are nobody's.
const NAMES =
  "CREATE_INSTANT_INVITE KICK_MEMBERS BAN_MEMBERS ADMINISTRATOR MANAGE_CHANNELS MANAGE_GUILD " +
  "ADD_REACTIONS VIEW_AUDIT_LOG PRIORITY_SPEAKER STREAM VIEW_CHANNEL SEND_MESSAGES " +
  "SEND_TTS_MESSAGES MANAGE_MESSAGES EMBED_LINKS ATTACH_FILES READ_MESSAGE_HISTORY " +
  "MENTION_EVERYONE USE_EXTERNAL_EMOJIS VIEW_GUILD_INSIGHTS CONNECT SPEAK MUTE_MEMBERS " +
  "DEAFEN_MEMBERS MOVE_MEMBERS USE_VAD CHANGE_NICKNAME MANAGE_NICKNAMES MANAGE_ROLES " +
  "MANAGE_WEBHOOKS MANAGE_GUILD_EXPRESSIONS USE_APPLICATION_COMMANDS REQUEST_TO_SPEAK " +
  "MANAGE_EVENTS MANAGE_THREADS CREATE_PUBLIC_THREADS CREATE_PRIVATE_THREADS " +
  "USE_EXTERNAL_STICKERS SEND_MESSAGES_IN_THREADS USE_EMBEDDED_ACTIVITIES MODERATE_MEMBERS " +
  "VIEW_CREATOR_MONETIZATION_ANALYTICS USE_SOUNDBOARD CREATE_GUILD_EXPRESSIONS CREATE_EVENTS " +
  "USE_EXTERNAL_SOUNDS SEND_VOICE_MESSAGES - - SEND_POLLS USE_EXTERNAL_APPS PIN_MESSAGES " +
  "BYPASS_SLOWMODE";

/** One bit each, to be added with `|`. */
export const Permissions = {} as Record<PermissionName, bigint>;
NAMES.split(" ").forEach((name, bit) => {
  if (name !== "-") {
    Permissions[name as PermissionName] = 1n << BigInt(bit);
  }
});

/**
 * Whether the member who has begun the interaction may do all of this in its channel;
 * administrators may do everything. false for events that do not tell: messages do not.
 */
export function hasPermission(
  ctx: { msg: { member?: Pick<EventMember, "permissions"> | null } },
  permission: PermissionBits,
): boolean {
  const held = BigInt(ctx.msg.member?.permissions ?? 0);
  const asked = permissionBits(permission);
  return (held & Permissions.ADMINISTRATOR) !== 0n || (held & asked) === asked;
}

/** The sum. Raises a TypeError or RangeError for what is none. @internal */
export function permissionBits(permission: unknown): bigint {
  const parts = isArray(permission) ? permission : [permission];
  let bits = 0n;
  for (let i = 0; i < parts.length; i++) {
    bits |= bitsOf(parts[i]);
  }
  return bits;
}

function bitsOf(part: unknown): bigint {
  if (typeof part === "string" && hasOwn(Permissions, part)) {
    return Permissions[part as PermissionName];
  }
  if (typeof part === "bigint" || typeof part === "number" || (typeof part === "string" && part)) {
    return BigInt(part);
  }
  throw new TypeErrorConstructor("expected the name of a permission, or a sum of their bits");
}

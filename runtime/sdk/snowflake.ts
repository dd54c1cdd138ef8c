/** Checks of the ids, tokens and emoji that address something at Discord. */

import { inputError } from "./errors";
import { charCodeAt, isSafeInteger } from "./intrinsics";
import type { Plain } from "./plain";

const LARGEST = "9223372036854775807";

/** An id as text. field is Discord's name of it, for the error. */
export function snowflake(field: string, value: unknown): string {
  const id = typeof value === "number" && isSafeInteger(value) ? `${value}` : value;
  if (typeof id !== "string" || !isSnowflake(id)) {
    throw inputError(field, "invalid snowflake");
  }
  return id;
}

/** The same for an id that may be left out. */
export function optionalSnowflake(field: string, value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : snowflake(field, value);
}

export function isSnowflake(text: string): boolean {
  const { length } = text;
  if (length === 0 || length > LARGEST.length || charCodeAt(text, 0) === 0x30) {
    return false;
  }
  for (let i = 0; i < length; i++) {
    const unit = charCodeAt(text, i);
    if (unit < 0x30 || unit > 0x39) {
      return false;
    }
  }
  return length < LARGEST.length || text <= LARGEST;
}

/** An interaction's token. */
export function token(value: unknown): string {
  if (typeof value !== "string" || value === "") {
    throw inputError("token", "expected the interaction's token");
  }
  return value;
}

const CUSTOM_EMOJI = /^(?:<(?<animated>a)?:(?<tagged>\w{1,32}):(?<taggedId>\d+)>|(?:a:)?(?<name>\w{1,32}):(?<id>\d+))$/;
const ASCII_ONLY = /^[\0-\x7f]*$/;

export interface ParsedEmoji {
  name: string;
  id?: string;
  animated?: boolean;
}

/** `👍`, `<:name:id>`, `<a:name:id>` or `name:id` taken apart; undefined for anything else. */
export function parseEmoji(text: string): ParsedEmoji | undefined {
  const custom = CUSTOM_EMOJI.exec(text)?.groups;
  if (custom) {
    const id = (custom.taggedId ?? custom.id) as string;
    const name = (custom.tagged ?? custom.name) as string;
    return isSnowflake(id) ? { name, id, ...(custom.animated && { animated: true }) } : undefined;
  }
  return ASCII_ONLY.test(text) ? undefined : { name: text };
}

/** An emoji as it stands in the address of a reaction, not yet percent-encoded. */
export function reactionEmoji(value: Plain | undefined): string {
  const emoji = typeof value === "string" ? parseEmoji(value) : emojiObject(value);
  if (!emoji) {
    throw inputError("emoji", "invalid reaction emoji");
  }
  return emoji.id ? `${emoji.name}:${emoji.id}` : emoji.name;
}

/** An emoji as events have it: `{name}` or `{id, name}`. */
function emojiObject(value: Plain | undefined): ParsedEmoji | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return undefined;
  }
  const { id, name } = value;
  if (typeof name !== "string" || name === "") {
    return undefined;
  }
  return typeof id === "string" ? parseEmoji(`${name}:${id}`) : parseEmoji(name);
}

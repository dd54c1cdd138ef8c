/** Embeds on their way to Discord: its spelling, without what it would refuse as empty. */

import { inputError } from "./errors";
import { keys } from "./intrinsics";
import { snakeName } from "./names";
import type { Plain, PlainObject } from "./plain";

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

/** One embed. Raises `Invalid input for embeds[].timestamp: invalid timestamp`. */
export function embedJson(value: Plain): PlainObject {
  const embed = snakeCased(value);
  if (embed.timestamp !== undefined) {
    const { timestamp } = embed;
    if (typeof timestamp !== "string" || !isRfc3339(timestamp)) {
      throw inputError("embeds[].timestamp", "invalid timestamp");
    }
  }
  part(embed, "image");
  part(embed, "thumbnail");
  // Discord refuses either without its text, which is what builders give for an unset one.
  if (part(embed, "footer") && !(embed.footer as PlainObject).text) {
    delete embed.footer;
  }
  if (part(embed, "author") && !(embed.author as PlainObject).name) {
    delete embed.author;
  }
  if (embed.fields !== undefined) {
    if (!Array.isArray(embed.fields)) {
      throw inputError("embeds[].fields", "expected an array");
    }
    embed.fields = embed.fields.map((field) => ({ inline: false, ...snakeCased(field) }));
  }
  return embed;
}

function part(embed: PlainObject, name: string): boolean {
  if (embed[name] === undefined) {
    return false;
  }
  embed[name] = snakeCased(embed[name]);
  return true;
}

/** A copy in Discord's spelling, without nulls. */
function snakeCased(value: Plain | undefined): PlainObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw inputError("embeds", "expected objects");
  }
  const copy: PlainObject = {};
  const names = keys(value);
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    const item = value[name];
    if (item !== null) {
      copy[snakeName(name)] = item;
    }
  }
  return copy;
}

function isRfc3339(text: string): boolean {
  if (!RFC_3339.test(text)) {
    return false;
  }
  // Date.parse checks the ranges, but knows no lower case and no space and gives every month 31 days.
  const isDay = new Date(text.slice(0, 10)).getUTCDate() === Number(text.slice(8, 10));
  return isDay && !Number.isNaN(Date.parse(text.toUpperCase().replace(" ", "T")));
}

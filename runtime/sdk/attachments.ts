/**
 * Attachments as scripts give them, turned into the files that the host sends along.
 *
 * Bytes are base64 already when they come here; what an address leads to the host fetches.
 */

import { inputError } from "./errors";
import { charCodeAt, isArray } from "./intrinsics";
import type { Plain, PlainObject } from "./plain";

/** What a message's attachments come to. */
export interface Attached {
  /** `{filename?, spoiler?}` with one of `data` (base64), `text` and `url`. */
  files: PlainObject[];
  /** Of each file its description, if it has one. */
  descriptions: (string | undefined)[];
  /** Attachments that an edited message has and keeps, known by their id. */
  kept: PlainObject[];
}

const MAX_FILES = 10;
const MAX_DESCRIPTION = 1024;
const SHAPES = "expected an address, bytes, {url}, {data}, {text} or {base64: {data, filename}}";

/** All of both lists; either may be missing. Tags in any case: the original had two. */
export function attachedFiles(...lists: (Plain | undefined)[]): Attached {
  const attached: Attached = { files: [], descriptions: [], kept: [] };
  for (const list of lists) {
    if (list === undefined || list === null) {
      continue;
    }
    if (!isArray(list)) {
      throw inputError("attachments", "expected an array");
    }
    for (const item of list) {
      attach(attached, item);
    }
  }
  if (attached.files.length > MAX_FILES) {
    throw inputError("attachments", `${attached.files.length} files, at most ${MAX_FILES}`);
  }
  return attached;
}

/** One file by itself, as an emoji's picture is given. */
export function attachedFile(field: string, value: Plain): PlainObject {
  const { files } = attachedFiles([value]);
  if (files[0] === undefined) {
    throw inputError(field, SHAPES);
  }
  return files[0];
}

function attach(attached: Attached, item: Plain): void {
  const given = typeof item === "string" ? fromText(item) : objectOr(item, SHAPES);
  const fromUrl = given.url ?? given.Url;
  const fromBase64 = given.base64 ?? given.Base64;
  if (fromUrl !== undefined) {
    const { url, ...more } = objectOr(
      typeof fromUrl === "string" ? { ...given, url: fromUrl } : fromUrl,
      "expected {url: {url, filename?}}",
    );
    if (typeof url !== "string" || url === "") {
      throw inputError("attachments[].url", "expected an address");
    }
    add(attached, { url }, more);
  } else if (fromBase64 !== undefined) {
    const { data, ...more } = objectOr(fromBase64, "expected {base64: {data, filename}}");
    if (typeof nameOf(more) !== "string") {
      requireBase64(data);
      throw inputError("attachments[].filename", "expected a file name");
    }
    add(attached, { data: requireBase64(data) }, more);
  } else if (given.data !== undefined) {
    add(attached, { data: requireBase64(given.data) }, given);
  } else if (typeof given.text === "string") {
    add(attached, { text: given.text }, given);
  } else if (typeof given.id === "string") {
    attached.kept.push(given);
  } else {
    throw inputError("attachments", SHAPES);
  }
}

/** Text that is no address is what bytes have become. */
function fromText(text: string): PlainObject {
  return /^https?:/i.test(text) ? { url: text } : { data: text };
}

function add(attached: Attached, content: PlainObject, given: PlainObject): void {
  const { description, spoiler } = given;
  const filename = nameOf(given);
  const isDescribed = typeof description === "string" && description !== "";
  if (isDescribed && description.length > MAX_DESCRIPTION) {
    throw inputError(
      "attachments[].description",
      `${description.length} characters, at most ${MAX_DESCRIPTION}`,
    );
  }
  attached.files.push({
    ...content,
    ...(filename !== undefined && { filename }),
    ...(spoiler === true && { spoiler }),
  });
  attached.descriptions.push(isDescribed ? description : undefined);
}

function nameOf({ filename, name }: PlainObject): string | undefined {
  const given = filename ?? name;
  return typeof given === "string" && given !== "" ? given : undefined;
}

function objectOr(value: Plain, complaint: string): PlainObject {
  if (typeof value !== "object" || value === null || isArray(value)) {
    throw inputError("attachments", complaint);
  }
  return value as PlainObject;
}

function requireBase64(data: Plain | undefined): string {
  if (typeof data !== "string" || !isBase64(data)) {
    throw inputError("attachments[].data", "invalid base64 data");
  }
  return data;
}

/** Standard base64 with padding. A loop: a regular expression runs out of stack on megabytes. */
function isBase64(text: string): boolean {
  if (text.length % 4 !== 0) {
    return false;
  }
  let end = text.length;
  for (let padding = 0; padding < 2 && end > 0 && charCodeAt(text, end - 1) === 0x3d; padding++) {
    end--;
  }
  for (let i = 0; i < end; i++) {
    const unit = charCodeAt(text, i);
    const isLetter = (unit >= 0x41 && unit <= 0x5a) || (unit >= 0x61 && unit <= 0x7a);
    if (!isLetter && !(unit >= 0x2f && unit <= 0x39) && unit !== 0x2b) {
      return false;
    }
  }
  return true;
}

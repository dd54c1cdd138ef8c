/** Attachments as scripts give them, turned into the files that the host sends along. */

import { inputError } from "./errors";
import { charCodeAt } from "./intrinsics";
import type { Plain, PlainObject } from "./plain";

/** What a message's attachments come to. */
export interface Attached {
  /** `{filename, description?, data}` (base64) or `{filename?, description?, url}`. */
  files: PlainObject[];
  /** Attachments that an edited message has and keeps, known by their id. */
  kept: PlainObject[];
}

/** Tags in either case: the original's types and its runtime disagreed. */
export function attachedFiles(value: Plain | undefined): Attached {
  const files: PlainObject[] = [];
  const kept: PlainObject[] = [];
  if (value === undefined || value === null) {
    return { files, kept };
  }
  if (!Array.isArray(value)) {
    throw inputError("attachments", "expected an array");
  }
  for (const item of value) {
    const attachment = objectOr(item, "expected {url: {…}} or {base64: {…}}");
    const fromUrl = attachment.url ?? attachment.Url;
    const fromText = attachment.base64 ?? attachment.Base64;
    if (fromUrl !== undefined) {
      files.push(typeof fromUrl === "string" ? urlFile(attachment) : urlFile(fromUrl));
    } else if (fromText !== undefined) {
      files.push(base64File(fromText));
    } else if (typeof attachment.id === "string") {
      kept.push(attachment);
    } else {
      throw inputError("attachments", "expected {url: {…}} or {base64: {…}}");
    }
  }
  return { files, kept };
}

function urlFile(value: Plain): PlainObject {
  const { url, filename, description } = objectOr(value, "expected {url: {url, filename?}}");
  if (typeof url !== "string" || url === "") {
    throw inputError("attachments[].url", "expected an address");
  }
  return { url, ...named(filename), ...described(description) };
}

function base64File(value: Plain): PlainObject {
  const { data, filename, description } = objectOr(value, "expected {base64: {data, filename}}");
  if (typeof data !== "string" || !isBase64(data)) {
    throw inputError("attachments[].data", "invalid base64 data");
  }
  if (typeof filename !== "string" || filename === "") {
    throw inputError("attachments[].filename", "expected a file name");
  }
  return { data, filename, ...described(description) };
}

function named(filename: Plain | undefined): PlainObject {
  return typeof filename === "string" && filename !== "" ? { filename } : {};
}

function described(description: Plain | undefined): PlainObject {
  return typeof description === "string" && description !== "" ? { description } : {};
}

function objectOr(value: Plain, complaint: string): PlainObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw inputError("attachments", complaint);
  }
  return value;
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

/** `multipart/form-data`: a form as the body of a message, and back. */

import type { Blob, File } from "../blobs/blob";
import type { FormData } from "../blobs/form_data";
import { core } from "../core";

const CRLF = "\r\n";

export function boundary(): string {
  const bytes = new Uint8Array(16);
  core.fillRandom(bytes);
  return `----flora${bytes.reduce((text, byte) => text + byte.toString(16).padStart(2, "0"), "")}`;
}

export function encodeForm(form: FormData, mark: string): Uint8Array<ArrayBuffer> {
  const { encodeUtf8 } = core.encoding();
  const { bytesOfBlob, joined } = core.blobs();
  const pieces: Uint8Array[] = [];
  for (const [name, value] of form) {
    const head = `--${mark}${CRLF}Content-Disposition: form-data; name="${escaped(breaks(name))}"`;
    if (typeof value === "string") {
      pieces.push(encodeUtf8(`${head}${CRLF}${CRLF}${breaks(value)}${CRLF}`));
    } else {
      const type = `Content-Type: ${value.type || "application/octet-stream"}`;
      const file = `; filename="${escaped(value.name)}"${CRLF}${type}${CRLF}${CRLF}`;
      pieces.push(encodeUtf8(head + file), bytesOfBlob(value as Blob), encodeUtf8(CRLF));
    }
  }
  return joined([...pieces, encodeUtf8(`--${mark}--${CRLF}`)]);
}

/** Raises a TypeError for what is no form. */
export function decodeForm(bytes: Uint8Array<ArrayBuffer>, mark: string): FormData {
  const { FormData, File } = core.blobs();
  // As a text of bytes, in which V8 searches fast.
  const text = new (core.encoding().TextDecoder)("latin1").decode(bytes);
  const delimiter = `${CRLF}--${mark}`;
  const form = new FormData();
  let at = text.startsWith(`--${mark}`) ? mark.length + 2 : after(text, delimiter, 0);
  while (!text.startsWith("--", at)) {
    at = after(text, CRLF, at);
    const headEnd = text.startsWith(CRLF, at) ? at : after(text, CRLF + CRLF, at) - 2;
    const head = decoded(bytes.subarray(at, headEnd));
    const end = text.indexOf(delimiter, headEnd);
    const disposition = /^content-disposition:\s*form-data(.*)$/im.exec(head)?.[1] ?? "";
    const name = parameter(disposition, "name");
    if (end < 0 || name === undefined) {
      throw new TypeError("formData: the body is no multipart form");
    }
    const filename = parameter(disposition, "filename");
    const content = bytes.subarray(headEnd + 2, Math.max(headEnd + 2, end));
    if (filename === undefined) {
      form.append(name, decoded(content));
    } else {
      const type = /^content-type:\s*(.*?)\s*$/im.exec(head)?.[1] ?? "text/plain";
      form.append(name, new File([content], filename, { type }) as File);
    }
    at = end + delimiter.length;
  }
  return form;
}

function after(text: string, find: string, from: number): number {
  const at = text.indexOf(find, from);
  if (at < 0) {
    throw new TypeError("formData: the body is no multipart form");
  }
  return at + find.length;
}

function decoded(bytes: Uint8Array): string {
  return core.encoding().decodeUtf8(bytes);
}

function parameter(disposition: string, name: string): string | undefined {
  const found = new RegExp(`;\\s*${name}=(?:"([^"]*)"|([^;\\s]+))`, "i").exec(disposition);
  return (found?.[1] ?? found?.[2])?.replace(/%0A|%0D|%22/g, decodeURIComponent);
}

function escaped(name: string): string {
  return name.replaceAll("\n", "%0A").replaceAll("\r", "%0D").replaceAll('"', "%22");
}

function breaks(text: string): string {
  return text.replace(/\r?\n|\r/g, CRLF);
}

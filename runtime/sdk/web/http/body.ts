/** The body that requests and responses have: bytes that are there, or a stream of them. */

import type { Blob } from "../blobs/blob";
import type { FormData } from "../blobs/form_data";
import { core } from "../core";
import type { ReadableStream } from "../streams/readable_stream";
import { bytesOf, usvString } from "../text";
import type { URLSearchParams } from "../url/url_search_params";
import type { Headers } from "./headers";
import { boundary, decodeForm, encodeForm } from "./multipart";

export type BodyInit =
  | string
  | Blob
  | ArrayBuffer
  | ArrayBufferView
  | FormData
  | URLSearchParams
  | ReadableStream;

/** @internal The content of a message and the type that it has by itself. */
export interface Content {
  bytes: Uint8Array<ArrayBuffer> | null;
  stream: ReadableStream | null;
  type: string | null;
}

/** @internal */
export function contentOf(body: unknown): Content {
  const { encodeUtf8 } = core.encoding();
  const { Blob, FormData, bytesOfBlob } = core.blobs();
  if (body instanceof Blob) {
    return { bytes: bytesOfBlob(body), stream: null, type: body.type || null };
  }
  if (body instanceof FormData) {
    const mark = boundary();
    const type = `multipart/form-data; boundary=${mark}`;
    return { bytes: encodeForm(body, mark), stream: null, type };
  }
  const bytes = bytesOf(body);
  if (bytes) {
    return { bytes: bytes.slice(), stream: null, type: null };
  }
  if (body instanceof core.streams().ReadableStream) {
    if (body.locked || core.streams().isDisturbed(body)) {
      throw new TypeError("the stream is locked or has been read of: it cannot be a body");
    }
    return { bytes: null, stream: body, type: null };
  }
  const isForm = body instanceof core.url().URLSearchParams;
  const type = isForm ? "application/x-www-form-urlencoded" : "text/plain";
  return { bytes: encodeUtf8(usvString(body)), stream: null, type: `${type};charset=UTF-8` };
}

/** @internal */
export let setContent: (body: Body, content: Content | null) => void;
/** @internal Two contents out of one that has not been read; the body keeps the first. */
export let share: (body: Body) => Content | null;
/** @internal What is sent, null when there is nothing; the body is read then. */
export let contentBytes: (body: Body) => Promise<Uint8Array<ArrayBuffer> | null>;
/** @internal The content, which the body has no longer. */
export let take: (body: Body) => Content | null;

export abstract class Body {
  #content: Content | null = null;
  #isTaken = false;

  static {
    setContent = (body, content) => {
      body.#content = content;
    };
    share = (body) => {
      body.#requireUnused("clone");
      if (!body.#content?.stream) {
        return body.#content && { ...body.#content };
      }
      const [mine, other] = body.#content.stream.tee();
      body.#content = { ...body.#content, stream: mine };
      return { ...body.#content, stream: other, bytes: null };
    };
    contentBytes = async (body) => body.#content && body.#read("fetch");
    take = (body) => {
      body.#requireUnused("body");
      if (body.#content) {
        body.#isTaken = true;
      }
      return body.#content;
    };
  }

  abstract get headers(): Headers;

  get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    const content = this.#content;
    if (!content) {
      return null;
    }
    if (!content.stream) {
      content.stream = core.blobs().blobOf(content.bytes!, "").stream();
      if (this.#isTaken) {
        void content.stream.cancel();
      }
    }
    return content.stream;
  }

  /** Whether its content has been read, or begun to be. */
  get bodyUsed(): boolean {
    const stream = this.#content?.stream;
    return this.#isTaken || (!!stream && core.streams().isDisturbed(stream));
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.bytes()).buffer;
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return (await this.#read("bytes")).slice();
  }

  async blob(): Promise<Blob> {
    const bytes = await this.#read("blob");
    return core.blobs().blobOf(bytes, this.headers.get("content-type") ?? "");
  }

  /** The body as UTF-8. */
  async text(): Promise<string> {
    return new (core.encoding().TextDecoder)().decode(await this.#read("text"));
  }

  /** The value that the body is as JSON. Rejects with a SyntaxError for anything else. */
  async json(): Promise<any> {
    return JSON.parse(await this.text());
  }

  async formData(): Promise<FormData> {
    const type = this.headers.get("content-type") ?? "";
    const mark = /^multipart\/form-data\s*;.*?boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(type);
    if (mark) {
      return decodeForm(await this.#read("formData"), (mark[1] ?? mark[2])!);
    }
    if (/^application\/x-www-form-urlencoded\s*(;|$)/i.test(type)) {
      const form = new (core.blobs().FormData)();
      const text = core.encoding().decodeUtf8(await this.#read("formData"));
      for (const [name, value] of core.url().parsePairs(text)) {
        form.append(name, value);
      }
      return form;
    }
    throw new TypeError(`formData: ${JSON.stringify(type)} is no type of a form`);
  }

  #requireUnused(name: string): void {
    if (this.bodyUsed || this.#content?.stream?.locked) {
      throw new TypeError(`${name}: the body has been read already, or is being read`);
    }
  }

  async #read(name: string): Promise<Uint8Array<ArrayBuffer>> {
    this.#requireUnused(name);
    const content = this.#content;
    if (!content) {
      return new Uint8Array(0);
    }
    if (!content.stream) {
      this.#isTaken = true;
      return content.bytes!;
    }
    const pieces: Uint8Array[] = [];
    for await (const piece of content.stream) {
      if (!(piece instanceof Uint8Array)) {
        throw new TypeError(`${name}: the body's stream gave something else than a Uint8Array`);
      }
      pieces.push(piece);
    }
    return core.blobs().joined(pieces);
  }
}

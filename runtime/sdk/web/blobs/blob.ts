/** `Blob` and `File`: bytes with a type, and a name. They never change. */

import { core } from "../core";
import type { ReadableStream } from "../streams/readable_stream";
import { bytesOf, dictionary, requireArguments, usvString } from "../text";

export type BlobPart = string | ArrayBuffer | ArrayBufferView | Blob;

export interface BlobOptions {
  /** A media type, as "text/plain". */
  type?: string;
  endings?: "transparent" | "native";
}

export interface FileOptions extends BlobOptions {
  /** Milliseconds since 1970; now, when it is not given. */
  lastModified?: number;
}

// A stream of a blob gives pieces of this size.
const PIECE = 65536;

/** @internal */
export let bytesOfBlob: (blob: Blob) => Uint8Array<ArrayBuffer>;
/** @internal */
export let blobOf: (bytes: Uint8Array<ArrayBuffer>, type: string) => Blob;

export class Blob {
  #bytes: Uint8Array<ArrayBuffer>;
  #type: string;

  static {
    bytesOfBlob = (blob) => blob.#bytes;
    blobOf = (bytes, type) => {
      const blob = new Blob();
      blob.#bytes = bytes;
      blob.#type = mediaType(type);
      return blob;
    };
  }

  constructor(parts: Iterable<BlobPart> = [], options: BlobOptions = {}) {
    const { type } = dictionary("Blob", options);
    this.#bytes = joined(piecesOf(parts));
    this.#type = mediaType(type === undefined ? "" : `${type}`);
  }

  /** In bytes. */
  get size(): number {
    return this.#bytes.length;
  }
  get type(): string {
    return this.#type;
  }

  /** A part of it, by bytes; numbers below 0 count from the end. */
  slice(start?: number, end?: number, type?: string): Blob {
    const part = this.#bytes.subarray(start ?? 0, end ?? this.#bytes.length);
    return blobOf(part, type === undefined ? "" : `${type}`);
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return this.#bytes.slice().buffer;
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#bytes.slice();
  }

  /** The bytes as UTF-8. */
  async text(): Promise<string> {
    return new (core.encoding().TextDecoder)().decode(this.#bytes);
  }

  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const bytes = this.#bytes;
    let at = 0;
    return new (core.streams().ReadableStream)<Uint8Array<ArrayBuffer>>({
      type: "bytes",
      pull(controller: any) {
        if (at >= bytes.length) {
          controller.close();
        } else {
          controller.enqueue(bytes.slice(at, (at += PIECE)));
        }
      },
    });
  }
}

export class File extends Blob {
  readonly #name: string;
  readonly #lastModified: number;

  constructor(parts: Iterable<BlobPart>, name: string, options?: FileOptions) {
    requireArguments("File", arguments.length, 2);
    super(parts, options);
    const { lastModified } = dictionary("File", options);
    this.#name = usvString(name);
    this.#lastModified =
      lastModified === undefined ? core.now() : Math.trunc(Number(lastModified)) || 0;
  }

  get name(): string {
    return this.#name;
  }
  get lastModified(): number {
    return this.#lastModified;
  }
  get webkitRelativePath(): string {
    return "";
  }
}

function piecesOf(parts: Iterable<unknown>): Uint8Array[] {
  if (typeof parts !== "object" || parts === null || !(Symbol.iterator in parts)) {
    throw new TypeError("Blob: expected an array of its parts");
  }
  const pieces: Uint8Array[] = [];
  for (const part of parts) {
    pieces.push(
      part instanceof Blob
        ? bytesOfBlob(part)
        : (bytesOf(part) ?? core.encoding().encodeUtf8(`${part as string}`)),
    );
  }
  return pieces;
}

/** @internal */
export function joined(pieces: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(pieces.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function mediaType(type: string): string {
  return /[^\x20-\x7e]/.test(type) ? "" : type.toLowerCase();
}

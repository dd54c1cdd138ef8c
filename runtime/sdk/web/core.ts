/**
 * What the families of the web platform take from the rest of the SDK, and from each other.
 *
 * The build makes each family one function of this object, which runs when a script first touches
 * one of the family's names. So the families import nothing of the SDK but this module, text.ts
 * (which the build takes out of it) and types.
 */

import type { PlainObject } from "../plain";
import type { BlobsFamily } from "./blobs/main";
import type { EncodingFamily } from "./encoding/main";
import type { EventsFamily } from "./events/main";
import type { HttpFamily } from "./http/main";
import type { StreamsFamily } from "./streams/main";
import type { UrlFamily } from "./url/main";

export interface Core {
  readonly text: typeof import("./text");
  /** Asks the host for an operation; rejects with its error. */
  operation(name: string, payload: () => PlainObject): Promise<any>;
  /** Tells the guild's log of an error where nobody waits. */
  reportError(error: unknown): void;
  setTimeout(callback: () => void, milliseconds: number): number;
  /** Milliseconds since 1970: now, and when the isolate started. */
  now(): number;
  readonly startedAt: number;
  /** Fills an array with bytes that nobody can foretell. */
  fillRandom(bytes: Uint8Array): void;
  /** Says what the console shows of an instance of a class: plain entries, or a text. */
  showAs<T extends object>(type: { prototype: T }, describe: (value: T) => unknown): void;
  /** Whether a value is an instance of the platform's classes, which have no properties to copy. */
  isPlatformObject(value: object): boolean;
  /** Other families, made when they are first asked for. */
  blobs(): BlobsFamily;
  encoding(): EncodingFamily;
  events(): EventsFamily;
  http(): HttpFamily;
  streams(): StreamsFamily;
  url(): UrlFamily;
}

declare const handedIn: Core;

export const core = handedIn;

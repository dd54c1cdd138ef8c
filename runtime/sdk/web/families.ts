/**
 * The web platform in a script's global scope: names whose values are made at their first touch.
 *
 * A family is a function that the build makes of its folder (build.mjs); until it runs it costs
 * its text alone.
 */

import blobs from "family:blobs";
import clone from "family:clone";
import crypto from "family:crypto";
import encoding from "family:encoding";
import events from "family:events";
import http from "family:http";
import performance from "family:performance";
import streams from "family:streams";
import url from "family:url";

import { operation, reportError } from "../bridge";
import { defineAtFirstTouch } from "../first_touch";
import { inspectAs } from "../inspect";
import {
  define,
  defineProperty,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  isObject,
  keys,
  now,
  SafeWeakSet,
  typedArrayLength,
} from "../intrinsics";
import { fillRandom } from "../random";
import { setTimeout } from "../timers";
import type { Core } from "./core";
import * as text from "./text";

const BLOBS = "Blob File FormData";
const ENCODING = "TextEncoder TextDecoder atob btoa";
const EVENTS = "DOMException Event CustomEvent EventTarget AbortController AbortSignal";
const HTTP = "fetch Headers Request Response";
const STREAMS = `ReadableStream ReadableStreamDefaultReader ReadableStreamDefaultController \
ByteLengthQueuingStrategy CountQueuingStrategy`;
const URLS = "URL URLSearchParams";
const CRYPTO = "crypto Crypto CryptoKey SubtleCrypto";
const PERFORMANCE = "performance Performance";

const { toStringTag } = Symbol;
const platformPrototypes = new SafeWeakSet<object>();

/** Defines the names. What the families' values are, is found out when a script touches them. */
export function installWebPlatform(): void {
  const core: Core = {
    text,
    operation,
    reportError: (error) => reportError(error),
    setTimeout,
    now,
    startedAt: now(),
    fillRandom: (bytes) => fillRandom(bytes, typedArrayLength(bytes)),
    showAs: (type, describe) => inspectAs(type.prototype, describe as (value: object) => unknown),
    isPlatformObject,
    blobs: install(BLOBS, () => blobs(core)),
    encoding: install(ENCODING, () => encoding(core)),
    events: install(EVENTS, () => events(core)),
    http: install(HTTP, () => http(core)),
    streams: install(STREAMS, () => streams(core)),
    url: install(URLS, () => url(core)),
  };
  install("structuredClone", () => clone(core));
  install(CRYPTO, () => crypto(core));
  install(PERFORMANCE, () => performance(core));
}

/** Gives a function that makes the family once; so does the first touch of one of its names. */
function install<Family extends object>(names: string, make: () => Family): () => Family {
  let made: Family | undefined;
  const family = (): Family => {
    if (!made) {
      const fresh = make();
      name(fresh);
      made = fresh;
    }
    return made;
  };
  for (const global of names.split(" ")) {
    defineAtFirstTouch(globalThis, global, () => family()[global as keyof Family]);
  }
  return family;
}

/** The bundle's own names are shortened: classes and functions get back those they are known by. */
function name(family: object): void {
  const names = keys(family);
  for (let i = 0; i < names.length; i++) {
    const known = names[i] as string;
    const value: unknown = family[known as keyof object];
    if (typeof value !== "function") {
      continue;
    }
    define(value, "name", known, false);
    const prototype: unknown = getOwnPropertyDescriptor(value, "prototype")?.value;
    if (isObject(prototype)) {
      platformPrototypes.add(prototype);
      defineProperty(prototype, toStringTag, {
        __proto__: null,
        value: known,
        configurable: true,
      } as PropertyDescriptor);
    }
  }
}

function isPlatformObject(value: object): boolean {
  let prototype: unknown = getPrototypeOf(value);
  while (isObject(prototype)) {
    if (platformPrototypes.has(prototype)) {
      return true;
    }
    prototype = getPrototypeOf(prototype);
  }
  return false;
}

/** `Request`: what is asked of a server. */

import { core } from "../core";
import type { AbortSignal } from "../events/abort";
import { byteString, dictionary, requireArguments, usvString } from "../text";
import type { URL } from "../url/url";
import { Body, type BodyInit, contentOf, setContent, share, take } from "./body";
import { Headers, type HeadersInit } from "./headers";

export interface RequestInit {
  /** GET without it. */
  method?: string;
  headers?: HeadersInit;
  /** Not for GET and HEAD. */
  body?: BodyInit | null;
  signal?: AbortSignal | null;
  /** What happens when the server sends elsewhere; "follow" without it. */
  redirect?: "follow" | "error" | "manual";
  mode?: "cors" | "no-cors" | "same-origin" | "navigate";
  credentials?: "omit" | "same-origin" | "include";
  cache?: "default" | "no-store" | "reload" | "no-cache" | "force-cache" | "only-if-cached";
  referrer?: string;
  referrerPolicy?: string;
  integrity?: string;
  keepalive?: boolean;
  duplex?: "half";
}

// What an option may be, the default first.
const CHOICES = {
  redirect: "follow error manual",
  mode: "cors no-cors same-origin navigate",
  credentials: "same-origin omit include",
  cache: "default no-store reload no-cache force-cache only-if-cached",
} as const;
const NORMALIZED = /^(delete|get|head|options|post|put)$/i;
const FORBIDDEN = /^(connect|trace|track)$/i;

type Choice = keyof typeof CHOICES;

/** All of a request but its body and its signal. */
interface Head {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly choices: Record<Choice, string>;
  readonly referrer: string;
  readonly referrerPolicy: string;
  readonly integrity: string;
  readonly keepalive: boolean;
}

export class Request extends Body {
  readonly #head: Head;
  #signal: AbortSignal | null;

  /** Raises a TypeError for an address, a method or an option that cannot be. */
  constructor(input: string | URL | Request, init?: RequestInit) {
    requireArguments("Request", arguments.length, 1);
    super();
    const given = dictionary("Request", init);
    const from = input instanceof Request ? input : null;
    this.#head = headOf(given, from ? from.#head : { url: addressOf(input as string | URL) });
    this.#signal = followed(given.signal === undefined && from ? from.signal : given.signal);
    const { method, headers } = this.#head;
    const hasBody = given.body !== undefined && given.body !== null;
    if ((hasBody || from?.body) && (method === "GET" || method === "HEAD")) {
      throw new TypeError(`Request: a ${method} request has no body`);
    }
    const content = hasBody ? contentOf(given.body) : from && take(from);
    setContent(this, content);
    if (hasBody && content?.type && !headers.has("content-type")) {
      headers.append("content-type", content.type);
    }
  }

  get url(): string {
    return this.#head.url;
  }
  get method(): string {
    return this.#head.method;
  }
  override get headers(): Headers {
    return this.#head.headers;
  }
  /** Aborts when the signal that it was made with does. */
  get signal(): AbortSignal {
    this.#signal ??= new (core.events().AbortController)().signal;
    return this.#signal;
  }
  get redirect(): string {
    return this.#head.choices.redirect;
  }
  get mode(): string {
    return this.#head.choices.mode;
  }
  get credentials(): string {
    return this.#head.choices.credentials;
  }
  get cache(): string {
    return this.#head.choices.cache;
  }
  get referrer(): string {
    return this.#head.referrer;
  }
  get referrerPolicy(): string {
    return this.#head.referrerPolicy;
  }
  get integrity(): string {
    return this.#head.integrity;
  }
  get keepalive(): boolean {
    return this.#head.keepalive;
  }
  get destination(): string {
    return "";
  }
  get duplex(): "half" {
    return "half";
  }

  /** Another request with the same body, as long as it has not been read. */
  clone(): Request {
    const content = share(this);
    const copy = new Request(this.url, { ...this.#head, ...this.#head.choices } as RequestInit);
    copy.#signal = followed(this.signal);
    setContent(copy, content);
    return copy;
  }
}

function headOf(given: Partial<RequestInit>, from: Partial<Head> & { url: string }): Head {
  return {
    url: from.url,
    method: given.method === undefined ? (from.method ?? "GET") : methodOf(given.method),
    headers: new Headers(given.headers ?? from.headers),
    choices: choicesOf(given, from.choices),
    referrer: `${given.referrer ?? from.referrer ?? "about:client"}`,
    referrerPolicy: `${given.referrerPolicy ?? from.referrerPolicy ?? ""}`,
    integrity: `${given.integrity ?? from.integrity ?? ""}`,
    keepalive: !!(given.keepalive ?? from.keepalive),
  };
}

/** A signal that aborts when this one does. */
function followed(signal: AbortSignal | null | undefined): AbortSignal | null {
  const { AbortSignal } = core.events();
  if (signal === null || signal === undefined) {
    return null;
  }
  if (!(signal instanceof AbortSignal)) {
    throw new TypeError("Request: signal is no AbortSignal");
  }
  return AbortSignal.any([signal]);
}

function addressOf(input: string | URL): string {
  const url = new (core.url().URL)(usvString(input));
  if (url.username || url.password) {
    throw new TypeError("Request: no user name and password in an address: use a header");
  }
  return url.href;
}

function methodOf(value: string): string {
  const method = byteString(value);
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(method) || FORBIDDEN.test(method)) {
    throw new TypeError(`Request: the method ${JSON.stringify(method)} cannot be used`);
  }
  return NORMALIZED.test(method) ? method.toUpperCase() : method;
}

function choicesOf(
  given: Partial<RequestInit>,
  from: Record<Choice, string> | undefined,
): Record<Choice, string> {
  const choices = {} as Record<Choice, string>;
  for (const name of Object.keys(CHOICES) as Choice[]) {
    const known = CHOICES[name].split(" ");
    const choice = given[name] === undefined ? (from?.[name] ?? known[0]!) : `${given[name]}`;
    if (!known.includes(choice)) {
      throw new TypeError(`Request: ${name} is one of ${known.join(", ")}`);
    }
    choices[name] = choice;
  }
  return choices;
}

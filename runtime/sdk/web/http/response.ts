/** `Response`: what a server answers. */

import { core } from "../core";
import { byteString, dictionary, requireArguments } from "../text";
import type { URL } from "../url/url";
import { Body, type BodyInit, type Content, contentOf, setContent, share } from "./body";
import { freeze, Headers, type HeadersInit } from "./headers";

export interface ResponseInit {
  /** 200 without it. */
  status?: number;
  statusText?: string;
  headers?: HeadersInit;
}

/** @internal What is known of a response that came from a server. */
export interface Fetched {
  status: number;
  statusText: string;
  headers: Iterable<[string, string]>;
  /** The address that answered, after all redirects. */
  url: string;
  redirected: boolean;
  type?: string;
  body: Content["stream"];
}

// Statuses whose responses have no body.
const BODILESS = [101, 103, 204, 205, 304];
const REDIRECTS = [301, 302, 303, 307, 308];

/** @internal */
export let fetchedResponse: (fetched: Fetched) => Response;

export class Response extends Body {
  #status = 200;
  #statusText = "";
  #headers: Headers;
  #type = "default";
  #url = "";
  #redirected = false;

  static {
    fetchedResponse = ({ status, statusText, headers, url, redirected, type, body }) => {
      const response = new Response();
      response.#status = status;
      response.#statusText = statusText;
      response.#headers = new Headers(headers);
      freeze(response.#headers);
      response.#url = url;
      response.#redirected = redirected;
      response.#type = type ?? "basic";
      setContent(response, body && { bytes: null, stream: body, type: null });
      return response;
    };
  }

  constructor(body?: BodyInit | null, init?: ResponseInit) {
    super();
    const { status, statusText, headers } = dictionary("Response", init);
    if (status !== undefined) {
      this.#status = Math.trunc(Number(status));
      if (!(this.#status >= 200 && this.#status <= 599)) {
        throw new RangeError("Response: status is a number from 200 to 599");
      }
    }
    if (statusText !== undefined) {
      this.#statusText = byteString(statusText);
      if (/[^\t\x20-\x7e\x80-\xff]/.test(this.#statusText)) {
        throw new TypeError("Response: statusText is one line of text");
      }
    }
    this.#headers = new Headers(headers);
    if (body === undefined || body === null) {
      return;
    }
    if (BODILESS.includes(this.#status)) {
      throw new TypeError(`Response: a response of status ${this.#status} has no body`);
    }
    const content = contentOf(body);
    setContent(this, content);
    if (content.type && !this.#headers.has("content-type")) {
      this.#headers.append("content-type", content.type);
    }
  }

  /** A response that says that nothing came. */
  static error(): Response {
    return fetchedResponse({
      ...{ status: 0, statusText: "", headers: [], url: "", redirected: false },
      ...{ type: "error", body: null },
    });
  }

  static redirect(url: string | URL, status: number = 302): Response {
    requireArguments("Response.redirect", arguments.length, 1);
    const { href } = new (core.url().URL)(url);
    if (!REDIRECTS.includes(status)) {
      throw new RangeError(`Response.redirect: status is one of ${REDIRECTS.join(", ")}`);
    }
    const response = new Response(null, { status, headers: { location: href } });
    freeze(response.#headers);
    return response;
  }

  /** A response whose body is the JSON of a value. */
  static json(value: unknown, init?: ResponseInit): Response {
    requireArguments("Response.json", arguments.length, 1);
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined) {
      throw new TypeError("Response.json: the value has no JSON");
    }
    const headers = new Headers(dictionary("Response.json", init).headers);
    if (!headers.has("content-type")) {
      headers.set("content-type", "application/json");
    }
    return new Response(text, { ...init, headers });
  }

  get status(): number {
    return this.#status;
  }
  get statusText(): string {
    return this.#statusText;
  }
  override get headers(): Headers {
    return this.#headers;
  }
  /** Whether the status is one of success: 200 to 299. */
  get ok(): boolean {
    return this.#status >= 200 && this.#status <= 299;
  }
  get type(): string {
    return this.#type;
  }
  /** The address that answered, after all redirects; empty for responses of the script's own. */
  get url(): string {
    return this.#url;
  }
  get redirected(): boolean {
    return this.#redirected;
  }

  /** Another response with the same body, as long as it has not been read. */
  clone(): Response {
    const copy = new Response();
    const content = share(this);
    copy.#status = this.#status;
    copy.#statusText = this.#statusText;
    copy.#headers = new Headers(this.#headers);
    copy.#type = this.#type;
    copy.#url = this.#url;
    copy.#redirected = this.#redirected;
    if (this.#type !== "default") {
      freeze(copy.#headers);
    }
    setContent(copy, content);
    return copy;
  }
}

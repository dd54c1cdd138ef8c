/** `URL`: an address and its parts. Parsing and serializing are whatwg-url's state machine. */

import {
  basicURLParse,
  cannotHaveAUsernamePasswordPort,
  hasAnOpaquePath,
  serializeHost,
  serializePath,
  serializeURL,
  serializeURLOrigin,
  setThePassword,
  setTheUsername,
  type UrlRecord,
} from "whatwg-url/lib/url-state-machine.js";

import { requireArguments, usvString } from "../text";
import { paramsOf, replaceParams, type URLSearchParams } from "./url_search_params";

export class URL {
  #url: UrlRecord;
  readonly #params: URLSearchParams;

  /** Raises a TypeError for what is no address. */
  constructor(url: string | URL, base?: string | URL) {
    requireArguments("URL", arguments.length, 1);
    const parsed = parsedUrl(url, base);
    if (parsed === null) {
      throw invalid(url, base);
    }
    this.#url = parsed;
    this.#params = paramsOf(parsed.query ?? "", (query) => {
      this.#url.query = query === "" ? null : query;
    });
  }

  /** The same as the constructor, but null for what is no address. */
  static parse(url: string | URL, base?: string | URL): URL | null {
    requireArguments("URL.parse", arguments.length, 1);
    return parsedUrl(url, base) === null ? null : new URL(url, base);
  }

  static canParse(url: string | URL, base?: string | URL): boolean {
    requireArguments("URL.canParse", arguments.length, 1);
    return parsedUrl(url, base) !== null;
  }

  get href(): string {
    return serializeURL(this.#url);
  }
  set href(value: string) {
    const parsed = basicURLParse(usvString(value));
    if (parsed === null) {
      throw invalid(value);
    }
    this.#url = parsed;
    replaceParams(this.#params, parsed.query ?? "");
  }

  get origin(): string {
    return serializeURLOrigin(this.#url);
  }

  get protocol(): string {
    return `${this.#url.scheme}:`;
  }
  set protocol(value: string) {
    this.#set(`${usvString(value)}:`, "scheme start");
  }

  get username(): string {
    return this.#url.username;
  }
  set username(value: string) {
    const text = usvString(value);
    if (!cannotHaveAUsernamePasswordPort(this.#url)) {
      setTheUsername(this.#url, text);
    }
  }

  get password(): string {
    return this.#url.password;
  }
  set password(value: string) {
    const text = usvString(value);
    if (!cannotHaveAUsernamePasswordPort(this.#url)) {
      setThePassword(this.#url, text);
    }
  }

  get host(): string {
    const { host, port } = this.#url;
    return host === null ? "" : `${serializeHost(host)}${port === null ? "" : `:${port}`}`;
  }
  set host(value: string) {
    if (!hasAnOpaquePath(this.#url)) {
      this.#set(usvString(value), "host");
    }
  }

  get hostname(): string {
    return this.#url.host === null ? "" : serializeHost(this.#url.host);
  }
  set hostname(value: string) {
    if (!hasAnOpaquePath(this.#url)) {
      this.#set(usvString(value), "hostname");
    }
  }

  get port(): string {
    return `${this.#url.port ?? ""}`;
  }
  set port(value: string) {
    const text = usvString(value);
    if (cannotHaveAUsernamePasswordPort(this.#url)) {
      return;
    }
    if (text === "") {
      this.#url.port = null;
    } else {
      this.#set(text, "port");
    }
  }

  get pathname(): string {
    return serializePath(this.#url);
  }
  set pathname(value: string) {
    if (!hasAnOpaquePath(this.#url)) {
      this.#url.path = [];
      this.#set(usvString(value), "path start");
    }
  }

  get search(): string {
    return this.#url.query ? `?${this.#url.query}` : "";
  }
  set search(value: string) {
    const text = usvString(value);
    const query = text.replace(/^\?/, "");
    this.#url.query = text === "" ? null : "";
    if (text !== "") {
      this.#set(query, "query");
    }
    replaceParams(this.#params, query);
  }

  get searchParams(): URLSearchParams {
    return this.#params;
  }

  get hash(): string {
    return this.#url.fragment ? `#${this.#url.fragment}` : "";
  }
  set hash(value: string) {
    const text = usvString(value);
    this.#url.fragment = text === "" ? null : "";
    if (text !== "") {
      this.#set(text.replace(/^#/, ""), "fragment");
    }
  }

  toString(): string {
    return this.href;
  }

  toJSON(): string {
    return this.href;
  }

  #set(text: string, part: string): void {
    basicURLParse(text, { url: this.#url, stateOverride: part });
  }
}

function parsedUrl(url: string | URL, base: string | URL | undefined): UrlRecord | null {
  const text = usvString(url);
  if (base === undefined) {
    return basicURLParse(text);
  }
  const baseURL = basicURLParse(usvString(base));
  return baseURL && basicURLParse(text, { baseURL });
}

function invalid(url: string | URL, base?: string | URL): TypeError {
  const beside = base === undefined ? "" : ` with base ${JSON.stringify(`${base}`)}`;
  const error = new TypeError(`Invalid URL: ${JSON.stringify(`${url}`)}${beside}`);
  return Object.assign(error, { code: "ERR_INVALID_URL", input: `${url}` });
}

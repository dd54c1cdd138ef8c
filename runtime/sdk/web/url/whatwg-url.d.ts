/** What the URL family uses of whatwg-url, which brings no types, and of punycode's module. */

declare module "whatwg-url/lib/url-state-machine.js" {
  /** https://url.spec.whatwg.org/#concept-url */
  export interface UrlRecord {
    scheme: string;
    username: string;
    password: string;
    host: unknown;
    port: number | null;
    path: string | string[];
    query: string | null;
    fragment: string | null;
  }
  export function basicURLParse(
    text: string,
    options?: { baseURL?: UrlRecord; url?: UrlRecord; stateOverride?: string },
  ): UrlRecord | null;
  export function cannotHaveAUsernamePasswordPort(url: UrlRecord): boolean;
  export function hasAnOpaquePath(url: UrlRecord): boolean;
  export function serializeHost(host: unknown): string;
  export function serializePath(url: UrlRecord): string;
  export function serializeURL(url: UrlRecord): string;
  export function serializeURLOrigin(url: UrlRecord): string;
  export function setTheUsername(url: UrlRecord, username: string): void;
  export function setThePassword(url: UrlRecord, password: string): void;
}

declare module "punycode/punycode.es6.js" {
  export function decode(text: string): string;
  export function encode(text: string): string;
}

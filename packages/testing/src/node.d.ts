/** The little of Node that the package uses: enough to be checked without Node's own types. */

declare module "node:vm" {
  export function createContext(sandbox: object): object;
  export class Script {
    constructor(code: string, options?: { filename?: string; lineOffset?: number });
    runInContext(context: object): any;
  }
}

declare module "node:fs" {
  export function readFileSync(path: string, encoding: "utf8"): string;
}

declare module "node:path" {
  export function dirname(path: string): string;
  export function join(...parts: string[]): string;
}

declare module "node:url" {
  export function fileURLToPath(url: string): string;
}

declare module "node:util" {
  export const types: { isNativeError(value: unknown): boolean };
}

declare module "node:crypto" {
  interface Hash {
    update(data: string | Uint8Array): Hash;
    digest(encoding: "hex" | "base64" | "base64url"): string;
  }
  export function createHash(algorithm: string): Hash;
  export function createHmac(algorithm: string, key: string | Uint8Array): Hash;
  export function randomBytes(size: number): { toString(encoding: "hex"): string };
}

declare const Buffer: {
  from(text: string | Uint8Array, encoding?: "utf8" | "base64"): Uint8Array & {
    toString(encoding: "utf8" | "base64"): string;
  };
  byteLength(text: string): number;
  compare(one: Uint8Array, other: Uint8Array): number;
};

interface ImportMeta {
  url: string;
}

interface NodeTimer {
  unref(): void;
}

declare function setTimeout(callback: () => void, milliseconds: number): NodeTimer;
declare function clearTimeout(timer: NodeTimer): void;
declare function setImmediate(callback: () => void): void;

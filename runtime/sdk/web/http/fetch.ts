/**
 * `fetch`: asks a server, through the host, and reads its answer as fast as the script does.
 *
 * Who may be asked, redirects, limits and secrets are the host's; what is asked is a Request.
 */

import { core } from "../core";
import type { AbortSignal } from "../events/abort";
import type { ReadableStreamDefaultController } from "../streams/readable_stream";
import { requireArguments } from "../text";
import type { URL } from "../url/url";
import { contentBytes } from "./body";
import { Request, type RequestInit } from "./request";
import { fetchedResponse, type Response } from "./response";

interface Head {
  status: number;
  statusText: string;
  url: string;
  redirected: boolean;
  headers: [string, string][];
  hasBody: boolean;
}

// A script on trial may make these: they change nothing, by HTTP's own rule.
const SAFE = /^(GET|HEAD|OPTIONS)$/;

let lastId = 0;

/**
 * Asks a server on the public internet. Resolves when its head has come, whatever its status.
 *
 * Rejects with a TypeError that has a `code` when there is no answer, and with the signal's reason
 * when it was aborted.
 *
 * @example const { name } = await (await fetch("https://api.example.com/me")).json()
 */
export async function fetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  requireArguments("fetch", arguments.length, 1);
  const request = new Request(input, init);
  request.signal.throwIfAborted();
  const bytes = await contentBytes(request);
  request.signal.throwIfAborted();
  const exchange = new Exchange(request.signal);
  const { method, url, redirect } = request;
  const head = await exchange.waitFor<Head>(
    core.operation(SAFE.test(method) ? "fetch.get" : "fetch.send", () => ({
      ...{ id: exchange.id, url, method, redirect, headers: [...request.headers] },
      ...(bytes && { body: core.encoding().base64Of(bytes) }),
    })),
  );
  const { hasBody, ...answer } = head;
  return fetchedResponse({ ...answer, body: hasBody ? exchange.stream() : exchange.end() });
}

/** One question to the host and what follows it, until the last byte or the signal's abortion. */
class Exchange {
  readonly id = ++lastId;
  readonly #signal: AbortSignal;
  readonly #aborted = Promise.withResolvers<never>();
  #controller: ReadableStreamDefaultController | null = null;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    this.#aborted.promise.catch(() => {});
    signal.addEventListener("abort", this.#abort);
  }

  /** The host's answer; the signal's reason if that is quicker. */
  async waitFor<T>(answer: Promise<T>): Promise<T> {
    try {
      return await Promise.race([answer, this.#aborted.promise]);
    } catch (error) {
      this.end();
      throw this.#signal.aborted ? this.#signal.reason : asTypeError(error);
    }
  }

  /** Nothing is read before somebody wants it. */
  stream() {
    return new (core.streams().ReadableStream)<Uint8Array<ArrayBuffer>>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: (controller) => this.#read(controller),
        cancel: () => {
          this.end();
          this.#giveUp();
        },
      },
      { highWaterMark: 0 },
    );
  }

  async #read(controller: ReadableStreamDefaultController): Promise<void> {
    const answer = core.operation("fetch.read", () => ({ id: this.id }));
    const { data, done } = await this.waitFor<{ data: string; done: boolean }>(answer);
    if (data) {
      controller.enqueue(core.encoding().bytesFromBase64(data));
    }
    if (done) {
      this.end();
      controller.close();
    }
  }

  #abort = (): void => {
    this.end();
    this.#aborted.reject(this.#signal.reason);
    this.#controller?.error(this.#signal.reason);
    this.#giveUp();
  };

  /** Nothing more will be asked: the signal may abort whom it likes. */
  end(): null {
    this.#signal.removeEventListener("abort", this.#abort);
    return null;
  }

  #giveUp(): void {
    core.operation("fetch.cancel", () => ({ id: this.id })).catch(() => {});
  }
}

function asTypeError(error: any): TypeError {
  const { message, code, cause } = Object(error);
  const made = new TypeError(message, cause === undefined ? undefined : { cause });
  return Object.assign(made, { code });
}

/**
 * What the host answers when no mock does: KV, tasks, secrets and fetch, and of Discord as much
 * as a script needs to go on.
 */

import { createHash, createHmac } from "node:crypto";

import { nextId } from "./discord";
import { coded } from "./errors";
import { KvMock } from "./kv";

/** A request as a script has made it. */
export interface FetchRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string | null;
}

/** A text is a body with status 200; any other body is sent as JSON. */
export type FetchResponse =
  | string
  | { status?: number; statusText?: string; headers?: Record<string, string>; body?: unknown };

export type FetchMock = (request: FetchRequest) => FetchResponse | Promise<FetchResponse>;

export interface PendingTask {
  key: string;
  /** RFC 3339. */
  scheduledAt: string;
  data: unknown;
}

export class Services {
  readonly kv = new KvMock();
  readonly secrets: Record<string, string>;
  readonly tasks = new Map<string, PendingTask>();
  /** The slash commands that the script has declared. */
  commands: any[] = [];
  /** Cron expressions, by the jobs' names. */
  readonly jobs = new Map<string, string>();
  fetch: FetchMock | null = null;
  readonly #bodies = new Map<number, string>();
  readonly #guildId: string;

  constructor(guildId: string, secrets: Record<string, string>) {
    this.#guildId = guildId;
    this.secrets = secrets;
  }

  clear(): void {
    this.kv.clear();
    this.tasks.clear();
    this.jobs.clear();
    this.commands = [];
    this.fetch = null;
    this.#bodies.clear();
  }

  answer(name: string, payload: any): unknown {
    const [family, method] = name.split(".") as [string, string];
    switch (family) {
      case "kv":
        return this.kv.perform(method, payload);
      case "tasks":
        return this.#task(method, payload);
      case "fetch":
        return this.#fetch(method, payload);
      case "crypto":
        return computed(method, payload);
      case "secrets":
        return this.#hmac(payload);
      case "cron":
        return void this.jobs.set(payload.name, payload.expression);
      case "commands":
        this.commands = payload.commands;
        return null;
      default:
        return this.#discord(method, payload);
    }
  }

  #task(method: string, { key, at, data }: any): unknown {
    const task = this.tasks.get(key);
    switch (method) {
      case "schedule": {
        const scheduledAt = new Date(Math.max(at, Date.now())).toISOString();
        this.tasks.set(key, { key, scheduledAt, data: data ?? null });
        return { key, scheduledAt };
      }
      case "cancel":
        return this.tasks.delete(key);
      case "get":
        return task ?? null;
      default: {
        const pending = [...this.tasks.values()].map(({ key, scheduledAt }) => ({ key, scheduledAt }));
        return pending.sort((one, other) => one.scheduledAt.localeCompare(other.scheduledAt));
      }
    }
  }

  async #fetch(method: string, payload: any): Promise<unknown> {
    if (method === "read") {
      const data = this.#bodies.get(payload.id) ?? "";
      this.#bodies.delete(payload.id);
      return { data, done: true };
    }
    if (method === "cancel") {
      this.#bodies.delete(payload.id);
      return null;
    }
    if (!this.fetch) {
      const what = `${payload.method} ${payload.url}`;
      throw coded(`fetch failed: nothing answers ${what}: see mockFetch()`, "FETCH_FORBIDDEN");
    }
    const answer = await this.fetch({
      method: payload.method,
      url: payload.url,
      headers: Object.fromEntries(payload.headers),
      body: payload.body === undefined ? null : Buffer.from(payload.body, "base64").toString("utf8"),
    });
    return this.#head(payload, typeof answer === "string" ? { body: answer } : answer);
  }

  #head(asked: any, { status = 200, statusText = "", headers = {}, body }: Exclude<FetchResponse, string>) {
    const isText = typeof body === "string";
    const hasBody = body !== undefined && body !== null;
    const sent = isText || headers["content-type"] || !hasBody
      ? headers
      : { "content-type": "application/json", ...headers };
    if (hasBody) {
      const text = isText ? body : JSON.stringify(body);
      this.#bodies.set(asked.id, Buffer.from(text).toString("base64"));
    }
    return { status, statusText, url: asked.url, redirected: false, headers: Object.entries(sent), hasBody };
  }

  #hmac({ name, algorithm, encoding = "hex", text, data = "" }: any): string {
    const secret = this.secrets[name];
    if (secret === undefined) {
      throw coded(`there is no secret '${name}'`, "UNKNOWN_SECRET");
    }
    const content = text ?? Buffer.from(data, "base64");
    return createHmac(algorithm, secret).update(content).digest(encoding);
  }

  /** Objects with ids, holding what was written; nothing where Discord answers nothing. */
  #discord(method: string, payload: any): unknown {
    const answersMessage = /^(send|create|edit|update|fetch)\w*(Message|Response|Reply)$/.test(method);
    if (answersMessage) {
      const { channelId: channel_id, messageId = nextId(), body } = payload;
      return { id: messageId, channel_id: channel_id ?? nextId(), guild_id: this.#guildId, ...body };
    }
    return /^(create|edit)/.test(method) ? { id: nextId(), ...payload.payload } : null;
  }
}

function computed(method: string, { algorithm, data, key, signature }: any): unknown {
  const name = algorithm.replace("-", "").toLowerCase();
  const content = Buffer.from(data, "base64");
  if (method === "digest") {
    return createHash(name).update(content).digest("base64");
  }
  const made = createHmac(name, Buffer.from(key, "base64")).update(content).digest("base64");
  return method === "hmac" ? made : made === signature;
}

/**
 * TestHarness: a script under test, the events that it is given, and all that it asks for.
 *
 * Names, arguments and results are the original's. The script runs against flora's own SDK; only
 * the host is played.
 */

import { type OpCall, opArguments, opName } from "./calls";
import * as discord from "./discord";
import { Isolate } from "./isolate";
import type { KvMock } from "./kv";
import { type DispatchResult, errorOf, resultOf } from "./results";
import { type FetchMock, type PendingTask, Services } from "./services";
import { ScriptScope } from "./scope";

export interface HarnessOptions {
  guildId?: string;
  /** What `secrets.get` gives, by name. */
  secrets?: Record<string, string>;
}

/** Fields of an event, named as scripts see them. */
export type EventFields = Record<string, any>;
export type InteractionOptions = Record<string, string | number | boolean>;
export type MockResponse = unknown | ((...args: any[]) => unknown);

const DEFAULT_GUILD = "999000000000000000";

type Outcome = { error?: unknown };

export class TestHarness {
  readonly #guildId: string;
  readonly #services: Services;
  readonly #mocks = new Map<string, MockResponse>();
  readonly #outcomes = new Map<number, Outcome>();
  #calls: OpCall[] = [];
  #errors: Error[] = [];
  #isolate: Isolate | null = null;
  #scope: ScriptScope | null = null;
  #loaded: Outcome | null = null;
  #dispatches = 0;
  #printing: unknown[] | null = null;

  constructor(options: HarnessOptions = {}) {
    this.#guildId = options.guildId ?? DEFAULT_GUILD;
    this.#services = new Services(this.#guildId, { ...options.secrets });
  }

  // --- the script ----------------------------------------------------------------------------

  /**
   * Runs a script's code with flora's globals in the test's own scope, until `teardown`.
   *
   * Gives the harness; a promise of it when `fn` gives one.
   */
  setup(fn: () => Promise<unknown>): Promise<this>;
  setup(fn: () => void): this;
  setup(fn: () => unknown): this | Promise<this> {
    const isolate = this.#start();
    const scope = (this.#scope = new ScriptScope(isolate.global));
    scope.install();
    let thrown: Outcome | null = null;
    let result: any;
    isolate.global.__floraMain(async () => {
      try {
        result = fn();
      } catch (error) {
        thrown = { error };
      }
      await result;
      scope.handBack();
    });
    isolate.collect();
    if (thrown) {
      throw (thrown as Outcome).error;
    }
    return typeof result?.then === "function" ? this.#whenLoaded().then(() => this) : this;
  }

  /**
   * Runs a script's text, one classic script as bundlers make them, in a scope of its own, as a
   * guild's does. Fails with what its top level throws.
   */
  async load(source: string): Promise<this> {
    this.#start().evaluate(source);
    await this.#whenLoaded();
    return this;
  }

  /** Forgets the script, all calls, mocks and what KV holds; flora's globals are there anew. */
  reset(): void {
    const sharesScope = this.#scope !== null;
    this.teardown();
    discord.resetIds();
    if (sharesScope) {
      this.setup(() => {});
    }
  }

  /** Forgets the same, and takes flora's globals out of the test's scope. */
  teardown(): void {
    this.#isolate?.close();
    this.#scope?.remove();
    this.#isolate = this.#scope = this.#loaded = null;
    this.#calls = [];
    this.#errors = [];
    this.#mocks.clear();
    this.#outcomes.clear();
    this.#services.clear();
  }

  // --- events --------------------------------------------------------------------------------

  /** A message somebody writes. */
  message(partial: EventFields = {}): Promise<DispatchResult> {
    return this.event("MESSAGE_CREATE", discord.message(partial, this.#guildId));
  }

  /** A slash command; `name` may name group and subcommand: `tag view`. */
  interaction(
    name: string,
    options: InteractionOptions = {},
    partial: EventFields = {},
  ): Promise<DispatchResult> {
    return this.event(
      "INTERACTION_CREATE",
      discord.command(name, options, partial, this.#guildId),
    );
  }

  /** Somebody is typing the last of these options; the script's choices are an `op_suggest`. */
  autocomplete(
    name: string,
    options: InteractionOptions,
    partial: EventFields = {},
  ): Promise<DispatchResult> {
    return this.event(
      "INTERACTION_CREATE",
      discord.autocomplete(name, options, partial, this.#guildId),
    );
  }

  /** A button, or with `{data: {component_type: 3, values: […]}}` a select menu. */
  componentInteraction(customId: string, partial: EventFields = {}): Promise<DispatchResult> {
    return this.event(
      "INTERACTION_CREATE",
      discord.component(customId, partial, this.#guildId),
    );
  }

  modalSubmit(
    customId: string,
    fields: Record<string, string> = {},
    partial: EventFields = {},
  ): Promise<DispatchResult> {
    return this.event(
      "INTERACTION_CREATE",
      discord.modal(customId, fields, partial, this.#guildId),
    );
  }

  reaction(partial: EventFields = {}): Promise<DispatchResult> {
    return this.event("MESSAGE_REACTION_ADD", discord.reaction(partial, this.#guildId));
  }

  ready(partial: EventFields = {}): Promise<DispatchResult> {
    return this.event("READY", discord.ready(partial));
  }

  triggerCron(name: string): Promise<DispatchResult> {
    return this.event("FLORA_CRON", { name, scheduledAt: new Date().toISOString() });
  }

  /** A task that the script has set is due. */
  async triggerTask(key: string): Promise<DispatchResult> {
    const task = this.#services.tasks.get(key);
    if (!task) {
      const known = [...this.#services.tasks.keys()].join(", ") || "none";
      throw new Error(`the script has set no task '${key}'; pending: ${known}`);
    }
    this.#services.tasks.delete(key);
    return this.event("FLORA_TASK", task);
  }

  /** Any event of Discord's, by its name, with its own object. Fails with what a handler throws. */
  event(discordName: string, data: object): Promise<DispatchResult> {
    return this.#course(async (isolate) => {
      const dispatch = ++this.#dispatches;
      isolate.send(`E${dispatch}\n${discordName}\n${JSON.stringify(data)}`);
      await isolate.until(() => this.#outcomes.has(dispatch));
      return this.#outcomes.get(dispatch) ?? null;
    });
  }

  /** Calls `__floraDispatch` with a payload as scripts see it. Fails with what a handler throws. */
  dispatch(event: string, payload: unknown): Promise<DispatchResult> {
    return this.#course(async (isolate) => {
      let outcome: Outcome | null = null;
      isolate.global.__floraDispatch(event, payload).then(
        () => (outcome = {}),
        (error: unknown) => (outcome = { error }),
      );
      await isolate.until(() => outcome !== null);
      return outcome;
    });
  }

  // --- what the host answers -----------------------------------------------------------------

  /** What an operation answers, by the original's name (`op_fetch_message`) or by flora's
   * (`rest.fetchMessage`); a function gets its arguments, and may throw or give a promise. */
  mockResponse(op: string, value: MockResponse): void {
    this.#mocks.set(op, value);
  }

  /** Who answers `fetch`; without one it fails. */
  mockFetch(mock: FetchMock): void {
    this.#services.fetch = mock;
  }

  setSecret(name: string, value: string): void {
    this.#services.secrets[name] = value;
    this.#isolate?.tell(`P${JSON.stringify(this.#services.secrets)}`);
  }

  /** Everything since `setup`, or since `reset`. */
  allCalls(): OpCall[] {
    return [...this.#calls];
  }

  get kv(): KvMock {
    return this.#services.kv;
  }

  /** What was thrown where nobody waits: in timers, by handlers after the first that threw. */
  get errors(): Error[] {
    return [...this.#errors];
  }

  /** The slash commands that the script has declared, as Discord gets them. */
  get commands(): any[] {
    return this.#services.commands;
  }

  /** Tasks that are pending. */
  get tasks(): PendingTask[] {
    return [...this.#services.tasks.values()];
  }

  // --- inside --------------------------------------------------------------------------------

  #start(): Isolate {
    this.#isolate?.close();
    this.#scope?.remove();
    this.#scope = null;
    this.#loaded = null;
    const isolate = new Isolate(
      {
        answer: (name, payload) => this.#answer(name, payload),
        notice: (name, payload) => this.#notice(name, payload),
      },
      { guild: this.#guildId, secrets: this.#services.secrets },
    );
    this.#isolate = isolate;
    this.#listen(isolate);
    return isolate;
  }

  /** Prints stay what they were given: the SDK tells its host only their text. */
  #listen(isolate: Isolate): void {
    const { console } = isolate.global;
    for (const level of ["debug", "info", "log", "warn", "error"]) {
      const print = console[level];
      console[level] = (...args: unknown[]) => {
        isolate.collect();
        this.#printing = args;
        print(...args);
        isolate.collect();
        this.#printing = null;
      };
    }
  }

  async #whenLoaded(): Promise<Isolate> {
    const isolate = this.#isolate;
    if (!isolate) {
      throw new Error("there is no script: call setup() or load() first");
    }
    await isolate.until(() => this.#loaded !== null);
    const { error } = this.#loaded ?? {};
    if (error !== undefined) {
      throw error;
    }
    return isolate;
  }

  async #course(run: (isolate: Isolate) => Promise<Outcome | null>): Promise<DispatchResult> {
    const isolate = await this.#whenLoaded();
    const before = this.#calls.length;
    const outcome = await run(isolate);
    if (!outcome) {
      throw new Error("the script was taken away while it handled the event");
    }
    if ("error" in outcome) {
      throw outcome.error;
    }
    return resultOf(this.#calls.slice(before));
  }

  #answer(name: string, payload: any): unknown {
    const op = opName(name);
    const args = opArguments(name, payload, this.#guildId);
    this.#calls.push({ op, args, timestamp: Date.now(), name, payload });
    const mock = [op, name].find((known) => this.#mocks.has(known));
    return mock !== undefined && !name.startsWith("kv.")
      ? mocked(this.#mocks.get(mock), args)
      : this.#services.answer(name, payload);
  }

  #notice(name: string, payload: any): void {
    switch (name) {
      case "loaded":
        this.#loaded = {};
        break;
      case "load_failed":
        this.#loaded = { error: errorOf(payload) };
        break;
      case "done":
        this.#outcomes.set(payload, {});
        break;
      case "failed":
        this.#outcomes.set(payload[0], { error: errorOf(payload[1]) });
        break;
      case "error":
        this.#errors.push(errorOf(payload));
        break;
      case "log":
        this.#calls.push({
          op: "op_log",
          args: [this.#printing ?? [payload[1]]],
          timestamp: Date.now(),
          name: "log",
          payload,
        });
        break;
      default:
    }
  }
}

function mocked(mock: MockResponse, args: any[]): unknown {
  return typeof mock === "function" ? mock(...args) : mock;
}

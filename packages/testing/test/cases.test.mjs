/**
 * The harness against the tables that flora's own tests read as well (tests/local/test_cases.py):
 * what a script asks for here it asks for there, and KV has the same rules.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";

import { KvMock, TestHarness } from "../dist/index.js";

const read = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8"));

describe("scripts", () => {
  for (const { name, script, event, asks, answers = {}, refusals = {}, prints = [], throws } of read(
    "./script_cases.json",
  )) {
    it(name, async () => {
      const harness = new TestHarness({ guildId: "3" });
      for (const [operation, answer] of Object.entries(answers)) {
        harness.mockResponse(operation, answer);
      }
      for (const [operation, { message, ...rest }] of Object.entries(refusals)) {
        harness.mockResponse(operation, () => {
          throw Object.assign(new Error(message), rest);
        });
      }
      await harness.load(script);
      const course = harness.event(...event);
      await (throws ? assert.rejects(course, throws) : course);
      const calls = harness.allCalls();
      const asked = calls.filter(({ name }) => name !== "log");
      assert.deepEqual(
        asked.map(({ name, payload }) => [name, payload]),
        asks,
      );
      const printed = calls.filter(({ name }) => name === "log");
      assert.deepEqual(
        printed.map(({ payload }) => payload),
        prints,
      );
      harness.teardown();
    });
  }
});

describe("key-value data", () => {
  for (const { name, steps } of read("./kv_cases.json")) {
    it(name, () => {
      const kv = new KvMock();
      for (const { ask: [operation, payload], gives, fails } of steps) {
        const attempt = () => kv.perform(operation.slice("kv.".length), payload) ?? null;
        if (fails) {
          assert.throws(attempt, fails, operation);
        } else {
          assert.deepEqual(attempt(), gives, operation);
        }
      }
    });
  }
});

/**
 * The compiler as one script whose completion value is the bridge {receive, drain}: a request in,
 * its answer out, both JSON text. It knows nothing of processes, guilds or revisions.
 *
 * The shapes are those of runtime/builder/protocol.py. Everything happens in microtasks, which V8
 * runs between the two calls.
 */

import "./platform";

import { bundle } from "./bundle";
import { Problem } from "./problem";
import { Project } from "./project";
import { normalise } from "./ready_bundle";

type Request =
  | { type: "build"; files: [path: string, contents: string][]; entry: string }
  | { type: "normalise"; bundle: string; source_map: string | null; name: string };

let answer = "";

async function settle(request: Request): Promise<object> {
  try {
    const built =
      request.type === "build"
        ? await bundle(new Project(request.files), request.entry)
        : normalise(request.bundle, request.source_map, request.name);
    return { type: "built", ...built };
  } catch (error) {
    if (error instanceof Problem) {
      const { sentence, file, line, column } = error;
      return { type: "refused", message: sentence, file, line, column };
    }
    // Neither TypeScript nor Rollup may be trusted after this: Rollup's parser keeps a broken
    // stack after a trap (seen with @rollup/browser 4.64.10), so the process is not used again.
    const { name, message, stack, id } = error as Error & { id?: string };
    return { type: "broken", message: `${name}: ${message}`, file: id ?? null, stack: stack ?? "" };
  }
}

// The value of the script: build.mjs wraps the bundle into a function that returns it.
declare let floraBridge: { receive(this: string): void; drain(): string };
floraBridge = {
  receive() {
    answer = "";
    void settle(JSON.parse(this)).then((value) => (answer = JSON.stringify(value)));
  },
  drain() {
    const text = answer;
    answer = "";
    return text;
  },
};

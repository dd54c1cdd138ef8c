/** What the SDK puts into a script's global scope, and the `flora` object with all of it. */

import {
  createBot,
  flattenCommands,
  handleSubcommand,
  messageCommand,
  prefix,
  registerSlashCommands,
  slash,
  userCommand,
} from "./commands";
import {
  ActionRowBuilder,
  ButtonBuilder,
  ChannelSelectMenuBuilder,
  MentionableSelectMenuBuilder,
  RoleSelectMenuBuilder,
  SelectMenuBuilderBase,
  StringSelectMenuBuilder,
  UserSelectMenuBuilder,
} from "./components";
import { console } from "./console";
import * as constants from "./constants";
import { cron } from "./cron";
import { discord } from "./discord";
import { embed, EmbedBuilder } from "./embed";
import { dispatchToHandlers, on, replaceHandlers, shareHandlers } from "./events";
import { defineAtFirstTouch } from "./first_touch";
import {
  flattenInteractionOptions,
  getSubcommand,
  getSubcommandGroup,
  hasRole,
} from "./interaction_options";
import { define, getOwnPropertyDescriptor } from "./intrinsics";
import { kv, KvStore, store } from "./kv";
import * as layout from "./layout";
import { modal, ModalBuilder } from "./modals";
import { hasPermission, Permissions } from "./permissions";
import { makeRest } from "./rest";
import { secrets } from "./secrets";
import { tasks } from "./tasks";
import { clearInterval, clearTimeout, queueMicrotask, setInterval, setTimeout } from "./timers";
import { installWebPlatform } from "./web/families";

/** Everything that a script may also import from the SDK's package. */
const flora = {
  on,
  ...{ createBot, prefix, slash, registerSlashCommands, flattenCommands, handleSubcommand },
  ...{ userCommand, messageCommand, modal, ModalBuilder },
  ...{ flattenInteractionOptions, hasRole, getSubcommand, getSubcommandGroup },
  ...{ hasPermission, Permissions },
  ...{ embed, EmbedBuilder },
  ...{ store, kv, KvStore },
  ...{ cron, tasks },
  secrets,
  discord,
  ...constants,
  ...{ ActionRowBuilder, ButtonBuilder, SelectMenuBuilderBase },
  ...{ StringSelectMenuBuilder, UserSelectMenuBuilder, RoleSelectMenuBuilder },
  ...{ MentionableSelectMenuBuilder, ChannelSelectMenuBuilder },
  ...layout,
};

/** Defines the globals, writable and configurable as the original's are. */
export function installGlobals(): void {
  for (const [name, value] of Object.entries(flora)) {
    install(name, value);
  }
  defineAtFirstTouch(flora, "rest", makeRest, true);
  defineAtFirstTouch(globalThis, "rest", makeRest);
  define(globalThis, "flora", flora, false);
  define(globalThis, "self", globalThis, false);
  define(globalThis, "global", globalThis, false);
  define(globalThis, "console", console, false);
  install("setTimeout", setTimeout);
  install("setInterval", setInterval);
  install("clearTimeout", clearTimeout);
  install("clearInterval", clearInterval);
  install("queueMicrotask", queueMicrotask);
  installWebPlatform();
  install("__floraDispatch", dispatchToHandlers);
  define(globalThis, "__floraCreateBotState", { initialized: false }, false);
  define(globalThis, "__floraSubcommands", {}, false);
  // Looking at it is touching it: whoever holds it may change it without our knowing.
  Object.defineProperty(globalThis, "__floraHandlers", {
    configurable: true,
    get: shareHandlers,
    set: replaceHandlers,
  });
}

function install(name: string, value: unknown): void {
  if (typeof value === "function") {
    define(value, "name", name, false); // the bundle's own names are shortened
  }
  if (getOwnPropertyDescriptor(globalThis, name)?.configurable === false) {
    // mini-racer's public interface declares its timers with `var`.
    Reflect.set(globalThis, name, value);
  } else {
    define(globalThis, name, value, false);
  }
}

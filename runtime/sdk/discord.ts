/** `discord.request`: whatever of Discord's API concerns this guild alone, by its address. */

import { attachedFiles } from "./attachments";
import { operation } from "./bridge";
import { toText, toUpperCase } from "./intrinsics";
import { snapshotOptions } from "./plain";
import type { DiscordRequest } from "./rest_methods";

export const discord = {
  /**
   * A request of Discord's API as its documentation has it: bodies and results are in Discord's
   * spelling. What is not the guild's own is refused.
   *
   * @example await discord.request("PATCH", `/guilds/${__floraGuildId}/widget`, { body: { enabled: true } })
   */
  async request(method: string, path: string, options: DiscordRequest = {}): Promise<any> {
    const verb = toUpperCase(toText(method));
    return await operation(verb === "GET" ? "discord.read" : "discord.request", () => {
      const { files: given, attachments, ...more } = snapshotOptions("options", options);
      const { files } = attachedFiles(given, attachments);
      return { ...more, ...(files.length > 0 && { files }), method: verb, path: toText(path) };
    });
  },
};

/** Whose script this is. Set once by the host's start; a script cannot change it. */

/** The guild's id, null for an isolate without one. @internal */
export let guildId: string | null = null;

/** @internal */
export function setGuild(id: string | null): void {
  guildId = id;
}

/** The builder of embeds. Its JSON is camelCase, as scripts write embeds. */

import type { Embed, EmbedField, RawEmbed } from "./message_types";

export class EmbedBuilder {
  #embed: RawEmbed;

  constructor(initial: Embed = {}) {
    this.#embed = { ...initial };
  }

  setTitle(title: string): this {
    return this.#with({ title });
  }

  setDescription(description: string): this {
    return this.#with({ description });
  }

  setUrl(url: string): this {
    return this.#with({ url });
  }

  /** `0xff8800` */
  setColor(color: number): this {
    return this.#with({ color });
  }

  /** RFC 3339, as `new Date().toISOString()` gives. */
  setTimestamp(timestamp: string): this {
    return this.#with({ timestamp });
  }

  setFooter(text: string, iconUrl?: string): this {
    return this.#with({ footer: { text, iconUrl } });
  }

  setImage(url: string): this {
    return this.#with({ image: { url } });
  }

  setThumbnail(url: string): this {
    return this.#with({ thumbnail: { url } });
  }

  setAuthor(name?: string, options: { url?: string; iconUrl?: string } = {}): this {
    return this.#with({ author: { name, url: options.url, iconUrl: options.iconUrl } });
  }

  addField(name: string, value: string, inline = false): this {
    return this.addFields({ name, value, inline });
  }

  addFields(...fields: (EmbedField | EmbedField[])[]): this {
    return this.setFields(...(this.#embed.fields ?? []), ...fields);
  }

  setFields(...fields: (EmbedField | EmbedField[])[]): this {
    return this.#with({ fields: fields.flat().map((field) => ({ inline: false, ...field })) });
  }

  toJSON(): RawEmbed {
    return { ...this.#embed };
  }

  #with(changes: Partial<RawEmbed>): this {
    Object.assign(this.#embed, changes);
    return this;
  }
}

/** Starts an embed, from another one if given. */
export function embed(initial?: Embed): EmbedBuilder {
  return new EmbedBuilder(initial);
}

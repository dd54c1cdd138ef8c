/** `modal()`: a form that opens when a member uses a command or a component. */

import { componentJson, type ComponentLike } from "./builder_base";
import type { JsonValue } from "./event_types";

/** A modal as `ctx.showModal` takes it: the builder's JSON, or written by hand. */
export interface ModalJson {
  custom_id?: string;
  /** The same as custom_id. */
  customId?: string;
  title: string;
  /** Labels with what they belong to, texts, and inputs that have a label of their own. */
  components: (ComponentLike | JsonValue)[];
}

export type ModalLike = ModalJson | { toJSON(): ModalJson };

export class ModalBuilder {
  #customId: string;
  #title: string;
  #components: ComponentLike[] = [];

  constructor(customId: string, title: string) {
    this.#customId = customId;
    this.#title = title;
  }

  setCustomId(customId: string): this {
    this.#customId = customId;
    return this;
  }

  setTitle(title: string): this {
    this.#title = title;
    return this;
  }

  addComponents(...components: (ComponentLike | ComponentLike[])[]): this {
    this.#components = [...this.#components, ...components.flat()];
    return this;
  }

  setComponents(...components: (ComponentLike | ComponentLike[])[]): this {
    this.#components = components.flat();
    return this;
  }

  toJSON(): ModalJson {
    return {
      custom_id: this.#customId,
      title: this.#title,
      components: this.#components.map(componentJson),
    };
  }
}

/**
 * A form to be shown with `ctx.showModal`.
 *
 * @example modal("report", "Report a message").addComponents(inputText("why").setLabel("Why?"))
 */
export const modal = (customId: string, title: string): ModalBuilder =>
  new ModalBuilder(customId, title);

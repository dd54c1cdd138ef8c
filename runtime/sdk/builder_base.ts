/** What the builders of components have in common. Scripts see only the builders themselves. */

import type { JsonValue } from "./event_types";

/** A component as Discord has it. */
export interface ComponentJson {
  type: number;
  [key: string]: JsonValue | undefined;
}

export interface ComponentBuilder {
  toJSON(): ComponentJson;
}

export type ComponentLike = ComponentBuilder | ComponentJson;

/** What all builders have: the JSON so far. */
export abstract class ComponentBuilderBase implements ComponentBuilder {
  protected data: ComponentJson;

  constructor(type: number, data: Record<string, JsonValue> = {}) {
    this.data = { type, ...data };
  }

  protected put(name: string, value: unknown): this {
    this.data[name] = value as JsonValue;
    return this;
  }

  toJSON(): ComponentJson {
    return { ...this.data };
  }
}

/** What builders have that hold other components. */
export abstract class ComponentListBuilder extends ComponentBuilderBase {
  #components: ComponentLike[] = [];

  addComponents(...components: (ComponentLike | ComponentLike[])[]): this {
    this.#components = [...this.#components, ...components.flat()];
    return this;
  }

  setComponents(...components: (ComponentLike | ComponentLike[])[]): this {
    this.#components = components.flat();
    return this;
  }

  override toJSON(): ComponentJson {
    return { ...this.data, components: this.#components.map(componentJson) };
  }
}

/** The JSON of a builder, or what is JSON already. @internal */
export function componentJson(component: ComponentLike): ComponentJson {
  const { toJSON } = component as ComponentBuilder;
  return typeof toJSON === "function"
    ? (component as ComponentBuilder).toJSON()
    : (component as ComponentJson);
}

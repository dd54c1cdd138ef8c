/**
 * Properties whose values are made when a script first touches them; it knows nothing of whose.
 *
 * Once touched a property is an ordinary one, as it is when a script assigns to it before. What
 * makes a value runs after the script has begun: it must stand on intrinsics.ts alone.
 */

import { defineProperty, tryDefineProperty, TypeErrorConstructor } from "./intrinsics";

/** Defines a property that is writable and configurable, and enumerable where that is said. */
export function defineAtFirstTouch(
  target: object,
  name: string,
  make: () => unknown,
  enumerable = false,
): void {
  const settle = (value: unknown): boolean =>
    tryDefineProperty(target, name, {
      __proto__: null,
      value,
      enumerable,
      writable: true,
      configurable: true,
    } as PropertyDescriptor);
  defineProperty(target, name, {
    enumerable,
    configurable: true,
    get: () => {
      const value = make();
      settle(value); // in vain where a script has frozen the object
      return value;
    },
    set: (value: unknown) => {
      if (!settle(value)) {
        throw new TypeErrorConstructor(`Cannot assign to read only property '${name}'`);
      }
    },
  });
}

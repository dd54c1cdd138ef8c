/** The SDK's packages as a module: what a script imports from them is what its globals hold. */

/** The names on the global `flora` object, put in by build.mjs. */
declare const FLORA_SDK_NAMES: string[];

export const SDK_NAMES: ReadonlySet<string> = new Set(FLORA_SDK_NAMES);

/** An ES module with one export for each name, and the `flora` object as its default. */
export function sdkModule(): string {
  const names = FLORA_SDK_NAMES.join(", ");
  return `const sdk = flora;\nexport { sdk as default };\nexport const { ${names} } = sdk;\n`;
}

/** Values and sections by name, as a test makes them up. */
export interface Tree {
  readonly values: ReadonlyMap<string, string>;
  readonly sections: ReadonlyMap<string, Tree>;
}

/** Writes `tree` so that each value is read as it is, whatever it holds. */
export function printConfig(tree: Tree, depth = 0): string {
  const lines = [...tree.values].map(([key, value]) => `${quote(key)} = ${quoteValue(value)}\n`);
  const sections = [...tree.sections].map(([name, section]) => {
    const [open, close] = ["[".repeat(depth + 1), "]".repeat(depth + 1)];
    return `${open}${quote(name)}${close}\n${printConfig(section, depth + 1)}`;
  });
  return [...lines, ...sections].join("");
}

/** Whether `printConfig` can write this text: no quotes of both kinds, no line break in a name. */
export function isPrintable(text: string): boolean {
  return !/[\n\r\0]/.test(text) && !(text.includes('"') && text.includes("'"));
}

function quoteValue(value: string): string {
  return value.includes("\n") ? `'''${value}'''` : quote(value);
}

function quote(text: string): string {
  return text.includes('"') ? `'${text}'` : `"${text}"`;
}

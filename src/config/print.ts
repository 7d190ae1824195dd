import { type Printed, type Schema, valueOf } from "./setting.ts";

/** The values of settings under the names and in the units that the file has for them. */
export function printSettings(schema: Schema, settings: object): Readonly<Record<string, Printed>> {
  return Object.fromEntries(
    Object.entries(schema).map(([key, row]) => [key, row.unit.print(valueOf(settings, row))]),
  );
}

import { schemas } from "../../config/schema.ts";
import type { Schema, Setting } from "../../config/setting.ts";
import {
  bold,
  code,
  item,
  paragraphs,
  plain,
  prose,
  type Roff,
  section,
  sentence,
  title,
} from "./roff.ts";
import type { Imprint } from "./tool-page.ts";
import { configWords as words } from "./words.ts";

/** The page of the configuration file, with all settings of the schema. */
export function configPage({ version, date }: Imprint): Roff {
  return [
    ...title("usrsvc.cfg", 5, date, `usrsvc ${version}`),
    ...section("NAME", [
      `${plain("usrsvc.cfg")} \\- ${plain("what usrsvc and usrsvcd run for an account")}`,
    ]),
    ...section("DESCRIPTION", paragraphs(...words.description), code(words.first)),
    ...section("SYNTAX", paragraphs(...words.syntax)),
    ...section("[Main]", ...settings(schemas.Main)),
    ...section("[Program:NAME] AND [DefaultSettings:NAME]", ...settings(schemas.Program)),
    ...section("[[Env]]", [prose(words.env)]),
    ...section("[[Monitor]]", [prose(words.monitor)], ...settings(schemas.Monitor)),
    ...section("EXAMPLES", code(words.example)),
    ...section("SEE ALSO", [prose(words.seeAlso)]),
  ];
}

function settings(schema: Schema): readonly Roff[] {
  return Object.entries(schema).map(([key, setting]) => {
    const also = setting.aliases.map((alias) => ` (also ${bold(alias)})`).join("");
    return item(`${bold(key)}${also}`, `${sentence(setting.help)} ${describeDefault(setting)}`);
  });
}

function describeDefault({ shownDefault, unit: { name } }: Setting): string {
  if (shownDefault === "required") return "Required.";
  return `Default: ${shownDefault}${name === "" ? "" : ` (${name})`}.`;
}

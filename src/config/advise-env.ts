import { shownName } from "../lib/secrets.ts";
import type { Section } from "./configobj/configobj.ts";
import type { IssueList } from "./issue-list.ts";

/** Variables that people expect a shell to expand. */
const KNOWN = new Set(
  `HOME PATH USER LOGNAME SHELL PWD HOSTNAME TMPDIR LANG VIRTUAL_ENV PYTHONPATH NODE_PATH PERL5LIB
  JAVA_HOME CLASSPATH GOPATH LD_LIBRARY_PATH XDG_RUNTIME_DIR`.split(/\s+/),
);
const REFERENCE = /(?<![\w\\$])\$(?:\{(\w+)\}|(\w+))/g;

/** Warns of shell syntax in an `[[Env]]`, which no shell will interpret. */
export function adviseEnv(env: Section, file: string, home: string, issues: IssueList): void {
  for (const [name, { text, line }] of env.entries) {
    // Values of variables are not shown: some are secrets.
    const tell = (what: string): void => issues.warn({ file, line }, `${shownName(name)}: ${what}`);
    const bare = name.replace(/^export\s+/, "");
    if (bare !== name)
      tell(
        `is taken literally as the name of the variable; write ${shownName(bare)} = …, without export`,
      );
    else if (/[\s:]/.test(name))
      tell("the name contains a blank or a colon; if that is not intended, write NAME = VALUE");
    const references = [...text.matchAll(REFERENCE)].map(([shown, braced, plain]) => ({
      shown,
      name: braced ?? plain ?? "",
    }));
    const meant = references.find((one) => KNOWN.has(one.name) || env.entries.has(one.name));
    if (meant !== undefined) tell(adviseReference(meant, bare, home, env));
    else if (/^(\$\(.*\)|`.*`)$/s.test(text))
      tell("no shell runs the command in it; write its output instead");
    else if (/(^|:)~\//.test(text)) {
      tell(`no shell expands the ~ in it; write ${home} instead`);
    }
  }
}

function adviseReference(
  { shown, name }: { readonly shown: string; readonly name: string },
  own: string,
  home: string,
  env: Section,
): string {
  const what = `no shell expands ${shown} here`;
  if (name === "HOME") return `${what}; write ${home} instead`;
  if (name === "PATH")
    return `${what}, and no command would be found there; list all folders instead, as in ${own} = …:/usr/local/bin:/usr/bin:/bin`;
  if (name !== own && env.entries.has(name)) return `${what}; write %(${name})s instead`;
  return `${what}; write its value`;
}

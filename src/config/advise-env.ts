import { shownName } from "../lib/secrets.ts";
import type { Section } from "./configobj/configobj.ts";
import type { IssueList } from "./issue-list.ts";

/** Variables that people expect a shell to put in. */
const KNOWN = new Set(
  `HOME PATH USER LOGNAME SHELL PWD HOSTNAME TMPDIR LANG VIRTUAL_ENV PYTHONPATH NODE_PATH PERL5LIB
  JAVA_HOME CLASSPATH GOPATH LD_LIBRARY_PATH XDG_RUNTIME_DIR`.split(/\s+/),
);
const REFERENCE = /(?<![\w\\$])\$(?:\{(\w+)\}|(\w+))/g;

/** Says what stands in an `[[Env]]` as a shell would have it. */
export function adviseEnv(env: Section, file: string, home: string, issues: IssueList): void {
  for (const [name, { text, line }] of env.entries) {
    // Values of variables are not shown: there are secrets.
    const tell = (what: string): void => issues.warn({ file, line }, `${shownName(name)}: ${what}`);
    const bare = name.replace(/^export\s+/, "");
    if (bare !== name)
      tell(
        `is the name of a variable here, as it stands; write ${shownName(bare)} = …, without export`,
      );
    else if (/[\s:]/.test(name))
      tell("has a blank or a colon in its name; if that was not meant, write NAME = VALUE");
    const references = [...text.matchAll(REFERENCE)].map(([shown, braced, plain]) => ({
      shown,
      name: braced ?? plain ?? "",
    }));
    const meant = references.find((one) => KNOWN.has(one.name) || env.entries.has(one.name));
    if (meant !== undefined) tell(adviseReference(meant, bare, home, env));
    else if (/^(\$\(.*\)|`.*`)$/s.test(text))
      tell("no shell runs the command in it; write what that prints");
    else if (/(^|:)~\//.test(text)) {
      tell(`no shell replaces the ~ in it; write ${home} in its place`);
    }
  }
}

function adviseReference(
  { shown, name }: { readonly shown: string; readonly name: string },
  own: string,
  home: string,
  env: Section,
): string {
  const what = `no shell replaces ${shown} here`;
  if (name === "HOME") return `${what}; write ${home} in its place`;
  if (name === "PATH")
    return `${what}, and no command would be found there; write all folders in its place, as in ${own} = …:/usr/local/bin:/usr/bin:/bin`;
  if (name !== own && env.entries.has(name)) return `${what}; write %(${name})s in its place`;
  return `${what}; write its value`;
}

// Replaces a file and tells how; for test/lib/replace-file.test.ts.
import { existsSync } from "node:fs";
import { replaceFile } from "../../../src/lib/replace-file.ts";

const [path = "", spare = "", text = ""] = process.argv.slice(2);
replaceFile(path, spare, text);
console.log(existsSync(spare) ? "exchanged" : "renamed");

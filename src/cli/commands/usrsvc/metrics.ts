import { resolve } from "node:path";
import { ExitCode } from "../../../exit-code.ts";
import { readMetrics, writeMetrics } from "../../../operations/looking/metrics.ts";
import { openSite } from "../../../operations/site.ts";
import { UsageError } from "../../args.ts";
import { command } from "../../command.ts";
import { configErrors } from "../../config-errors.ts";
import { write } from "../../programs.ts";

export const metrics = command({
  name: "metrics",
  summary: "what status knows, in the text format of Prometheus",
  arguments: { kind: "word", what: "file", value: "FILE", isOptional: true },
  options: { write },
  async run({
    words: [file],
    options: { write: isWritten, json, config },
    screen,
  }): Promise<ExitCode> {
    if (json) throw new UsageError("metrics has no --json; use usrsvc status --json");
    if (isWritten && (file ?? "") === "") throw new UsageError("say where: metrics --write FILE");
    if (!isWritten && file !== undefined) {
      throw new UsageError(`to write them into ${file}: usrsvc metrics --write ${file}`);
    }
    using site = openSite(config);
    for (const line of configErrors(site.settings, [])) screen.complain(line);
    const text = await readMetrics(site);
    if (file === undefined) screen.page(text.trimEnd());
    else writeMetrics(resolve(file), text);
    if (file !== undefined && !file.endsWith(".prom")) {
      screen.complain(`note: node_exporter reads only files whose names end in .prom, not ${file}`);
    }
    return ExitCode.ok;
  },
});

import { resolve } from "node:path";
import { ExitCode } from "../../../exit-code.ts";
import { readMetrics, writeMetrics } from "../../../operations/metrics.ts";
import { openSite } from "../../../operations/site.ts";
import { UsageError } from "../../args.ts";
import { command } from "../../command.ts";
import { configErrors } from "../../config-errors.ts";

export const metrics = command({
  name: "metrics",
  summary: "what status knows, in the text format of Prometheus",
  arguments: undefined,
  options: {
    write: { value: "FILE", help: "into this file, by rename: for node_exporter, NAME.prom" },
  },
  async run({ options: { write, json, config }, screen }): Promise<ExitCode> {
    if (json) throw new UsageError("metrics has no --json; use usrsvc status --json");
    if (write === "") throw new UsageError("--write: say which file");
    using site = openSite(config);
    for (const line of configErrors(site.settings, [])) screen.complain(line);
    const text = await readMetrics(site);
    if (write === undefined) screen.page(text.trimEnd());
    else writeMetrics(resolve(write), text);
    if (write !== undefined && !write.endsWith(".prom")) {
      screen.complain(
        `note: node_exporter reads only files whose names end in .prom, not ${write}`,
      );
    }
    return ExitCode.ok;
  },
});

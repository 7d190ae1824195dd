import { usrsvcdRuns } from "./cli/commands/usrsvcd/runs.ts";
import { runUsrsvcd } from "./run-usrsvcd.ts";

runUsrsvcd(usrsvcdRuns);

import { usrsvcd } from "./cli/commands/usrsvcd/table.ts";
import { runUsrsvcd } from "./run-usrsvcd.ts";

runUsrsvcd(usrsvcd);

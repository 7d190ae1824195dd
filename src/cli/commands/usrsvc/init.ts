import { init as ofDaemon } from "../usrsvcd/init.ts";

/** The same as `usrsvcd init`, for those who look for it here. */
export const init = ofDaemon;

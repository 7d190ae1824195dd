/** What to do about the rotation of a log. */
export const ROTATION = "logrotate rotates the files (contrib/logrotate.conf)";
/** Where output goes that went to no file there. */
export const OWN_LOG = "output goes to a file of its own, in ~/.local/state/usrsvc/log";
/** What usrsvc has nothing like. */
export const NOTHING = "usrsvc has nothing like it";
/** What the file of the other manager gets wrong. */
export const UNKNOWN = "not a key that is known of it";

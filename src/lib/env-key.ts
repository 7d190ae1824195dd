/** Begins the key of a variable of `[[Env]]`, wherever keys of a program are listed: `Env.PORT`. */
export const ENV = "Env.";

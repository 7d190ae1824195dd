/** `next` of a program that is down and as good as started; there is no other word for that. */
export const STARTS_IT = "usrsvcd starts it";

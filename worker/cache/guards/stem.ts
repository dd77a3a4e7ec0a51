/**
 * A word without its English endings, so that "stops", "stopped" and "stopping" are one.
 *
 * It serves comparison only: a stem need be no word, and two that meet in one stem are taken for the same. So few
 * endings are cut, and no more than leaves three letters. Other languages lose little by it.
 */

export function stem(word: string): string {
  if (word.length < 4) return word;
  if (word.endsWith("ies")) return `${word.slice(0, -3)}y`;
  for (const ending of ["ing", "ed", "es", "s"]) {
    const rest = word.slice(0, -ending.length);
    if (word.endsWith(ending) && rest.length >= 3 && !(ending === "s" && /[sui]$/.test(rest)))
      return withoutEnd(rest);
  }
  return withoutEnd(word);
}

/** Without a mute e, or the second of two like consonants that an ending had doubled. */
function withoutEnd(word: string): string {
  if (word.endsWith("e")) return word.slice(0, -1);
  return /([bdgmnprt])\1$/.test(word) ? word.slice(0, -1) : word;
}

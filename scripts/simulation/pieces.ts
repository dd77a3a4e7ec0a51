/**
 * How the simulated vendor counts tokens. It has no tokenizer; it cuts a text into pieces of up to seven
 * letters with the white space before them, and one piece per East Asian character. That is within about
 * a fifth of what real tokenizers count for English, and it has the one property that streaming needs:
 * the pieces joined are the text.
 */

const PIECE =
  /\s*(?:[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\s\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{1,7})|\s+$/gu;

/** The pieces of a text, in order; joined they are the text. */
export function piecesOf(text: string): string[] {
  return text.match(PIECE) ?? [];
}

/** How many tokens a text counts as. */
export function countTokens(text: string): number {
  return piecesOf(text).length;
}

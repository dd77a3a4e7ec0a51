/**
 * Tokens of text that nobody has counted for us: answers that a vendor reports no usage for or that were
 * left half-way, and the prompts before them.
 *
 * Counted by tokenx, which splits text into words, numbers and signs and knows how many tokens such pieces
 * usually have. Exact tokenizers were measured and left out (ARCHITECTURE.md, Decisions): they cost a
 * second of CPU or fifty megabytes, are quadratic on text that a vendor may choose, and are exact for one
 * vendor's models only. The rows below mend what tokenx gets wrong by a quarter or more; each was fitted to
 * o200k_base on one half of the strings of GNU gettext catalogues in the languages of its script (and on
 * random hexadecimals and base64), and looked at on the other half.
 *
 * Source: https://github.com/johannschopplich/tokenx
 */
import { estimateTokenCount, type TokenEstimationOptions } from "tokenx";
import type { ChatRequest } from "../domain/chat.ts";
import { mediaTokensOf } from "../routing/media-tokens.ts";
import { promptOf } from "../routing/prompt-of.ts";

const OPTIONS: TokenEstimationOptions = {
  languageConfigs: [
    { pattern: /[\u0400-\u052f]/, averageCharsPerToken: 4 }, // Cyrillic
    { pattern: /[\u0590-\u05ff]/, averageCharsPerToken: 3.4 }, // Hebrew
    { pattern: /[\u0600-\u08ff]/, averageCharsPerToken: 3.2 }, // Arabic
    { pattern: /[\u0530-\u058f\u10a0-\u10ff]/, averageCharsPerToken: 3 }, // Armenian, Georgian
    { pattern: /[\u0900-\u0dff]/, averageCharsPerToken: 2.8 }, // Devanagari to Sinhala
    { pattern: /[\u0e00-\u109f\u1200-\u17ff]/, averageCharsPerToken: 2.4 }, // Thai, Khmer, Amharic …
    { pattern: /^(?=.*\d)(?=.*[a-z])[a-z\d]{8,}$/i, averageCharsPerToken: 1.8 }, // Hashes, base64
  ],
};

/** Role and separators around a message, and a medium picture at the vendors' usual tile size. */
const FRAME_TOKENS = 4;
const IMAGE_TOKENS = 800;

/** Tokens of a text, within about 5 % for English, code and JSON, 10 % for other languages on average. */
export function countTokens(text: string): number {
  return estimateTokenCount(text, OPTIONS);
}

/** Input tokens of a whole request: messages, tools, pictures, sound and files. */
export function countPrompt(request: ChatRequest): number {
  const { turns, imageCount } = promptOf(request);
  const calls = request.messages.map((message) => message["tool_calls"]).filter(Array.isArray);
  const json = [...calls, request.tools ?? []].filter((list) => list.length > 0);
  return (
    turns.reduce((sum, { text }) => sum + countTokens(text) + FRAME_TOKENS, 0) +
    json.reduce((sum, list) => sum + countTokens(JSON.stringify(list)), 0) +
    imageCount * IMAGE_TOKENS +
    mediaTokensOf(request.messages)
  );
}

/** UTF-16 units that wait to be counted: under a budget an answer is counted after every read, so they are few. */
const MAX_WAITING = 512;
/** Texts under way at once: every choice, and every tool call of a choice, is one. */
const MAX_TEXTS = 256;

/**
 * Counts texts that arrive in pieces, as if each had come whole: a token may lie across two pieces, so a
 * text waits until it is asked for. What has grown long is counted up to a space between two words, where
 * no token spans, and forgotten. So it holds a quarter of a MiB of a stream at the very most, and usually half a kilobyte.
 */
export class RunningCount {
  readonly #waiting = new Map<string, string>();
  #counted = 0;

  /** @param key Which of the texts under way the piece belongs to. */
  add(key: string, piece: string): void {
    if (this.#waiting.size >= MAX_TEXTS && !this.#waiting.has(key)) this.#countAll();
    const text = (this.#waiting.get(key) ?? "") + piece;
    this.#waiting.set(key, text.length < MAX_WAITING ? text : this.#countHead(text));
  }

  /** Tokens so far. */
  get tokens(): number {
    return [...this.#waiting.values()].reduce(
      (sum, text) => sum + countTokens(text),
      this.#counted,
    );
  }

  #countHead(text: string): string {
    const space = lastSpace(text);
    this.#counted += countTokens(text.slice(0, space));
    return text.slice(space);
  }

  #countAll(): void {
    this.#counted = this.tokens;
    this.#waiting.clear();
  }
}

/** Where the last single space between two words is; the text's end where there is none. */
function lastSpace(text: string): number {
  for (let at = text.length - 2; at > 0; at--)
    if (text[at] === " " && isWordy(text[at - 1]!) && isWordy(text[at + 1]!)) return at;
  return text.length;
}

function isWordy(unit: string): boolean {
  return /[\p{L}\p{N}]/u.test(unit);
}

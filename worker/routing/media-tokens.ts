/**
 * Input tokens of what is heard, and of what is read from files, judged by size: nothing is decoded here.
 *
 * A second of sound is 32 tokens at Gemini and 10 at OpenAI; the dearer counts. A page of a PDF is some 2,000
 * tokens with its picture, and of 20 to 300 kB, so a file's estimate is within a factor of four or so. That is
 * enough to tell a note from a book before a vendor counts. What is named by an id or a URL counts nothing.
 *
 * Sources: https://ai.google.dev/gemini-api/docs/tokens,
 * https://platform.claude.com/docs/en/build-with-claude/pdf-support
 */
import type { ChatMessage } from "../domain/chat.ts";
import { isRecord } from "../lib/json.ts";
import { partsOf } from "./prompt-of.ts";

const AUDIO_TOKENS_PER_S = 32;
/** 24 kHz at 16 bit; and what compressed speech usually has. */
const WAV_BYTES_PER_S = 48_000;
const COMPRESSED_BYTES_PER_S = 16_000;
const PDF_BYTES_PER_TOKEN = 50;
const TEXT_BYTES_PER_TOKEN = 4;

/** Of all messages together, the first to the last; 0 where there is neither sound nor file. */
export function mediaTokensOf(messages: readonly ChatMessage[]): number {
  const tokens = [
    ...partsOf(messages, "input_audio").map((part) => audioTokens(part["input_audio"])),
    ...partsOf(messages, "file").map((part) => fileTokens(part["file"])),
  ];
  return Math.ceil(tokens.reduce((sum, some) => sum + some, 0));
}

function audioTokens(audio: unknown): number {
  if (!isRecord(audio)) return 0;
  const bytesPerS = audio["format"] === "wav" ? WAV_BYTES_PER_S : COMPRESSED_BYTES_PER_S;
  return (AUDIO_TOKENS_PER_S * bytesIn(audio["data"])) / bytesPerS;
}

function fileTokens(file: unknown): number {
  const data = isRecord(file) ? file["file_data"] : undefined;
  const isText = typeof data === "string" && /^data:(text\/|application\/json)/i.test(data);
  return bytesIn(data) / (isText ? TEXT_BYTES_PER_TOKEN : PDF_BYTES_PER_TOKEN);
}

/** Of base64, with or without a data URL's head before it. */
function bytesIn(base64: unknown): number {
  return typeof base64 === "string" ? 0.75 * base64.length : 0;
}

/** What sound and files are taken to cost, in tokens: by their size, and nothing where nobody sent any. */
import { describe, it } from "vitest";
import type { ChatMessage } from "../../../worker/domain/chat.ts";
import { mediaTokensOf } from "../../../worker/routing/media-tokens.ts";

function messageOf(...content: Record<string, unknown>[]): ChatMessage {
  return { role: "user", content: content.map((part) => ({ type: "", ...part })) };
}

/** Base64 of so many bytes. */
function bytes(count: number): string {
  return "A".repeat((4 * count) / 3);
}

describe("mediaTokensOf", () => {
  it.for<[string, Record<string, unknown>, number]>([
    [
      "a minute of WAV",
      { type: "input_audio", input_audio: { format: "wav", data: bytes(60 * 48_000) } },
      60 * 32,
    ],
    [
      "a minute of MP3",
      { type: "input_audio", input_audio: { format: "mp3", data: bytes(60 * 16_000) } },
      60 * 32,
    ],
    [
      "a PDF",
      { type: "file", file: { file_data: `data:application/pdf;base64,${bytes(300_000)}` } },
      6_001,
    ],
    [
      "a text",
      { type: "file", file: { file_data: `data:text/plain;base64,${bytes(3_000)}` } },
      755,
    ],
    ["a file elsewhere", { type: "file", file: { file_id: "file-1" } }, 0],
    ["nonsense", { type: "input_audio", input_audio: 7 }, 0],
    ["text alone", { type: "text", text: "Hi" }, 0],
  ])("judges %s by its size", ([, part, tokens], { expect }) => {
    expect(mediaTokensOf([messageOf(part)])).toBe(tokens);
  });

  it("adds up what all messages have", ({ expect }) => {
    const file = { type: "file", file: { file_data: bytes(3_000) } };
    expect(mediaTokensOf([messageOf(file, file), messageOf(file)])).toBe(180);
  });
});

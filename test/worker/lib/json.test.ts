/**
 * Bodies read up to a limit: what is JSON comes back to the letter, what is too large is refused before it
 * is read where its length is declared, and a stream that is not wanted any more is cancelled.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { readBytes, readJson } from "../../../worker/lib/json.ts";

function streamOf(
  chunks: readonly Uint8Array[],
  onCancel?: () => void,
): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream<Uint8Array>({
    pull(out) {
      const chunk = chunks[at++];
      if (chunk === undefined) out.close();
      else out.enqueue(chunk);
    },
    ...(onCancel && { cancel: onCancel }),
  });
}

function message(text: string, headers: Record<string, string> = {}) {
  const bytes = new TextEncoder().encode(text);
  return { headers: new Headers(headers), body: streamOf([bytes.slice(0, 3), bytes.slice(3)]) };
}

describe("readJson", () => {
  it("gives back what was written, to the letter", async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        const text = JSON.stringify(value);
        expect(await readJson(message(text), 1e6)).toEqual({
          ok: true,
          value: JSON.parse(text),
          text,
        });
      }),
    );
  });

  it("accepts a body of exactly the limit and refuses one byte more", async ({ expect }) => {
    expect(await readJson(message('"1234"'), 6)).toMatchObject({ ok: true });
    expect(await readJson(message('"12345"'), 6)).toMatchObject({ ok: false, why: "too_large" });
  });

  it("refuses by the declared length before it reads", async ({ expect }) => {
    let isCancelled = false;
    const body = streamOf([new Uint8Array(1)], () => {
      isCancelled = true;
    });
    const headers = new Headers({ "content-length": "7" });
    expect(await readJson({ headers, body }, 6)).toMatchObject({ why: "too_large" });
    expect(isCancelled).toBe(true);
  });

  it("refuses what is not JSON, not UTF-8, or not there", async ({ expect }) => {
    const latin1 = { headers: new Headers(), body: streamOf([new Uint8Array([0x22, 0xe9, 0x22])]) };
    const nothing = { headers: new Headers(), body: null };
    for (const bad of [message("{"), message(""), latin1, nothing])
      expect(await readJson(bad, 100)).toMatchObject({ ok: false, why: "not_json" });
  });
});

describe("readBytes", () => {
  it("keeps the beginning, says so, and lets go of the rest", async ({ expect }) => {
    let isCancelled = false;
    const chunks = Array.from({ length: 9 }, (_, i) => new Uint8Array([i, i]));
    const body = streamOf(chunks, () => {
      isCancelled = true;
    });
    const { bytes, isTruncated } = await readBytes(body, 3);
    expect([...bytes]).toEqual([0, 0, 1]);
    expect([isTruncated, isCancelled]).toEqual([true, true]);
  });
});

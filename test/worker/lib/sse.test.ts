/**
 * One property instead of a list of cases: whatever sseBytes writes, the decoder reads back, for any
 * events, any line ending and any way the network cuts the bytes. The rest is what that cannot show.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { sseBytes, SseDecoder, SseOverflowError, type SseEvent } from "../../../worker/lib/sse.ts";
import { openSource } from "../fixture/sse-source.ts";

const line = fc.string({ unit: "grapheme" }).map((s) => s.replace(/[\r\n]/g, ""));
const event: fc.Arbitrary<SseEvent> = fc.record({
  event: fc.option(line, { nil: undefined }),
  data: fc.array(line, { minLength: 1, maxLength: 3 }).map((lines) => lines.join("\n")),
});

function cut(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const cuts = [...new Set(at.map((n) => n % (bytes.length + 1)))].toSorted((a, b) => a - b);
  return [0, ...cuts].map((start, i) => bytes.slice(start, [...cuts, bytes.length][i]));
}

function decode(chunks: readonly Uint8Array[], decoder = new SseDecoder()): SseEvent[] {
  return chunks.flatMap((chunk) => decoder.push(chunk));
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** One batch of events as the client gets it. */
async function written(events: readonly SseEvent[]): Promise<string> {
  const batches = [events];
  const source = { next: async () => batches.pop(), cancel: () => {} };
  const bytes = await new Response(sseBytes(source)).arrayBuffer();
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

describe("SseDecoder", () => {
  it("reads what sseBytes wrote, wherever it is cut and whichever line ending is used", async ({
    expect,
  }) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { maxLength: 4 }),
        fc.array(fc.nat(), { maxLength: 8 }),
        fc.constantFrom("\n", "\r\n", "\r"),
        async (events, at, eol) => {
          const text = (await written(events)).replaceAll("\n", eol);
          expect(decode(cut(utf8(text), at))).toEqual(events);
        },
      ),
    );
  });

  it("reads the same byte by byte", ({ expect }) => {
    const text = "event: é\ndata: a\ndata: b\n\ndata: c\n\n";
    for (const eol of ["\n", "\r\n", "\r"]) {
      const all = utf8(text.replaceAll("\n", eol));
      expect(decode(cut(all, [...all.keys()]))).toEqual([
        { event: "é", data: "a\nb" },
        { event: undefined, data: "c" },
      ]);
    }
  });

  it("emits an event with its last byte, not with the next event's first", ({ expect }) => {
    for (const eol of ["\n", "\r\n", "\r"])
      expect(decode([utf8(`data: a${eol}${eol}`)])).toEqual([{ event: undefined, data: "a" }]);
  });

  it("keeps bytes that are not UTF-8 inside their line", ({ expect }) => {
    const [first, second] = decode([
      new Uint8Array([...utf8("data: a"), 0xff, 0xc3, ...utf8("b\n\ndata: c\n\n")]),
    ]);
    expect(first?.data).toBe("a\uFFFD\uFFFDb");
    expect(second?.data).toBe("c");
  });

  it("ignores comments, unknown fields and an event that the end cuts off", ({ expect }) => {
    const text = ": keep-alive\n\nid: 7\nretry: 1\ndata: a\nfoo\n\nevent: x\n\ndata: cut";
    expect(decode([utf8(text)])).toEqual([{ event: undefined, data: "a" }]);
  });

  it("refuses an event beyond its limit, in one line or in many", ({ expect }) => {
    const long = utf8(`data: ${"x".repeat(200)}`);
    const many = utf8("data: 0123456789\n".repeat(20));
    for (const bad of [long, many]) {
      const decoder = new SseDecoder({ maxEventLength: 100 });
      expect(() => decode([...cut(bad, [7, 90])], decoder)).toThrow(SseOverflowError);
    }
  });

  it("takes comments for ever, and each event afresh", ({ expect }) => {
    const decoder = new SseDecoder({ maxEventLength: 100 });
    const keepAlive = Array.from({ length: 50 }, () => utf8(": 0123456789\n"));
    const events = Array.from({ length: 50 }, () => utf8("data: 0123456789\n\n"));
    expect(decode([...keepAlive, ...events], decoder)).toHaveLength(50);
  });
});

describe("sseBytes", () => {
  it("writes each event before the next one exists, as the view has it", async ({ expect }) => {
    const { events, write, close } = openSource();
    const bytes = sseBytes(events, ({ data }) =>
      data === "skip"
        ? []
        : [
            { event: "a", data },
            { event: "b", data },
          ],
    );
    const reader = bytes.getReader();
    for (const data of ["1", "2"]) {
      write("skip");
      write(data);
      expect(decode([(await reader.read()).value!])).toEqual([
        { event: "a", data },
        { event: "b", data },
      ]);
    }
    close();
    expect((await reader.read()).done).toBe(true);
  });

  it("writes what is there at once as one chunk, and asks for nothing before the reader does", async ({
    expect,
  }) => {
    const { events, write, reads } = openSource();
    const reader = sseBytes(events).getReader();
    write("1", "2");
    write("3");
    expect(reads()).toBe(0);
    const { value } = await reader.read();
    expect(decode([value!]).map(({ data }) => data)).toEqual(["1", "2"]);
    expect(reads()).toBe(1);
  });

  it("ends both streams where the view refuses an event, after what came before it", async ({
    expect,
  }) => {
    const { events, left, write } = openSource();
    const refusal = new Error("no");
    const reader = sseBytes(events, (shown) => {
      if (shown.data === "2") throw refusal;
      return [shown];
    }).getReader();
    write("1", "2", "3");
    expect(decode([(await reader.read()).value!]).map(({ data }) => data)).toEqual(["1"]);
    await expect(reader.read()).rejects.toBe(refusal);
    expect(left).toEqual([refusal]);
  });

  it("hands the reader's leaving on", async ({ expect }) => {
    const { events, left } = openSource();
    await sseBytes(events).cancel("gone");
    expect(left).toEqual(["gone"]);
  });
});

/** The bound on a vendor's stream that no clock has, and what its reader's leaving tells about the vendor. */
import { describe, it } from "vitest";
import { RouterError } from "../../../worker/domain/errors.ts";
import { Deadline } from "../../../worker/lib/deadline.ts";
import { endpointsOf } from "../../../worker/providers/endpoints.ts";
import { OPENAI_COMPATIBLE } from "../../../worker/providers/openai-compatible.ts";
import { VendorEvents } from "../../../worker/providers/vendor-events.ts";
import { chunk, finish, sse } from "../fixture/vendor.ts";

const ENDPOINT = endpointsOf({ keys: { openai: ["key"] } }).get("openai")![0];

/** Sends the text again and again, unless it is sent once. */
async function begin(bytes: Uint8Array, { isEndless = true, maxBytes = 1 << 20 } = {}) {
  let sentBytes = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(out) {
      if (!isEndless && sentBytes > 0) return out.close();
      sentBytes += bytes.length;
      out.enqueue(bytes);
    },
  });
  const reader = OPENAI_COMPATIBLE.openStream(ENDPOINT, 0);
  const deadline = new Deadline();
  const events = new VendorEvents({ body, reader, endpoint: ENDPOINT, maxBytes }, deadline);
  const failure = await events.begin();
  const verdicts: unknown[] = [];
  const stream = events.stream((verdict) => verdicts.push(verdict)).getReader();
  return { failure, stream, verdicts, deadline, sentBytes: () => sentBytes };
}

async function readOn({ stream }: Awaited<ReturnType<typeof begin>>): Promise<unknown> {
  try {
    for (;;) if ((await stream.read()).done) return undefined;
  } catch (error) {
    return error;
  }
}

describe("a stream of the vendor", () => {
  it.for([
    ["of chunks", sse(chunk("word"))],
    ["of keep-alives after a chunk", new Uint8Array([...sse(chunk("word")), ...keepAlive()])],
  ] as const)("that never ends ends after so many bytes: %s", async ([, bytes], { expect }) => {
    const vendor = await begin(bytes);
    expect(String(await readOn(vendor))).toContain("a stream without end");
    expect(vendor.sentBytes()).toBeLessThan((1 << 20) + 3 * bytes.length);
    expect(vendor.deadline.signal.aborted).toBe(true);
    expect(vendor.verdicts).toEqual([{ kind: "failure" }]);
  });

  it.for<[string, Uint8Array, string]>([
    ["with an end", sse(chunk("a"), finish()), "success"],
    ["within its answer", sse(chunk("a")), "failure"],
    ["after text about a finish", sse(chunk('"finish_reason":"stop"')), "failure"],
  ])("that closes %s", async ([, bytes, kind], { expect }) => {
    const vendor = await begin(bytes, { isEndless: false });
    expect(await readOn(vendor)).toBeUndefined();
    expect(vendor.verdicts).toEqual([{ kind }]);
  });

  it.for<[string, number, unknown, string]>([
    ["in the middle", 1, undefined, "abandoned"],
    [
      "because it found fault with it",
      1,
      new RouterError("server_error", "x", { code: "x" }),
      "failure",
    ],
    ["when it has all of it", 2, undefined, "success"],
  ])("whose reader leaves %s", async ([, reads, reason, kind], { expect }) => {
    const vendor = await begin(sse(chunk("a"), finish()), { isEndless: false });
    for (let i = 0; i < reads; i++) await vendor.stream.read();
    await vendor.stream.cancel(reason);
    expect(vendor.verdicts).toEqual([{ kind }]);
    expect(vendor.deadline.signal.aborted).toBe(true);
  });
});

function keepAlive(): Uint8Array {
  return new TextEncoder().encode(": still here\n\n".repeat(1_000));
}

/** The bound on a vendor's stream that no clock has, and what its reader's leaving tells about the vendor. */
import { describe, it } from "vitest";
import { RouterError } from "../../../worker/domain/errors.ts";
import { Deadline } from "../../../worker/lib/deadline.ts";
import { endpointsOf } from "../../../worker/providers/endpoints.ts";
import { OPENAI_COMPATIBLE } from "../../../worker/providers/openai-compatible.ts";
import { VendorEvents } from "../../../worker/providers/vendor-events.ts";
import { chunk, finish, sse } from "../fixture/vendor.ts";

const ENDPOINT = endpointsOf({ keys: { openai: ["key"] } }).get("openai")![0];
const FAULT = new RouterError("server_error", "x", { code: "x" });

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
  events.watch(1_000, (verdict) => verdicts.push(verdict));
  return { failure, events, verdicts, deadline, sentBytes: () => sentBytes };
}

async function readOn({ events }: Awaited<ReturnType<typeof begin>>): Promise<unknown> {
  try {
    for (;;) if ((await events.next()) === undefined) return undefined;
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

  it.for<[string, readonly string[], unknown, string]>([
    ["in the middle", [chunk("a")], undefined, "abandoned"],
    ["because it found fault with it", [chunk("a")], FAULT, "failure"],
    ["because it found fault with its end", [chunk("a"), finish()], FAULT, "failure"],
    ["when it has all of it", [chunk("a"), finish()], undefined, "success"],
  ])("whose reader leaves %s", async ([, data, reason, kind], { expect }) => {
    const vendor = await begin(sse(...data), { isEndless: false });
    await vendor.events.next();
    vendor.events.cancel(reason);
    vendor.events.cancel();
    expect(vendor.verdicts).toEqual([{ kind }]);
    expect(vendor.deadline.signal.aborted).toBe(true);
  });

  const said = (delta: Record<string, unknown>, reason: string | null = null) =>
    JSON.stringify({ choices: [{ index: 0, delta, finish_reason: reason }] });
  const role = said({ role: "assistant", content: "", refusal: null, tool_calls: [] });
  const overloaded = '{"error":{"message":"Overloaded"}}';

  it.for<[string, readonly string[], Record<string, unknown>]>([
    [
      "breaks off",
      [role],
      { reason: "malformed", message: "OpenAI sent a stream without an answer" },
    ],
    ["is done", [role, "[DONE]"], { reason: "malformed" }],
    ["errs", [role, overloaded], { reason: "vendor_error", message: "OpenAI: Overloaded" }],
    [
      "is filtered",
      [role, said({}, "content_filter")],
      { reason: "content_filtered", mayBeBilled: true },
    ],
    [
      "is filtered and done",
      [said({}, "content_filter"), "[DONE]"],
      { reason: "content_filtered" },
    ],
  ])("that %s before it has said anything is a failure", async ([, data, failure], { expect }) => {
    const vendor = await begin(sse(...data), { isEndless: false });
    expect(vendor.failure).toMatchObject({ isRetryable: true, ...failure });
  });

  it.for<[string, readonly string[]]>([
    ["text", [role, said({ content: "a" })]],
    ["a thought", [role, said({ reasoning_content: "Hm" })]],
    ["a call", [role, said({ tool_calls: [{ index: 0, id: "c" }] })]],
    ["its end", [role, said({}, "stop")]],
    ["text, and is filtered then", [role, said({ content: "a" }), said({}, "content_filter")]],
    ["nothing so often that it must be passed on", Array<string>(16).fill(role)],
  ])("begins with %s, and what was held goes with it", async ([, data], { expect }) => {
    const vendor = await begin(sse(...data), { isEndless: false });
    expect(vendor.failure).toBeUndefined();
    expect((await vendor.events.next())?.map((event) => event.data)).toEqual(data);
  });

  it("gives what one read has completed together, and before a failure behind it", async ({
    expect,
  }) => {
    const data = [chunk("a"), chunk("b"), finish()];
    const vendor = await begin(sse(...data, '{"error":{"message":"late"}}'), { isEndless: false });
    expect((await vendor.events.next())?.map((event) => event.data)).toEqual(data);
    await expect(vendor.events.next()).rejects.toThrow("late");
    expect(vendor.verdicts).toEqual([{ kind: "failure" }]);
  });

  it("settles a read that is left under way", async ({ expect }) => {
    let asked = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(out) {
        asked += 1;
        if (asked > 1) return new Promise(() => {});
        return out.enqueue(sse(chunk("a")));
      },
    });
    const reader = OPENAI_COMPATIBLE.openStream(ENDPOINT, 0);
    const events = new VendorEvents({ body, reader, endpoint: ENDPOINT }, new Deadline());
    await events.begin();
    await events.next();
    const hanging = events.next();
    events.cancel();
    await expect(hanging).rejects.toThrow();
  });
});

function keepAlive(): Uint8Array {
  return new TextEncoder().encode(": still here\n\n".repeat(1_000));
}

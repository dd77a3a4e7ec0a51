/** A pause ends by itself, or with whoever waits. */
import { describe, it } from "vitest";
import { pause } from "../../../worker/lib/pause.ts";

describe("pause", () => {
  it("ends when its time is over", async ({ expect }) => {
    expect(await pause(1, new AbortController().signal)).toBeUndefined();
  });

  it("ends at once for somebody who leaves, or has left", async ({ expect }) => {
    const gone = new AbortController();
    const waiting = pause(600_000, gone.signal);
    gone.abort();
    expect(await waiting).toBeUndefined();
    expect(await pause(600_000, gone.signal)).toBeUndefined();
  });
});

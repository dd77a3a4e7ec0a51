/** A race of two attempts, on promises that the test settles: who wins, who is hung up on, and when it is none. */
import { describe, it } from "vitest";
import type { Dispatched } from "../../../worker/domain/upstream.ts";
import { race, type Attempt } from "../../../worker/pipeline/hedge.ts";
import { openSource } from "../fixture/sse-source.ts";

const ANSWER: Dispatched = { kind: "completion", text: "{}", body: {}, calls: 1 };
const FAILURE: Dispatched = {
  kind: "failure",
  reason: "timeout",
  message: "no",
  isRetryable: true,
  calls: 1,
};

function runner() {
  const { promise, resolve } = Promise.withResolvers<Dispatched>();
  const signals: AbortSignal[] = [];
  function attempt(signal: AbortSignal): ReturnType<Attempt> {
    signals.push(signal);
    return promise;
  }
  return { attempt, resolve, signals };
}

function setUp() {
  const [first, second] = [runner(), runner()];
  const patience = Promise.withResolvers<void>();
  const client = new AbortController();
  const racing = race([first.attempt, second.attempt], {
    delayMs: 800,
    signal: client.signal,
    pause: async (_ms, signal) => {
      signal.addEventListener("abort", () => patience.resolve());
      await patience.promise;
    },
  });
  return { first, second, racing, client, losePatience: patience.resolve };
}

async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

describe("race", () => {
  it.for([ANSWER, FAILURE])(
    "is none when the first ends in time: $kind",
    async (outcome, { expect }) => {
      const { first, second, racing } = setUp();
      first.resolve(outcome);
      expect(await racing).toEqual({ settled: [[0, outcome]] });
      expect(second.signals).toEqual([]);
    },
  );

  it.for([0, 1] as const)(
    "hangs up on the other when attempt %i answers",
    async (winner, { expect }) => {
      const { first, second, racing, losePatience } = setUp();
      losePatience();
      await settle();
      const [ahead, behind] = winner === 0 ? [first, second] : [second, first];
      ahead.resolve(ANSWER);
      expect(await racing).toEqual({ settled: [[winner, ANSWER]], loser: 1 - winner });
      expect(behind.signals[0]?.aborted).toBe(true);
      expect(ahead.signals[0]?.aborted).toBe(false);
    },
  );

  it("waits for the other when one fails", async ({ expect }) => {
    const { first, second, racing, losePatience } = setUp();
    losePatience();
    await settle();
    second.resolve(FAILURE);
    await settle();
    expect(first.signals[0]?.aborted).toBe(false);
    first.resolve(ANSWER);
    expect(await racing).toEqual({
      settled: [
        [1, FAILURE],
        [0, ANSWER],
      ],
    });
  });

  it("closes the loser's stream, should it begin after all", async ({ expect }) => {
    const { first, second, racing, losePatience } = setUp();
    losePatience();
    await settle();
    first.resolve(ANSWER);
    await racing;
    const { events, left } = openSource();
    second.resolve({ kind: "stream", events, calls: 1 });
    await settle();
    expect(left).toHaveLength(1);
  });

  it("starts no second attempt for a client that has left", async ({ expect }) => {
    const { first, second, racing, client } = setUp();
    client.abort();
    await settle();
    expect(first.signals[0]?.aborted).toBe(true);
    first.resolve({ ...FAILURE, reason: "aborted" });
    expect((await racing).settled).toHaveLength(1);
    expect(second.signals).toEqual([]);
  });
});

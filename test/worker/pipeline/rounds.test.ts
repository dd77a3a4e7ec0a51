/** When a request is tried again, and with whom. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import type { Candidate } from "../../../worker/domain/decision.ts";
import type { FailureReason } from "../../../worker/domain/upstream.ts";
import { nextRound, type Failed } from "../../../worker/pipeline/rounds.ts";

function candidate(model: string): Candidate {
  return {
    model,
    score: 0.5,
    standing: 0,
    outputTokensP50: 1,
    costP50MicroUsd: 1,
    costP90MicroUsd: 1,
    ttftMs: 1,
    ttftP90Ms: 1,
    latencyMs: 1,
    latencyP90Ms: 1,
  };
}

interface FailedInit {
  readonly reason?: FailureReason;
  readonly status?: number;
  readonly retryAfterMs?: number;
}

function failed(model: string, { reason = "vendor_error", ...more }: FailedInit = {}): Failed {
  const failure = { kind: "failure", reason, message: "no", isRetryable: true, ...more } as const;
  return { model, candidate: candidate(model), failure, atMs: 1_000 };
}

const TIME = { rounds: 1, nowMs: 1_000, deadlineMs: 100_000, jitter: 0 };

function modelsOf(round: ReturnType<typeof nextRound<Candidate>>): string[] | undefined {
  return round?.candidates.map(({ model }) => model);
}

describe("nextRound", () => {
  it("doubles the pause, and ends after the third round", ({ expect }) => {
    const waits = [1, 2, 3].map(
      (rounds) => nextRound([failed("a")], { ...TIME, rounds, jitter: 0.999_999 })?.waitMs,
    );
    expect(waits.map((ms) => ms && Math.round(ms))).toEqual([250, 500, undefined]);
    expect(nextRound([failed("a")], TIME)?.waitMs).toBe(125);
  });

  it("waits for the vendor that may be called first, and leaves those out that may not yet", ({
    expect,
  }) => {
    const round = nextRound(
      [
        failed("late", { reason: "rate_limited", retryAfterMs: 30_000 }),
        failed("soon", { reason: "cooling", retryAfterMs: 2_000 }),
      ],
      TIME,
    );
    expect(round?.waitMs).toBe(2_000);
    expect(modelsOf(round)).toEqual(["soon"]);
  });

  it("leaves a long wait to the client", ({ expect }) => {
    expect(nextRound([failed("a", { retryAfterMs: 5_001 })], TIME)).toBeUndefined();
  });

  it.for<FailedInit>([
    { reason: "rejected" },
    { reason: "context_overflow", status: 400 },
    { reason: "content_filtered", status: 400 },
    { status: 401 },
    { status: 402 },
    { status: 403 },
    { status: 404 },
    { status: 413 },
    { status: 307 },
  ])("does not repeat what would repeat: %j", (init, { expect }) => {
    expect(modelsOf(nextRound([failed("a", init), failed("b")], TIME))).toEqual(["b"]);
    expect(nextRound([failed("a", init)], TIME)).toBeUndefined();
  });

  it("begins before the deadline, with at least one model, all of whom may be called", ({
    expect,
  }) => {
    const init = fc.record({ retryAfterMs: fc.integer({ min: 0, max: 20_000 }) });
    fc.assert(
      fc.property(
        fc.array(init, { maxLength: 5 }),
        fc.integer({ min: 1_000, max: 10_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (inits, deadlineMs, jitter) => {
          const all = inits.map((entry, index) => failed(`m${index}`, entry));
          const round = nextRound(all, { ...TIME, deadlineMs, jitter });
          if (round === undefined) return;
          const startMs = TIME.nowMs + round.waitMs;
          expect(startMs).toBeLessThan(deadlineMs);
          expect(round.waitMs).toBeLessThanOrEqual(5_000);
          expect(round.candidates.length).toBeGreaterThan(0);
          for (const { candidate: own, failure, atMs } of all)
            if (round.candidates.includes(own))
              expect(atMs + (failure.retryAfterMs ?? 0)).toBeLessThanOrEqual(startMs);
        },
      ),
    );
  });
});

/** The walk over a vendor's keys, and what an outcome tells about whom it was made at. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import type { UpstreamFailure, UpstreamOutcome } from "../../../worker/domain/upstream.ts";
import { verdictOf, walkKeys, type Circuits } from "../../../worker/providers/circuits.ts";
import { endpointsOf } from "../../../worker/providers/endpoints.ts";

const ENDPOINTS = endpointsOf({ keys: { openai: ["a", "b", "c"] } }).get("openai")!;
const IDS = ENDPOINTS.map(({ id }) => id);
const ANSWER: UpstreamOutcome = { kind: "completion", text: "{}", body: {} };

function failure(reason: UpstreamFailure["reason"], status?: number): UpstreamFailure {
  const base = { kind: "failure", reason, message: "no", isRetryable: true } as const;
  return status === undefined ? base : { ...base, status };
}

/** @param shut Milliseconds for which a key is shut, by id. */
async function walk(
  random: number,
  {
    shut = {},
    outcomes = {},
  }: {
    shut?: Readonly<Record<string, number>>;
    outcomes?: Readonly<Record<string, UpstreamOutcome>>;
  } = {},
) {
  const called: string[] = [];
  const circuits: Circuits = {
    enter: (id) => (shut[id] === undefined ? { report() {} } : { closedForMs: shut[id] }),
  };
  const input = { endpoints: ENDPOINTS, model: "openai/small", circuits, random: () => random };
  const outcome = await walkKeys(input, async ({ id }) => {
    called.push(id);
    return outcomes[id] ?? ANSWER;
  });
  return { called, outcome };
}

describe("walkKeys", () => {
  it("begins at every key, each as likely", async ({ expect }) => {
    for (const [index, id] of IDS.entries())
      for (const random of [index / 3 + 0.001, (index + 1) / 3 - 0.001])
        expect((await walk(random)).called).toEqual([id]);
  });

  it.for([400, 401, 402, 403, 429])(
    "goes on to the next key after %i",
    async (status, { expect }) => {
      const refused = failure(status === 429 ? "rate_limited" : "vendor_error", status);
      const { called, outcome } = await walk(0.4, { outcomes: { [IDS[1]!]: refused } });
      expect(called).toEqual([IDS[1], IDS[2]]);
      expect(outcome).toMatchObject({ kind: "completion", calls: 2 });
    },
  );

  it.for<UpstreamFailure>([
    failure("vendor_error", 500),
    failure("timeout"),
    failure("rejected", 400),
    failure("context_overflow", 400),
    failure("content_filtered", 403),
    failure("aborted"),
  ])("takes $reason for every key's", async (outcome, { expect }) => {
    const { called } = await walk(0, { outcomes: { [IDS[0]!]: outcome } });
    expect(called).toEqual([IDS[0]]);
  });

  it("calls open keys only, each once at most, and all of them before it gives up", async ({
    expect,
  }) => {
    const shutFor = fc.option(fc.integer({ min: 1, max: 1e6 }), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0, max: 0.999_999, noNaN: true }),
        fc.tuple(shutFor, shutFor, shutFor),
        async (random, times) => {
          const shut: Record<string, number> = {};
          const outcomes: Record<string, UpstreamOutcome> = {};
          for (const [index, id] of IDS.entries()) {
            const ms = times[index];
            if (ms !== undefined) shut[id] = ms;
            outcomes[id] = failure("rate_limited", 429);
          }
          const { called, outcome } = await walk(random, { shut, outcomes });
          const open = IDS.filter((id) => shut[id] === undefined);
          expect(called.toSorted()).toEqual(open.toSorted());
          expect(outcome).toMatchObject({ kind: "failure", calls: open.length });
          if (open.length === 0)
            expect(outcome).toMatchObject({
              reason: "cooling",
              retryAfterMs: Math.min(...Object.values(shut)),
            });
        },
      ),
    );
  });
});

describe("verdictOf", () => {
  it.for<UpstreamFailure>([
    failure("rate_limited", 429),
    failure("timeout"),
    failure("unreachable"),
    failure("vendor_error", 500),
    failure("malformed"),
  ])("holds $reason against the vendor", (outcome, { expect }) => {
    expect(verdictOf(outcome, false)).toEqual({ kind: "failure" });
  });

  it.for<UpstreamFailure>([
    failure("rejected", 400),
    failure("aborted"),
    failure("context_overflow", 400),
    failure("content_filtered", 400),
    failure("vendor_error", 413),
  ])("learns nothing from $reason $status", (outcome, { expect }) => {
    expect(verdictOf(outcome, false)).toEqual({ kind: "abandoned" });
  });

  it("does not blame a vendor for the end of the request's own time", ({ expect }) => {
    expect(verdictOf(failure("timeout"), true)).toEqual({ kind: "abandoned" });
  });

  it("knows a refused key from a model that it may not use", ({ expect }) => {
    expect(verdictOf(failure("vendor_error", 401), false).kind).toBe("failure");
    expect(verdictOf(failure("vendor_error", 402), false)).toHaveProperty("isRefused", "endpoint");
    expect(verdictOf(failure("vendor_error", 403), false)).toHaveProperty("isRefused", "model");
  });

  it("keeps the time that the vendor asks for", ({ expect }) => {
    const limited = { ...failure("rate_limited", 429), retryAfterMs: 700 };
    expect(verdictOf(limited, false)).toEqual({ kind: "failure", retryAfterMs: 700 });
  });
});

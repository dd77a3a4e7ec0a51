/** The laws of a circuit on arbitrary histories, and the shape of an ordinary one. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import {
  admits,
  advance,
  CLOSED,
  closedForMs,
  MAX_OPENING_MS,
  type Circuit,
  type CircuitEvent,
} from "../../../worker/routing/health.ts";

const FAILURE: CircuitEvent = { kind: "failure", jitter: 0 };
const MINUTE_MS = 60_000;

function after(events: readonly CircuitEvent[], nowMs = 0, from: Circuit = CLOSED): Circuit {
  return events.reduce((circuit, event) => advance(circuit, event, nowMs), from);
}

function failures(count: number): CircuitEvent[] {
  return Array.from({ length: count }, () => FAILURE);
}

const jitter = fc.double({ min: 0, max: 0.999, noNaN: true });
const retryAfterMs = fc.integer({ min: 0, max: 10 * MAX_OPENING_MS });
const failure = fc.oneof(
  jitter.map((value): CircuitEvent => ({ kind: "failure", jitter: value })),
  fc.record({ kind: fc.constant("failure" as const), jitter, retryAfterMs }),
  fc.record({ kind: fc.constant("failure" as const), jitter, isCertain: fc.constant(true) }),
);
const event: fc.Arbitrary<CircuitEvent> = fc.oneof(
  fc.constantFrom<CircuitEvent>(
    { kind: "call" },
    { kind: "begun" },
    { kind: "success" },
    { kind: "abandoned" },
    { kind: "unheard" },
  ),
  failure,
  retryAfterMs.map((openUntilMs): CircuitEvent => ({ kind: "heard", openUntilMs })),
);
const history = fc.array(fc.tuple(event, fc.integer({ min: 0, max: 2 * MINUTE_MS })));

function lived(steps: readonly (readonly [CircuitEvent, number])[]): {
  circuit: Circuit;
  nowMs: number;
} {
  let circuit = CLOSED;
  let nowMs = 0;
  for (const [next, passedMs] of steps) {
    nowMs += passedMs;
    circuit = advance(circuit, next, nowMs);
  }
  return { circuit, nowMs };
}

describe("a circuit, after any history", () => {
  it("admits again within the cap", ({ expect }) => {
    fc.assert(
      fc.property(history, (steps) => {
        const { circuit, nowMs } = lived(steps);
        expect((circuit.openUntilMs ?? 0) - nowMs).toBeLessThanOrEqual(MAX_OPENING_MS);
        expect(admits(circuit, nowMs + MAX_OPENING_MS)).toBe(true);
        expect(circuit.recent.length).toBeLessThanOrEqual(20);
      }),
    );
  });

  it("says truly for how long it stays shut at least", ({ expect }) => {
    fc.assert(
      fc.property(history, (steps) => {
        const { circuit, nowMs } = lived(steps);
        const shutMs = closedForMs(circuit, nowMs);
        expect(shutMs === 0).toBe(admits(circuit, nowMs));
        if ((circuit.openUntilMs ?? 0) > nowMs)
          expect(admits(circuit, nowMs + shutMs - 1)).toBe(false);
      }),
    );
  });

  it("lets one probe at a time out of an opening that is over", ({ expect }) => {
    fc.assert(
      fc.property(history, (steps) => {
        const { circuit, nowMs } = lived(steps);
        const { openUntilMs } = circuit;
        if (openUntilMs === undefined) return;
        const probeMs = Math.max(openUntilMs, circuit.probeUntilMs ?? 0, nowMs);
        expect(admits(circuit, probeMs)).toBe(true);
        const probing = advance(circuit, { kind: "call" }, probeMs);
        expect(admits(probing, probeMs)).toBe(false);
        for (const kind of ["success", "begun", "abandoned"] as const)
          expect(admits(advance(probing, { kind }, probeMs), probeMs)).toBe(true);
        expect(advance(probing, { kind: "success" }, probeMs)).toEqual(CLOSED);
      }),
    );
  });

  it("opens again, and for no less, when the probe fails", ({ expect }) => {
    fc.assert(
      fc.property(fc.array(jitter, { minLength: 2, maxLength: 12 }), (jitters) => {
        let circuit = after(failures(5));
        let lastMs = circuit.openUntilMs!;
        let nowMs = lastMs;
        for (const value of jitters) {
          circuit = after([{ kind: "call" }, { kind: "failure", jitter: value }], nowMs, circuit);
          const openMs = circuit.openUntilMs! - nowMs;
          // Doubled, less a quarter by chance; at the cap the chance is all that is left.
          expect(openMs).toBeGreaterThanOrEqual(Math.min(lastMs, 225_000));
          expect(openMs).toBeLessThanOrEqual(300_000);
          lastMs = openMs;
          nowMs = circuit.openUntilMs!;
        }
      }),
    );
  });

  it("waits at least as long as the vendor asks, up to the cap", ({ expect }) => {
    fc.assert(
      fc.property(history, retryAfterMs, (steps, askedMs) => {
        const { circuit, nowMs } = lived(steps);
        const next = advance(circuit, { ...FAILURE, retryAfterMs: askedMs }, nowMs);
        const leastMs = nowMs + Math.min(askedMs, MAX_OPENING_MS);
        expect(next.openUntilMs).toBeGreaterThanOrEqual(leastMs);
      }),
    );
  });
});

describe("a circuit", () => {
  it("opens at the fifth failure, and not at the fourth", ({ expect }) => {
    expect(admits(after(failures(4)), 0)).toBe(true);
    expect(admits(after(failures(5)), 0)).toBe(false);
  });

  it("stays closed while most calls succeed", ({ expect }) => {
    const mixed = Array.from({ length: 40 }, (_, i): CircuitEvent =>
      i % 5 < 3 ? { kind: "success" } : FAILURE,
    );
    expect(admits(after(mixed), 0)).toBe(true);
    expect(admits(after(failures(12), 0, after(mixed)), 0)).toBe(false);
  });

  it("forgets failures of more than a minute ago", ({ expect }) => {
    const old = after(failures(4));
    expect(admits(after(failures(4), MINUTE_MS, old), MINUTE_MS)).toBe(true);
  });

  it("opens at once where the next call would fail as well", ({ expect }) => {
    expect(admits(after([{ ...FAILURE, isCertain: true }]), 0)).toBe(false);
    expect(admits(after([{ ...FAILURE, retryAfterMs: 700 }]), 699)).toBe(false);
    expect(admits(after([{ ...FAILURE, retryAfterMs: 700 }]), 700)).toBe(true);
  });

  it("takes nothing from calls that began before the opening", ({ expect }) => {
    const open = after(failures(5));
    const late = after([{ kind: "success" }, { kind: "begun" }, { kind: "abandoned" }], 1, open);
    expect(late).toEqual(open);
  });

  it("keeps the length of its openings until a stream has ended well", ({ expect }) => {
    const opened = after(failures(5));
    const begun = after([{ kind: "call" }, { kind: "begun" }], 10_000, opened);
    const broken = after(failures(5), 10_000, begun);
    expect(broken.openings).toBe(2);
    expect(after([{ kind: "success" }], 10_000, begun).openings).toBe(0);
  });

  it("follows another's opening, and one call finds out when it is not heard of any more", ({
    expect,
  }) => {
    const heard = after([{ kind: "heard", openUntilMs: 9_000 }]);
    expect(admits(heard, 8_999)).toBe(false);
    const unheard = after([{ kind: "unheard" }], 100, heard);
    expect(admits(unheard, 100)).toBe(true);
    expect(admits(after([{ kind: "call" }], 100, unheard), 101)).toBe(false);
  });

  it("keeps its own opening whatever others do not say", ({ expect }) => {
    const own = after(failures(5));
    expect(after([{ kind: "unheard" }], 1, own)).toEqual(own);
    expect(after([{ kind: "heard", openUntilMs: 1 }], 0, own)).toEqual(own);
  });
});

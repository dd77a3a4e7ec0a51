/**
 * The life of a namespace's trust: closed at first, proven, tripped, proven anew; and the laws that hold all
 * along.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { LADDER } from "../../../../worker/cache/trust/ladder.ts";
import {
  auditSchema,
  emptyTrust,
  observe,
  readTrust,
  switchState,
  trustSchema,
  verdict,
  type Audit,
  type Trust,
} from "../../../../worker/cache/trust/trust.ts";
import { randomFrom, shuffle } from "../../../../worker/lib/prng.ts";

const TERMS = { budget: 0.01 };
const ID = "ab".repeat(32);
const RIGHT: Audit = {
  similarity: 0.995,
  wasServed: false,
  auditShare: 1,
  generation: 0,
  isRight: true,
};
const WRONG: Audit = { ...RIGHT, isRight: false };

function after(audits: readonly Audit[], from = emptyTrust(TERMS)): Trust {
  return audits.reduce((trust, audit) => observe(trust, audit, TERMS), from);
}

function times(count: number, audit: Audit): Audit[] {
  return Array.from({ length: count }, () => audit);
}

const audit: fc.Arbitrary<Audit> = fc.record(
  {
    similarity: fc.double({ min: -1, max: 1, noNaN: true }),
    cluster: fc.string({ minLength: 64, maxLength: 64 }),
    wasServed: fc.boolean(),
    auditShare: fc.double({ min: 0.05, max: 1, noNaN: true }),
    generation: fc.constantFrom(0, 0, 0, 1),
    isRight: fc.boolean(),
  },
  { requiredKeys: ["similarity", "wasServed", "auditShare", "generation", "isRight"] },
);
const history = fc.array(audit, { maxLength: 300 });
/** Histories that open: many right audits around a few others. */
const openings = fc
  .tuple(fc.integer({ min: 0, max: 800 }), fc.array(audit, { maxLength: 20 }), fc.nat())
  .map(([right, others, seed]) => shuffle([...times(right, RIGHT), ...others], randomFrom(seed)));

describe("a namespace", () => {
  it("serves nothing at first, not even what is all but the same", ({ expect }) => {
    const trust = emptyTrust(TERMS);
    expect(verdict(trust, { similarity: 1 }, TERMS)).toEqual({
      serve: false,
      auditShare: 1,
      upper: 1,
      generation: 0,
    });
    expect(switchState(trust, TERMS)).toBe("learning");
  });

  it("serves after 460 right audits, from where they stood upwards", ({ expect }) => {
    const trust = after(times(460, RIGHT));
    expect(verdict(trust, { similarity: 0.9935 }, TERMS).serve).toBe(true);
    expect(verdict(trust, { similarity: 0.5 }, TERMS).serve).toBe(false);
    expect(verdict(trust, { similarity: NaN }, TERMS).serve).toBe(false);
    expect(switchState(trust, TERMS)).toBe("on");
    expect(switchState(trust, { budget: 0.001 })).toBe("learning");
  });

  it("is opened by looser pairs too where nobody asks what is all but the same", ({ expect }) => {
    const looser = after(times(1_000, { ...RIGHT, similarity: 0.9 }));
    expect(verdict(looser, { similarity: 0.9 }, TERMS).serve).toBe(true);
    expect(verdict(looser, { similarity: 0.99 }, TERMS).serve).toBe(true);
    expect(verdict(looser, { similarity: 0.88 }, TERMS).serve).toBe(false);
  });

  it("is not opened by any number of audits with too many wrong ones", ({ expect }) => {
    const mixed = Array.from({ length: 6_000 }, (_, k) => (k % 80 === 0 ? WRONG : RIGHT));
    expect(switchState(after(mixed), TERMS)).toBe("learning");
  });

  it("asks for hits to be audited, for misses always", ({ expect }) => {
    const trust = after(times(460, RIGHT));
    expect(verdict(trust, { similarity: 0.995 }, TERMS).auditShare).toBe(0.5);
    expect(verdict(trust, { similarity: 0.6 }, TERMS).auditShare).toBe(1);
  });

  it("counts a hit as many times as it was unlikely to be audited", ({ expect }) => {
    const seldom = after([{ ...RIGHT, wasServed: true, auditShare: 0.05 }]);
    expect(seldom.tallies.at(-1)).toMatchObject({ audits: 1, wrong: 0, pairs: 20 });
  });

  it("bars what was wrong, up to where it was", ({ expect }) => {
    const open = after(times(2_000, RIGHT));
    const barred = after([{ ...WRONG, cluster: ID }], open);
    expect(verdict(barred, { similarity: 0.995, cluster: ID }, TERMS).serve).toBe(false);
    expect(verdict(barred, { similarity: 0.995, cluster: `f${ID}` }, TERMS).serve).toBe(true);
    const again = after([{ ...RIGHT, cluster: ID }], barred);
    expect(again.tallies).toEqual(barred.tallies);
  });
});

describe("after a trip", () => {
  const open = after(times(2_000, RIGHT));
  const hit: Audit = { ...RIGHT, wasServed: true, auditShare: 0.5 };
  const tripped = after(times(3, { ...hit, isRight: false }), open);

  it("nothing is served, and nothing is remembered", ({ expect }) => {
    expect(tripped).toEqual({ ...emptyTrust(TERMS), generation: 1, trips: 1 });
    expect(switchState(tripped, TERMS)).toBe("off");
  });

  it("only fresh evidence opens again", ({ expect }) => {
    expect(after(times(2_000, RIGHT), tripped)).toEqual(tripped);
    const fresh = after(times(750, { ...RIGHT, generation: 1 }), tripped);
    expect(switchState(fresh, TERMS)).toBe("on");
  });

  it("another budget begins to watch anew, with the evidence that there is", ({ expect }) => {
    const watched = after(times(2, { ...hit, isRight: false }), open);
    const moved = observe(watched, { ...hit, isRight: false }, { budget: 0.02 });
    expect(moved.generation).toBe(0);
    expect(moved.watch).toMatchObject({ budget: 0.02, audits: 1 });
    expect(moved.tallies.at(-1)).toMatchObject({ audits: 2_003, wrong: 3 });
  });
});

describe("on any history", () => {
  it("nothing is served with fewer right audits than one fair bet would take", ({ expect }) => {
    fc.assert(
      fc.property(openings, fc.double({ min: -1, max: 1, noNaN: true }), (audits, similarity) => {
        const trust = after(audits);
        const right = trust.tallies.reduce((sum, one) => sum + one.audits - one.wrong, 0);
        if (right < 299) expect(verdict(trust, { similarity }, TERMS).serve).toBe(false);
      }),
    );
  });

  it("who is served would be served if more similar, and with a larger budget", ({ expect }) => {
    const similarity = fc.double({ min: 0.6, max: 1, noNaN: true });
    fc.assert(
      fc.property(openings, similarity, similarity, (audits, a, b) => {
        const trust = after(audits);
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const served = verdict(trust, { similarity: low }, TERMS);
        const closer = verdict(trust, { similarity: high }, TERMS);
        expect(closer.upper).toBeLessThanOrEqual(served.upper);
        if (served.serve) expect(closer.serve).toBe(true);
        if (served.serve)
          expect(verdict(trust, { similarity: low }, { budget: 0.05 }).serve).toBe(true);
      }),
    );
  });

  it("the order of misses makes no difference to what is known", ({ expect }) => {
    const misses = fc.array(
      audit.map(({ similarity, isRight, auditShare }): Audit => ({
        similarity,
        isRight,
        wasServed: false,
        generation: 0,
        auditShare: auditShare > 0.5 ? 1 : 0.5, // Their inverses add up without an error.
      })),
    );
    fc.assert(
      fc.property(misses, fc.nat(), (audits, seed) => {
        const shuffled = shuffle([...audits], randomFrom(seed));
        const [one, other] = [after(shuffled), after(audits)].map(({ tallies }) =>
          tallies.map(({ audits: count, wrong, pairs }) => ({ count, wrong, pairs })),
        );
        expect(one).toEqual(other);
      }),
    );
  });

  it("the state is small, and the same after it was written down", ({ expect }) => {
    fc.assert(
      fc.property(history, (audits) => {
        const trust = after(audits);
        const text = JSON.stringify(trust);
        expect(text.length).toBeLessThan(16_384);
        expect(readTrust(JSON.parse(text), TERMS)).toEqual(trust);
      }),
    );
  });

  it("an audit is what its schema reads", ({ expect }) => {
    fc.assert(
      fc.property(audit, (one) => {
        expect(auditSchema.parse(one)).toEqual(one);
      }),
    );
  });
});

describe("the state", () => {
  it("stays below 16 KiB with every list full", ({ expect }) => {
    let trust = emptyTrust(TERMS);
    for (let k = 0; k < 20_000; k++) {
      const cluster = `${k}`.padStart(16, "f");
      const similarity = LADDER[k % LADDER.length]! + 1e-4;
      trust = observe(
        trust,
        { ...RIGHT, similarity, cluster, auditShare: 0.07, isRight: k % 7 > 0 },
        TERMS,
      );
    }
    expect(JSON.stringify(trust).length).toBeLessThan(8_192);
    expect(trustSchema.parse(trust)).toEqual(trust);
  });

  it("fades: no step knows more than its last few thousand audits", ({ expect }) => {
    const trust = after(times(9_000, RIGHT));
    expect(trust.tallies.at(-1)!.audits).toBeLessThan(4_096);
    const worse = after(times(60, WRONG), trust);
    expect(switchState(trust, TERMS)).toBe("on");
    expect(switchState(worse, TERMS)).toBe("learning");
  });

  it.for<[string, unknown]>([
    ["nothing", undefined],
    ["a text", "{}"],
    ["another version", { ...emptyTrust(TERMS), version: 2 }],
    ["a field more", { ...emptyTrust(TERMS), more: 1 }],
    ["too few steps", { ...emptyTrust(TERMS), upper: [0] }],
    [
      "more wrong than audited",
      {
        ...emptyTrust(TERMS),
        tallies: LADDER.map(() => ({ audits: 1, wrong: 2, pairs: 1, streak: 0 })),
      },
    ],
    ["no number", { ...emptyTrust(TERMS), boundAt: NaN }],
  ])("that is %s is read as an empty one", ([, kept], { expect }) => {
    expect(readTrust(kept, TERMS)).toEqual(emptyTrust(TERMS));
  });

  it("that is anything at all is read without a throw, and serves only if it is a state", ({
    expect,
  }) => {
    fc.assert(
      fc.property(fc.anything(), (kept) => {
        expect(readTrust(kept, TERMS)).toEqual(emptyTrust(TERMS));
      }),
    );
  });
});

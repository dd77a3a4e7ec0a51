/** What commands do to a rollout: tables of each, and what holds of any sequence of them. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { rolloutSchema, type NamedRelease, type Rollout } from "../../../router-models/rollout.ts";
import {
  namesIn,
  pinned,
  promoted,
  published,
  repeated,
  rolledBack,
  tried,
  unpinned,
} from "../../../scripts/releasing/changes.ts";

const NOW_MS = Date.parse("2026-11-23T10:00:00Z");

function release(number: number): NamedRelease {
  return { id: number.toString(16).padStart(64, "0"), version: `1.0.${number}` };
}

const FIRST = published(undefined, release(1), NOW_MS);
const TRIAL = tried(FIRST, { release: release(2), share: 0.1, tenants: { bank: 0 } }, NOW_MS);

describe("published", () => {
  it("begins with the time in seconds, so that what begins anew is newer", ({ expect }) => {
    expect(FIRST).toEqual({
      format: 1,
      serial: NOW_MS / 1000,
      at: "2026-11-23T10:00:00.000Z",
      serving: release(1),
    });
  });

  it("ends a trial, keeps pins, and remembers what served", ({ expect }) => {
    const before = pinned(TRIAL, { tenant: "shop", release: release(9) }, NOW_MS);
    expect(published(before, release(3), NOW_MS)).toEqual({
      ...FIRST,
      serial: before.serial + 1,
      serving: release(3),
      previous: release(1),
      pins: { shop: release(9) },
    });
  });

  it("of the same release again forgets nothing, and is a new serial", ({ expect }) => {
    const second = published(FIRST, release(2), NOW_MS);
    expect(published(second, release(2), NOW_MS)).toEqual({ ...second, serial: FIRST.serial + 2 });
  });
});

describe("tried", () => {
  it("has the serial of its own rollout, and the shares given", ({ expect }) => {
    const serial = FIRST.serial + 1;
    const trial = { ...release(2), serial, share: 0.1, tenants: { bank: 0 } };
    expect(TRIAL).toEqual({ ...FIRST, serial, trial });
  });

  it("stays as it is when it is only signed anew", ({ expect }) => {
    expect(repeated(TRIAL, NOW_MS)).toEqual({ ...TRIAL, serial: TRIAL.serial + 1 });
  });

  it("of the same release again is another trial", ({ expect }) => {
    const again = tried(TRIAL, { release: release(2), share: 0.5 }, NOW_MS);
    expect(again.trial).toEqual({ ...release(2), serial: TRIAL.serial + 1, share: 0.5 });
  });
});

describe("promoted", () => {
  it("serves the candidate, or widens its trial, which stays the same trial", ({ expect }) => {
    const { trial: _, ...rest } = TRIAL;
    expect(promoted(TRIAL, {}, NOW_MS)).toEqual({
      ...rest,
      serial: TRIAL.serial + 1,
      serving: release(2),
      previous: release(1),
    });
    const wider = promoted(TRIAL, { share: 0.5, tenants: { shop: 1 } }, NOW_MS);
    expect(wider.trial).toEqual({ ...TRIAL.trial, share: 0.5, tenants: { bank: 0, shop: 1 } });
    expect(promoted(wider, { tenants: { shop: 0.2 } }, NOW_MS).trial).toMatchObject({
      share: 0.5,
      tenants: { bank: 0, shop: 0.2 },
    });
    expect(() => promoted(FIRST, {}, NOW_MS)).toThrow(/There is no trial/);
  });
});

describe("rolledBack", () => {
  it("ends a trial first, then goes back once", ({ expect }) => {
    const { trial: _, ...rest } = TRIAL;
    expect(rolledBack(TRIAL, NOW_MS)).toEqual({ ...rest, serial: TRIAL.serial + 1 });
    const back = rolledBack(promoted(TRIAL, {}, NOW_MS), NOW_MS);
    expect(back.serving).toEqual(release(1));
    expect(() => rolledBack(back, NOW_MS)).toThrow(/nothing is known to have served before/);
  });
});

describe("pinned and unpinned", () => {
  it("are inverse, and leave the trial as it is", ({ expect }) => {
    const one = pinned(TRIAL, { tenant: "shop", release: release(3) }, NOW_MS);
    const two = pinned(one, { tenant: "constructor", release: release(3) }, NOW_MS);
    expect(two.trial).toEqual(TRIAL.trial);
    expect(namesIn(two)).toEqual([
      { release: release(1), roles: ["serving"] },
      { release: release(2), roles: ["trial"] },
      { release: release(3), roles: ["pin of shop", "pin of constructor"] },
    ]);
    const none = unpinned(unpinned(two, "shop", NOW_MS), "constructor", NOW_MS);
    expect(none).toEqual({ ...TRIAL, serial: TRIAL.serial + 4 });
    expect(() => unpinned(none, "shop", NOW_MS)).toThrow(/"shop" is not pinned/);
  });
});

const some = fc.integer({ min: 1, max: 5 }).map(release);
const changes = fc.oneof(
  some.map((named) => (before: Rollout) => published(before, named, NOW_MS)),
  some.map((named) => (before: Rollout) => tried(before, { release: named, share: 0.5 }, NOW_MS)),
  fc.constant((before: Rollout) => promoted(before, {}, NOW_MS)),
  fc.constant((before: Rollout) => promoted(before, { share: 0.9 }, NOW_MS)),
  fc.constant((before: Rollout) => rolledBack(before, NOW_MS)),
  some.map(
    (named) => (before: Rollout) => pinned(before, { tenant: "shop", release: named }, NOW_MS),
  ),
  fc.constant((before: Rollout) => unpinned(before, "shop", NOW_MS)),
);

describe("any change", () => {
  it("is a rollout again, one serial higher; a trial keeps its own", ({ expect }) => {
    fc.assert(
      fc.property(fc.array(changes, { maxLength: 20 }), (script) => {
        let rollout = FIRST;
        for (const change of script) {
          let after: Rollout;
          try {
            after = change(rollout);
          } catch {
            continue; // Said by name above.
          }
          expect(rolloutSchema.parse(after)).toEqual(after);
          expect(after.serial).toBe(rollout.serial + 1);
          if (after.trial !== undefined)
            expect([rollout.trial?.serial, after.serial]).toContain(after.trial.serial);
          expect(after.previous?.id).not.toBe(after.serving.id);
          rollout = after;
        }
      }),
    );
  });
});

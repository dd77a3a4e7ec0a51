/** The shelf under any sequence of rollouts: never too full, never without what serves, nothing released in use. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import type { Rollout } from "../../../router-models/rollout.ts";
import { MAX_LOADED, ReleaseShelf, wantedBy } from "../../../worker/inference/release-shelf.ts";

interface Fake {
  readonly id: string;
  releases: number;
  release(): Promise<void>;
}

function fake(id: string): Fake {
  return {
    id,
    releases: 0,
    async release() {
      this.releases++;
    },
  };
}

function named(number: number): Rollout["serving"] {
  return { id: number.toString(16).padStart(64, "0"), version: String(number) };
}

function rolloutOf(serving: number, trial: number | undefined, pins: readonly number[]): Rollout {
  return {
    format: 1,
    serial: 1,
    at: "2026-11-23T00:00:00Z",
    serving: named(serving),
    ...(trial !== undefined && { trial: { ...named(trial), serial: 1, share: 0.5 } }),
    pins: Object.fromEntries(pins.map((pin, i) => [`tenant-${i}`, named(pin)])),
  };
}

const some = fc.nat(9);
const rollouts = fc.array(
  fc.tuple(some, fc.option(some, { nil: undefined }), fc.array(some, { maxLength: 5 }), fc.nat()),
  { maxLength: 20 },
);

describe("ReleaseShelf", () => {
  it("holds at most four, and what serves until something else does", ({ expect }) => {
    fc.assert(
      fc.property(rollouts, (script) => {
        const made = [fake(named(0).id)];
        const shelf = new ReleaseShelf(made[0]!, () => {});
        for (const [serving, trial, pins, failing] of script) {
          const ids = wantedBy(rolloutOf(serving, trial, pins)).map(({ id }) => id);
          shelf.putInService(ids[0]!);
          shelf.keepOnly(ids);
          for (const [i, id] of ids.entries()) {
            if (shelf.get(id) || !shelf.makeRoomFor(id, ids) || failing % 5 === i) continue;
            const release = fake(id);
            made.push(release);
            shelf.put(release);
            shelf.putInService(ids[0]!);
          }
          const held = made.filter(({ releases }) => releases === 0);
          expect(held.length).toBeLessThanOrEqual(MAX_LOADED);
          for (const release of held) expect(shelf.get(release.id)?.value).toBe(release);
          expect(shelf.inService.value.releases).toBe(0);
          if (shelf.get(ids[0]!)) expect(shelf.inService.value.id).toBe(ids[0]);
        }
        for (const { releases } of made) expect(releases).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("makes room by the least wanted, and not for what is wanted less", ({ expect }) => {
    const ids = [1, 2, 3, 4].map((number) => named(number).id);
    const shelf = new ReleaseShelf(fake("old"), () => {});
    for (const id of ids.slice(1)) shelf.put(fake(id));
    expect(shelf.makeRoomFor(ids[0]!, ids)).toBe(true);
    expect(shelf.get(ids[3]!)).toBeUndefined();
    shelf.put(fake(ids[0]!));
    expect(shelf.makeRoomFor(ids[3]!, ids)).toBe(false);
    expect([...ids.slice(0, 3), "old"].map((id) => shelf.get(id)?.value.id)).toEqual([
      ...ids.slice(0, 3),
      "old",
    ]);
  });
});

describe("wantedBy", () => {
  it("names each once: what serves, what is tried, what is pinned", ({ expect }) => {
    const versions = wantedBy(rolloutOf(1, 2, [3, 2, 1, 4, 5])).map(({ version }) => version);
    expect(versions).toEqual(["1", "2", "3", "4"]);
  });
});

/** One flight for all who ask the same at once, on a clock that the test moves. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import {
  Flights,
  LEASE_MS,
  REMEMBERED_MS,
  WAIT_MS,
  type Boarding,
} from "../../../../worker/cache/answers/flights.ts";
import { manualTimers } from "../../fixture/timers.ts";

const ANSWER = new Uint8Array([1, 2, 3]);

function airport() {
  const timers = manualTimers();
  let leases = 0;
  const { clock, pause } = timers;
  const flights = new Flights({ clock, pause, mintLease: () => `lease-${++leases}` });
  return { flights, timers };
}

/** The boarding of somebody who must not have to wait. */
async function lead(flights: Flights, key = "k"): Promise<string> {
  const boarding = await flights.board(key);
  if (boarding.kind !== "lead") throw new Error(`told to be ${boarding.kind}`);
  return boarding.lease;
}

/** Until every promise that can go on has gone on. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

describe("Flights", () => {
  it("has one lead and hands all others what it brings", async ({ expect }) => {
    const { flights } = airport();
    const lease = await lead(flights);
    const waiting = Array.from({ length: 500 }, () => flights.board("k"));
    expect(await flights.board("another")).toMatchObject({ kind: "lead" });
    flights.land("k", lease, ANSWER);
    for (const boarding of await Promise.all(waiting))
      expect(boarding).toEqual({ kind: "answer", answer: ANSWER });
  });

  it("remembers what was brought for a minute", async ({ expect }) => {
    const { flights, timers } = airport();
    flights.land("k", await lead(flights), ANSWER);
    timers.advance(REMEMBERED_MS - 1);
    expect(await flights.board("k")).toEqual({ kind: "answer", answer: ANSWER });
    timers.advance(1);
    expect(await flights.board("k")).toMatchObject({ kind: "lead" });
  });

  it("remembers no more than there is memory for, the latest", async ({ expect }) => {
    const { flights } = airport();
    const large = new Uint8Array(6 << 20);
    for (const key of ["a", "b", "c"]) flights.land(key, await lead(flights, key), large);
    expect(await flights.board("a")).toMatchObject({ kind: "lead" });
    expect(await flights.board("b")).toMatchObject({ kind: "answer" });
    expect(await flights.board("c")).toMatchObject({ kind: "answer" });
    flights.land("d", await lead(flights, "d"), new Uint8Array(17 << 20));
    expect(await flights.board("d")).toMatchObject({ kind: "answer" });
    expect(await flights.board("c")).toMatchObject({ kind: "lead" });
  });

  it("sends those who wait on their own ways where an answer is not for them", async ({
    expect,
  }) => {
    const { flights } = airport();
    const lease = await lead(flights);
    const waiting = [flights.board("k"), flights.board("k")];
    flights.land("k", lease, "not_for_others");
    expect(await Promise.all(waiting)).toEqual([{ kind: "alone" }, { kind: "alone" }]);
    expect(await flights.board("k")).toMatchObject({ kind: "lead" });
  });

  it("has one of those who wait follow a lead that failed, and disbands after two", async ({
    expect,
  }) => {
    const { flights } = airport();
    const told: Boarding[] = [];
    const first = await lead(flights);
    for (let i = 0; i < 5; i++) void flights.board("k").then((boarding) => told.push(boarding));
    await quiet();
    flights.land("k", first, "failed");
    await quiet();
    expect(told).toEqual([{ kind: "lead", lease: "lease-2" }]);
    flights.land("k", "lease-2", "failed");
    await quiet();
    expect(told.slice(1)).toEqual(Array.from({ length: 4 }, () => ({ kind: "alone" })));
    expect(await flights.board("k")).toMatchObject({ kind: "lead" });
  });

  it("begins anew after a failure that nobody waited for", async ({ expect }) => {
    const { flights } = airport();
    for (let i = 0; i < 5; i++) flights.land("k", await lead(flights), "failed");
    expect(await flights.board("k")).toMatchObject({ kind: "lead" });
  });

  it("has a silent lead followed when its lease is over, and not before", async ({ expect }) => {
    const { flights, timers } = airport();
    const lease = await lead(flights);
    let told: Boarding | undefined;
    void flights.board("k").then((boarding) => (told = boarding));
    await quiet();
    timers.advance(LEASE_MS - 1);
    await quiet();
    expect(flights.renew("k", lease)).toBe(true);
    timers.advance(LEASE_MS - 1);
    await quiet();
    expect(told).toBeUndefined();
    timers.advance(1);
    await quiet();
    expect(told).toMatchObject({ kind: "lead" });
    expect(flights.renew("k", lease)).toBe(false);
  });

  it("takes an answer from a lead whose lease is over, and no refusal", async ({ expect }) => {
    const { flights, timers } = airport();
    const late = await lead(flights);
    timers.advance(LEASE_MS);
    await lead(flights);
    const waiting = flights.board("k");
    flights.land("k", late, "not_for_others");
    flights.land("k", late, "failed");
    await quiet();
    flights.land("k", late, ANSWER);
    expect(await waiting).toEqual({ kind: "answer", answer: ANSWER });
  });

  it("lets nobody wait longer than it says", async ({ expect }) => {
    const { flights, timers } = airport();
    const lease = await lead(flights);
    let told: Boarding | undefined;
    void flights.board("k").then((boarding) => (told = boarding));
    for (let waited = 0; waited < WAIT_MS; waited += LEASE_MS / 2) {
      await quiet();
      expect(told).toBeUndefined();
      flights.renew("k", lease);
      timers.advance(LEASE_MS / 2);
    }
    await quiet();
    expect(told).toEqual({ kind: "alone" });
  });

  it("forgets everything when it is cleared", async ({ expect }) => {
    const { flights } = airport();
    flights.land("landed", await lead(flights, "landed"), ANSWER);
    await lead(flights);
    const waiting = flights.board("k");
    await quiet();
    flights.clear();
    expect(await waiting).toEqual({ kind: "alone" });
    expect(await flights.board("landed")).toMatchObject({ kind: "lead" });
  });

  it("never has two good leases of one key, whatever happens", async ({ expect }) => {
    const step = fc.oneof(
      fc.constant("board"),
      fc.constant("renew"),
      fc.constant("answer"),
      fc.constant("not_for_others"),
      fc.constant("failed"),
      fc.integer({ min: 1, max: LEASE_MS }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { flights, timers } = airport();
        const leases: { lease: string; atMs: number }[] = [];
        let waiting = 0;
        const said = new Set<string>();
        for (const now of steps) {
          if (typeof now === "number") timers.advance(now);
          if (now === "board") {
            waiting++;
            void flights.board("k").then((boarding) => {
              waiting--;
              if (boarding.kind === "lead")
                leases.push({ lease: boarding.lease, atMs: timers.clock.nowMs() });
            });
          }
          const lease = leases.at(-1)?.lease ?? "none";
          if (now === "answer") flights.land("k", lease, ANSWER);
          if (now === "not_for_others" || now === "failed") flights.land("k", lease, now);
          if (now !== "board" && now !== "renew" && typeof now === "string") said.add(lease);
          await quiet();
          const good = leases.filter(({ lease: one }) => flights.renew("k", one));
          expect(good.length).toBeLessThanOrEqual(1);
          for (const { lease: one } of good) expect(said.has(one)).toBe(false);
        }
        // Renewed by the looking, so the wait itself must end them.
        for (let waited = 0; waited <= WAIT_MS + LEASE_MS; waited += LEASE_MS) {
          timers.advance(LEASE_MS);
          await quiet();
        }
        expect(waiting).toBe(0);
      }),
    );
  });
});

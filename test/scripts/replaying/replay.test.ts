/**
 * Decisions made again: what was decided comes out equal to the last bit, from features, from a prompt and from logged
 * scores, and one planted bit in any field is found.
 */
import * as fc from "fast-check";
import { beforeAll, describe, it } from "vitest";
import { differencesOf } from "../../../scripts/replaying/compare.ts";
import { makeAgain, replayAll } from "../../../scripts/replaying/replay.ts";
import type { DecisionRecord } from "../../../worker/domain/event.ts";
import { isRecord } from "../../../worker/lib/json.ts";
import {
  asLog,
  madeRecord,
  madeRecords,
  madeWorld,
  workshopOf,
  type MadeWorld,
} from "./made-log.ts";

let world: MadeWorld;
beforeAll(async () => {
  world = await madeWorld();
});

async function differences(record: DecisionRecord): Promise<string[]> {
  const again = await makeAgain(record, workshopOf(world));
  if ("why" in again) throw new Error(again.why);
  return differencesOf(record, again).map(({ field }) => field);
}

describe("a decision made again", () => {
  it("is what was decided, whatever is kept of its prompt", async ({ expect }) => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        fc.nat(1 << 30),
        fc.constantFrom("decisions" as const, "features" as const, "prompts" as const),
        async (seed, detail) => {
          const record = await madeRecord(world, { seed, detail });
          if (record === undefined) return;
          seen.add(record.decision.reason);
          expect(await differences(record)).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
    expect([...seen]).toEqual(
      expect.arrayContaining(["best_utility", "pinned", "explored", "cheapest_above_floor"]),
    );
  });

  it("is made from the prompt where the features are of another table", async ({ expect }) => {
    const record = (await madeRecord(world, { seed: 3, detail: "prompts" }))!;
    const other = { ...record, features: { ...record.features!, tableRows: 2048 } };
    const again = await makeAgain(other, workshopOf(world));
    expect("read" in again && again.read !== undefined).toBe(true);
    expect(await differences(other)).toEqual([]);
  });

  it("differs where one bit of any field was changed", async ({ expect }) => {
    const records = await madeRecords(world, 60);
    const kinds = new Set<string>();
    for (const record of records)
      for (const path of leavesOf({ decision: record.decision, difficulty: record.difficulty })) {
        // What a model's call would take is a fact of the moment: it is read from here, not made again.
        if (/[mM]s$|P90Ms$/.test(path.at(-1)!)) continue;
        kinds.add(path.filter((part) => !/^\d+$|\//.test(part)).join("."));
        const found = await differences(changedAt(record, path));
        expect(found.length, path.join(".")).toBeGreaterThan(0);
      }
    expect([...kinds].toSorted()).toEqual(
      [
        "decision.attempts",
        "decision.beyond.costP50MicroUsd",
        "decision.beyond.costP90MicroUsd",
        "decision.beyond.model",
        "decision.beyond.outputTokensP50",
        "decision.beyond.score",
        "decision.beyond.standing",
        "decision.candidates.costP50MicroUsd",
        "decision.candidates.costP90MicroUsd",
        "decision.candidates.model",
        "decision.candidates.outputTokensP50",
        "decision.candidates.score",
        "decision.candidates.standing",
        "decision.excluded.model",
        "decision.excluded.why",
        "decision.floor",
        "decision.isCertified",
        "decision.lambda",
        "decision.propensities",
        "decision.reason",
        "decision.reference",
        "difficulty",
      ].toSorted(),
    );
  });

  it("names the field and both values", async ({ expect }) => {
    const record = (await madeRecord(world, { seed: 5, isPlain: true, policy: {} }))!;
    const score = record.decision.candidates[0]!.score;
    const wrong = changedAt(record, ["decision", "candidates", "0", "score"]);
    const again = await makeAgain(wrong, workshopOf(world));
    if ("why" in again) throw new Error(again.why);
    const found = differencesOf(wrong, again);
    expect(found).toEqual([
      {
        field: "decision.candidates.0.score",
        logged: wrong.decision.candidates[0]!.score,
        again: score,
      },
    ]);
  });

  it("differs where the prompt's features were changed", async ({ expect }) => {
    const record = (await madeRecord(world, { seed: 8, isPlain: true, policy: {} }))!;
    const other = (await madeRecord(world, { seed: 9, isPlain: true, policy: {} }))!;
    expect((await differences({ ...record, features: other.features })).length).toBeGreaterThan(0);
  });
});

describe("replayAll", () => {
  it("counts what is equal, what differs, and what could not be made again", async ({ expect }) => {
    const read = await madeRecords(world, 5, { isPlain: true, policy: {} });
    const scored = await madeRecords(world, 3, {
      isPlain: true,
      policy: {},
      detail: "decisions",
      tenant: "bare",
    });
    const first = read[0]!;
    const log: DecisionRecord[] = [
      ...read,
      ...scored,
      first, // Twice in the log, once a decision.
      { ...first, id: "other-prices", catalog: "000000000000" },
      { ...first, id: "other-weights", release: "f".repeat(64), weights: "9.9.9@ffffffffffff" },
      { ...first, id: "other-words", needs: { ...first.needs, capabilities: ["telepathy"] } },
      { ...first, id: "wrong", decision: { ...first.decision, lambda: 0.0800001 } },
    ];
    const report = await replayAll(asLog(log), workshopOf(world));
    expect(report).toMatchObject({
      decisions: 12,
      equal: 5,
      equalFromScores: 3,
      differing: 1,
      named: [{ id: "wrong", tenant: "acme", differences: [{ field: "decision.lambda" }] }],
    });
    expect([...report.skipped]).toEqual([
      ["another catalogue, 000000000000", 1],
      ["other weights, 9.9.9@ffffffffffff", 1],
      ['the word "telepathy" is not known here', 1],
    ]);
    expect([...report.weights.values()]).toEqual([11, 1]);
  });
});

/** Where every number, word and flag of a value lies. */
function leavesOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (Array.isArray(value)) return value.flatMap((item, i) => leavesOf(item, [...path, `${i}`]));
  if (isRecord(value))
    return Object.entries(value).flatMap(([name, own]) => leavesOf(own, [...path, name]));
  return value === undefined ? [] : [path];
}

/** The same record with the least change of one field. */
function changedAt(record: DecisionRecord, path: readonly string[]): DecisionRecord {
  const copy = structuredClone(record);
  let holder: unknown = copy;
  for (const part of path.slice(0, -1)) holder = Reflect.get(Object(holder), part);
  const name = path.at(-1)!;
  const value: unknown = Reflect.get(Object(holder), name);
  Reflect.set(Object(holder), name, changed(value));
  return copy;
}

function changed(value: unknown): unknown {
  if (typeof value === "number") return nextFloat(value);
  if (typeof value === "boolean") return !value;
  return value === "too_slow"
    ? "too_expensive"
    : value === "not_allowed"
      ? "not_placed"
      : "other/one";
}

/** The next double, one bit away. */
function nextFloat(value: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setBigUint64(0, view.getBigUint64(0) ^ 1n);
  return view.getFloat64(0);
}

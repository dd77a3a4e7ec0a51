/** Records on their way to a journal: together where they can be, a few times where it fails, none held for ever. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import {
  MAX_RECORD_UNITS,
  MAX_RECORDS,
  Recorder,
  type Journal,
  type Recorded,
} from "../../../../worker/learning/journal/recorder.ts";
import type { Pause } from "../../../../worker/lib/pause.ts";
import { manualTimers } from "../../fixture/timers.ts";
import { decided, said } from "./made-up-records.ts";

type Append = Journal["append"];

/** A recorder whose pauses are over when a test says so. */
function recorderOver(append: Append, pauseOf = (pause: Pause) => pause) {
  const timers = manualTimers();
  const log: Recorded[] = [];
  const recorder = new Recorder({
    journalOf: () => ({ append }),
    fileAfterMs: 1_000,
    clock: timers.clock,
    pause: pauseOf(timers.pause),
    random: () => 0.5,
    log: (event) => void log.push(event),
  });
  return { recorder, log, timers };
}

function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** A journal whose answers come when a test says so. */
function waitingJournal() {
  const calls: {
    ids: string[];
    days: number;
    answer: (refused?: number[]) => void;
    fail: () => void;
  }[] = [];
  function append(lines: readonly string[], { days }: { days: number }): ReturnType<Append> {
    return new Promise((resolve, reject) => {
      calls.push({
        ids: lines.map((line) => String(JSON.parse(line).id)),
        days,
        answer: (refused = []) => resolve({ refused }),
        fail: () => reject(new Error("no journal")),
      });
    });
  }
  return { calls, append };
}

describe("a recorder", () => {
  it("sends what comes during a call with the next one, under the days that were said last", async ({
    expect,
  }) => {
    const { calls, append } = waitingJournal();
    const { recorder, log } = recorderOver(append);
    const first = recorder.record([decided("a")], { events_days: 7 });
    const others = ["b", "c", "d"].map((id) => recorder.record([decided(id), said(id)]));
    expect(calls.map(({ ids, days }) => [ids, days])).toEqual([[["a"], 7]]);
    calls[0]!.answer();
    await first;
    await settle();
    expect(calls[1]).toMatchObject({ ids: ["b", "b", "c", "c", "d", "d"], days: 7 });
    calls[1]!.answer();
    await Promise.all(others);
    expect(calls).toHaveLength(2);
    expect(log.filter(({ event }) => event === "events_kept")).toMatchObject([
      { count: 1 },
      { count: 6 },
    ]);
    const kept = log.flatMap((line) =>
      line.event === "event_kept" ? [`${line.request_id} ${line.kind}`] : [],
    );
    expect(kept).toEqual([
      "a decision",
      ...["b", "c", "d"].flatMap((id) => [`${id} decision`, `${id} feedback`]),
    ]);
  });

  it("keeps each tenant's apart", async ({ expect }) => {
    const { calls, append } = waitingJournal();
    const { recorder } = recorderOver(append);
    const both = [
      recorder.record([decided("a")]),
      recorder.record([decided("b", { tenant: "another" })]),
    ];
    expect(calls.map(({ ids }) => ids)).toEqual([["a"], ["b"]]);
    for (const { answer } of calls) answer();
    await Promise.all(both);
  });

  it("tries again after pauses, and drops what nobody takes with one line", async ({ expect }) => {
    let tries = 0;
    const { recorder, log, timers } = recorderOver(async () => {
      tries += 1;
      throw new Error("no journal");
    });
    const done = recorder.record([decided("a"), decided("b")]);
    for (let at = 0; at < 10; at++) {
      await settle();
      timers.advance(10_000);
    }
    await done;
    expect(tries).toBe(4);
    expect(log).toEqual([
      {
        event: "events_dropped",
        tenant: "shop",
        count: 2,
        why: "unreachable",
        reason: "no journal",
      },
    ]);
  });

  it("says what a journal refuses, and holds no more of it", async ({ expect }) => {
    const { recorder, log } = recorderOver(async () => ({ refused: [1] }));
    await recorder.record([decided("a"), decided("b"), decided("c")]);
    expect(log).toMatchObject([
      { event: "events_dropped", count: 1, why: "refused" },
      { event: "events_kept", count: 2 },
      { event: "event_kept", request_id: "a" },
      { event: "event_kept", request_id: "c" },
    ]);
  });

  it("drops what it has no room for, and has room again later", async ({ expect }) => {
    const { calls, append } = waitingJournal();
    const { recorder, log } = recorderOver(append);
    const one = recorder.record(Array.from({ length: MAX_RECORDS + 3 }, (_, at) => said(`r${at}`)));
    await recorder.record([said("too-late")]);
    expect(log).toMatchObject([
      { event: "events_dropped", count: 3, why: "no_room" },
      { event: "events_dropped", count: 1, why: "no_room" },
    ]);
    for (let at = 0; at < calls.length; at++) {
      calls[at]!.answer();
      await settle();
    }
    await one;
    expect(calls.flatMap(({ ids }) => ids)).toHaveLength(MAX_RECORDS);
    expect(Math.max(...calls.map(({ ids }) => ids.length))).toBe(500);
    const next = recorder.record([said("later")]);
    calls.at(-1)!.answer();
    await next;
    expect(log.at(-1)).toMatchObject({ event: "event_kept", request_id: "later" });
  });

  it("leaves a prompt away that is too long, and the record where that does not help", async ({
    expect,
  }) => {
    const lines: string[] = [];
    const { recorder, log } = recorderOver(async (sent) => {
      lines.push(...sent);
      return { refused: [] };
    });
    const text = "x".repeat(MAX_RECORD_UNITS);
    const prompt = {
      turns: [{ role: "user" as const, text }],
      imageCount: 0,
      toolCount: 0,
      wantsJson: false,
    };
    await recorder.record([decided("a", { prompt }), decided("b", { task: text })]);
    expect(lines.map((line) => JSON.parse(line))).toEqual([decided("a")]);
    expect(log[0]).toMatchObject({ event: "events_dropped", count: 1 });
  });

  it("takes over from a call whose request has ended without a word", async ({ expect }) => {
    const { calls, append } = waitingJournal();
    // The context of a request that has ended is gone with its timers: no try of its call ever fails.
    const { recorder, log, timers } = recorderOver(
      append,
      (pause) => (ms, signal) => (ms === 6_000 ? new Promise(() => {}) : pause(ms, signal)),
    );
    void recorder.record([decided("a")]);
    const second = recorder.record([decided("b")]);
    await settle();
    expect(calls).toHaveLength(1);
    timers.advance(30_000);
    await settle();
    expect(calls[1]).toMatchObject({ ids: ["a", "b"] });
    calls[1]!.answer();
    await second;
    calls[0]!.answer();
    await settle();
    const kept = log.flatMap((line) => (line.event === "event_kept" ? [line.request_id] : []));
    expect(kept).toEqual(["a", "b"]);
  });

  it("loses and repeats nothing that a journal acknowledges, however calls end", async ({
    expect,
  }) => {
    const step = fc.record({
      tenant: fc.constantFrom("one", "two"),
      count: fc.integer({ min: 1, max: 3 }),
      fails: fc.integer({ min: 0, max: 2 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        let fails = 0;
        const kept = new Set<string>();
        const { recorder, log, timers } = recorderOver(async (lines) => {
          const isLost = fails > 0 && fails-- > 0;
          // An acknowledgement that is lost on its way: the rows are there.
          for (const line of lines) kept.add(String(JSON.parse(line).id));
          if (isLost) throw new Error("lost");
          return { refused: [] };
        });
        const wanted: string[] = [];
        const done = steps.map(({ tenant, count, fails: more }, at) => {
          fails += more;
          const ids = Array.from({ length: count }, (_, index) => `${at}-${index}`);
          wanted.push(...ids);
          return recorder.record(ids.map((id) => decided(id, { tenant })));
        });
        for (let turns = 0; turns < 20; turns++) {
          await settle();
          timers.advance(5_000);
        }
        await Promise.all(done);
        const told = log.flatMap((line) => (line.event === "event_kept" ? [line.request_id] : []));
        const dropped = log.reduce(
          (sum, line) => sum + (line.event === "events_dropped" ? line.count : 0),
          0,
        );
        expect(new Set(told).size).toBe(told.length);
        expect(told.length + dropped).toBe(wanted.length);
        for (const id of told) expect(kept.has(id)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});

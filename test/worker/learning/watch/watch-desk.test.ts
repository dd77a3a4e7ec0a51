/** What an isolate knows of the watch: asked for seldom, believed until something else is told, joined with lessons. */
import { describe, it } from "vitest";
import type { Lesson } from "../../../../worker/domain/lessons.ts";
import { ASK_MS, WatchDesk } from "../../../../worker/learning/watch/watch-desk.ts";
import type { WatchReport } from "../../../../worker/learning/watch/watch-object.ts";

const ASKED = { tenant: "shop", weights: "w", demand: [], isExploring: false };
const TRAFFIC = { shares: [], novelty: 0.25 };

function isolate(others?: Lesson) {
  const told: WatchReport[] = [];
  const events: Record<string, unknown>[] = [];
  const taught: [string, unknown][] = [];
  let [nowMs, asked] = [1_000_000, 0];
  const desk = new WatchDesk({
    object: () => ({
      async report() {
        asked++;
        const next = told.shift();
        if (next === undefined) throw new Error("not there");
        return next;
      },
      async teach(weights, traffic) {
        taught.push([weights, traffic]);
      },
      metrics: async () => "text",
    }),
    clock: { nowMs: () => nowMs },
    trafficOf: (weights) => (weights === "known" ? TRAFFIC : undefined),
    ...(others !== undefined && { others: { of: () => others } }),
    log: (event) => events.push({ ...event }),
  });
  async function refresh(report?: Partial<WatchReport>): Promise<void> {
    if (report !== undefined)
      told.push({ news: { halted: [], shifts: {}, caution: 0 }, events: [], ...report });
    nowMs += ASK_MS;
    await desk.refresh();
  }
  return {
    desk,
    events,
    taught,
    refresh,
    asked: () => asked,
    pass: (ms: number) => void (nowMs += ms),
  };
}

const NEWS = { halted: [{ serial: 3, why: "reward" }], shifts: { a: -0.5, b: 0.2 }, caution: 0.02 };

describe("what an isolate knows of the watch", () => {
  it("is nothing at first and then what it was told last", async ({ expect }) => {
    const { desk, refresh } = isolate();
    expect(desk.of(ASKED)).toEqual({ lifts: new Map(), caution: 0 });
    expect(desk.halted()).toEqual(new Set());
    await refresh({ news: NEWS });
    expect(desk.of(ASKED)).toEqual({
      lifts: new Map([
        ["a", -0.5],
        ["b", 0.2],
      ]),
      caution: 0.02,
    });
    expect(desk.halted()).toEqual(new Set([3]));
    await refresh({});
    expect([desk.of(ASKED).lifts.size, desk.halted().size]).toEqual([0, 0]);
  });

  it("is asked for every ten seconds at most", async ({ expect }) => {
    const { desk, refresh, asked, pass } = isolate();
    await refresh({});
    await desk.refresh();
    pass(ASK_MS - 1);
    await desk.refresh();
    expect(asked()).toBe(1);
    await refresh({});
    expect(asked()).toBe(2);
  });

  it("stays as it was where nobody answers, and the log says so", async ({ expect }) => {
    const { desk, refresh, events } = isolate();
    await refresh({ news: NEWS });
    await refresh();
    expect(desk.halted()).toEqual(new Set([3]));
    expect(events).toEqual([{ event: "watch_unreachable", reason: "not there" }]);
  });

  it("stays as it was where the answer is none", async ({ expect }) => {
    const { desk, refresh, events } = isolate();
    await refresh({ news: { ...NEWS, shifts: { a: -7 } } });
    expect([desk.of(ASKED).lifts.size, events.length]).toEqual([0, 1]);
  });

  it("hands events to the log and tells what it knows of a release's training", async ({
    expect,
  }) => {
    const { refresh, events, taught } = isolate();
    const began = { event: "drift_began" as const, what: "prompts", atMs: 5, value: 0.3 };
    await refresh({ events: [began], wants: "known" });
    await refresh({ wants: "unknown" });
    expect([events, taught]).toEqual([[began], [["known", TRAFFIC]]]);
  });

  it("is joined with what another has learnt without counting it twice", async ({ expect }) => {
    const lifts = new Map([
      ["a", -0.4],
      ["b", -0.1],
      ["c", 0.3],
    ]);
    const { desk, refresh } = isolate({ lifts, caution: 0.05 });
    await refresh({ news: NEWS });
    const lesson = desk.of(ASKED);
    expect([...lesson.lifts]).toEqual([
      ["a", -0.5],
      ["b", 0.1],
      ["c", 0.3],
    ]);
    expect(lesson.caution).toBe(0.05);
  });

  it("has the metrics of the watch", async ({ expect }) => {
    expect(await isolate().desk.metrics()).toBe("text");
  });
});

/** Players that route as the service does, in a world where the right answer is known. */
import { afterAll, beforeAll, describe, it } from "vitest";
import { entriesOf, shareOf, sumsOf } from "../../../scripts/simulated-month/accounts.ts";
import { falseAlarms, noticed } from "../../../scripts/simulated-month/notice.ts";
import { play } from "../../../scripts/simulated-month/play.ts";
import type { Router } from "../../../scripts/simulated-month/router.ts";
import { ServedPlayer, type Coach, type Habits } from "../../../scripts/simulated-month/served.ts";
import { requestsOf, type World } from "../../../scripts/simulated-month/world.ts";
import { explorationSchema } from "../../../worker/domain/event.ts";
import { BEFORE, MODELS, train, WORLD } from "./made-up-place.ts";

const EXPLORES = explorationSchema.parse({ sharpness: 200, floor: 0.01, max_cost_ratio: 100 });
const PEOPLE = { share: 1, delayDays: 0.1, wrong: 0 };
const COACH: Coach = { known: BEFORE, probes: [], train };

let start: Router;
beforeAll(async () => {
  start = await train({ rows: BEFORE, lessons: [] }, "start");
});
afterAll(() => start.release());

async function lived(world: World, habits: Habits, { share = 1, coach = COACH, seed = 1 } = {}) {
  const requests = requestsOf(world, { count: 1_000, seed });
  const player = new ServedPlayer(world, start, { habits, coach, seed });
  const choices = await play(world, requests, { player, people: { ...PEOPLE, share, seed } });
  await player.release();
  return { player, choices, entries: entriesOf(world, requests, choices) };
}

describe("a player that is served", () => {
  it("asks whoever is good at it, and does the same again", async ({ expect }) => {
    const world: World = { ...WORLD, happenings: [{ what: "shifts", day: 5, share: 1 }] };
    const { choices } = await lived(world, {});
    const [early, late] = [choices.slice(0, 500), choices.slice(500)];
    expect(early.filter((model) => model === "counter").length).toBeGreaterThan(450);
    expect(late.filter((model) => model === "rhymer").length).toBeGreaterThan(450);
    expect((await lived(world, {})).choices).toEqual(choices);
  });

  it("tries every model where it explores", async ({ expect }) => {
    const { choices } = await lived(WORLD, { explores: EXPLORES });
    expect(new Set(choices)).toEqual(new Set(MODELS));
  });

  it("retrained on nothing is the frozen one", async ({ expect }) => {
    const frozen = await lived(WORLD, { explores: EXPLORES }, { share: 0 });
    const again = await lived(WORLD, { explores: EXPLORES, retrainsEvery: 4 }, { share: 0 });
    expect(again.player.retrainings.map(({ day, words }) => [day, words])).toEqual([
      [4, 0],
      [8, 0],
    ]);
    expect(again.choices).toEqual(frozen.choices);
  });

  it("leaves a model that has collapsed, by its words alone", async ({ expect }) => {
    const world: World = {
      ...WORLD,
      happenings: [{ what: "collapses", day: 3, model: "counter", factor: 0.1 }],
    };
    const frozen = await lived(world, {});
    expect(shareOf(frozen.entries.slice(700), "counter")).toBeGreaterThan(0.9);
    for (const habits of [{ watches: true }, { lifts: true }, { retrainsEvery: 3 }]) {
      const { entries } = await lived(world, { explores: EXPLORES, ...habits });
      expect(shareOf(entries.slice(700), "counter")).toBeLessThan(0.2);
      expect(sumsOf(entries).regret).toBeLessThan(0.7 * sumsOf(frozen.entries).regret);
    }
  });

  it("keeps its weights where the gate refuses new ones", async ({ expect }) => {
    const coach = { ...COACH, gate: () => Promise.resolve("reward") };
    const habits = { explores: EXPLORES, retrainsEvery: 4 };
    const refused = await lived(WORLD, habits, { coach });
    expect(refused.player.retrainings.every(({ refusal }) => refusal === "reward")).toBe(true);
    expect(refused.choices).toEqual((await lived(WORLD, { explores: EXPLORES })).choices);
  });
});

describe("a collapse", () => {
  it("is noticed and routed around with the watch, and not without it", async ({ expect }) => {
    const terms = {
      start,
      coach: COACH,
      exploration: EXPLORES,
      perDay: 100,
      people: PEOPLE,
      seed: 1,
    };
    const fortnight = { model: "counter", run: 1 };
    const watched = await noticed(WORLD, { ...fortnight, watches: true }, terms);
    expect(watched.share).toBeGreaterThan(0.6);
    expect(watched.untilAlarm!.words).toBeGreaterThan(5);
    expect(watched.untilAlarm!.words).toBeLessThan(100);
    expect(watched.untilAlarm!.requests).toBeLessThan(150);
    expect(watched.untilAround!).toBeGreaterThanOrEqual(200);
    const blind = await noticed(WORLD, { ...fortnight, watches: false }, terms);
    expect(blind).toEqual({ share: watched.share, untilAlarm: undefined, untilAround: undefined });
    expect(await falseAlarms(WORLD, 1, terms)).toBe(0);
  });
});

/** What happens in a month, what people say of it, and what it comes to. */
import { describe, it } from "vitest";
import { entriesOf, shareOf, sumsOf } from "../../../scripts/simulated-month/accounts.ts";
import { always, oracle, play, random } from "../../../scripts/simulated-month/play.ts";
import {
  answerAt,
  catalogAt,
  requestsOf,
  wordOn,
  type Happening,
  type World,
} from "../../../scripts/simulated-month/world.ts";
import { MODELS, WORLD } from "./made-up-place.ts";

const HAPPENINGS: readonly Happening[] = [
  { what: "appears", day: 2, model: "counter" },
  { what: "collapses", day: 4, model: "master", factor: 0.2 },
  { what: "shifts", day: 6, share: 1 },
  { what: "reprices", day: 8, model: "rhymer", factor: 4 },
];
const EVENTFUL: World = { ...WORLD, happenings: HAPPENINGS };
const PEOPLE = { share: 1, delayDays: 1, wrong: 0, seed: 3 };

describe("a month", () => {
  const requests = requestsOf(EVENTFUL, { count: 600, seed: 1 });

  it("is the same for a seed and another for another one", ({ expect }) => {
    expect(requestsOf(EVENTFUL, { count: 600, seed: 1 })).toEqual(requests);
    expect(requestsOf(EVENTFUL, { count: 600, seed: 2 })).not.toEqual(requests);
  });

  it("asks what is strange from the shift on, and every question before any again", ({
    expect,
  }) => {
    for (const { day, question } of requests)
      expect(WORLD.strange.includes(question)).toBe(day >= 6);
    const first = requests.slice(0, WORLD.familiar.length).map(({ question }) => question.gid);
    expect(new Set(first).size).toBe(WORLD.familiar.length);
  });

  it("has happenings from their moment on", ({ expect }) => {
    const question = WORLD.familiar[0]!;
    function ids(day: number): string[] {
      return catalogAt(EVENTFUL, day).map(({ id }) => id);
    }
    expect(ids(1.9)).toEqual(MODELS.filter((model) => model !== "counter"));
    expect(ids(2)).toEqual(MODELS);
    expect(answerAt(EVENTFUL, { question, day: 3.9 }, "master").quality).toBe(0.95);
    expect(answerAt(EVENTFUL, { question, day: 4 }, "master").quality).toBeCloseTo(0.19);
    function price(day: number): number {
      return catalogAt(EVENTFUL, day).find(({ id }) => id === "rhymer")!.price.outputUsdPerMTok;
    }
    expect(price(8)).toBe(4 * price(7.9));
    expect(answerAt(EVENTFUL, { question, day: 8 }, "rhymer").costMicroUsd).toBe(400);
  });
});

describe("words", () => {
  const requests = requestsOf(WORLD, { count: 4_000, seed: 1 });

  it("are as often content as answers are good, late, and of the share that speaks", ({
    expect,
  }) => {
    const some = requests.flatMap(
      (request) => wordOn(request, 0.8, { ...PEOPLE, share: 0.5 }) ?? [],
    );
    expect(some.length / requests.length).toBeCloseTo(0.5, 1);
    expect(some.reduce((sum, { score }) => sum + score, 0) / some.length).toBeCloseTo(0.8, 1);
    const waits = requests.map((request) => wordOn(request, 0.8, PEOPLE)!.day - request.day);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(0);
    expect(waits.reduce((sum, wait) => sum + wait, 0) / waits.length).toBeCloseTo(1, 1);
  });

  it("say the opposite where they are wrong", ({ expect }) => {
    for (const request of requests.slice(0, 100)) {
      const right = wordOn(request, 1, PEOPLE)!;
      expect(right.score).toBe(1);
      expect(wordOn(request, 1, { ...PEOPLE, wrong: 1 })!.score).toBe(0);
    }
  });

  it("are heard in the order in which they come, none before it is said", async ({ expect }) => {
    const heard: { said: number; at: number }[] = [];
    let now = 0;
    await play(WORLD, requests, {
      people: PEOPLE,
      player: {
        choose({ day }) {
          now = day;
          return "simple";
        },
        hear: ({ day }) => heard.push({ said: day, at: now }),
      },
    });
    const step = WORLD.days / requests.length;
    expect(heard.length).toBeGreaterThan(3_000);
    for (const { said, at } of heard) expect(said).toBeLessThanOrEqual(at + step + 1e-9);
  });
});

describe("accounts", () => {
  const requests = requestsOf(EVENTFUL, { count: 600, seed: 1 });

  it("have the oracle above everybody, without regret", async ({ expect }) => {
    const players = [always("simple"), always("master"), random(EVENTFUL, 1)];
    for (const player of players) {
      const choices = await play(EVENTFUL, requests, { player, people: PEOPLE });
      const entries = entriesOf(EVENTFUL, requests, choices);
      for (const { regret } of entries) expect(regret).toBeGreaterThanOrEqual(0);
      expect(sumsOf(entries).regret).toBeGreaterThan(1);
    }
    const best = await play(EVENTFUL, requests, { player: oracle(EVENTFUL), people: PEOPLE });
    expect(sumsOf(entriesOf(EVENTFUL, requests, best)).regret).toBe(0);
  });

  it("add up over days", ({ expect }) => {
    const entries = entriesOf(
      EVENTFUL,
      requests,
      requests.map(() => "master"),
    );
    const [early, late] = [sumsOf(entries, 0, 4), sumsOf(entries, 4)];
    expect(early.requests + late.requests).toBe(600);
    expect(early.regret + late.regret).toBeCloseTo(sumsOf(entries).regret);
    expect(late.quality / late.requests).toBeCloseTo(0.19);
    expect(sumsOf(entries).costMicroUsd).toBe(600_000);
    expect(shareOf(entries, "master")).toBe(1);
    const fresh = entries.filter(({ isFresh }) => isFresh).length;
    expect(fresh).toBe(new Set(requests.map(({ question }) => question.gid)).size);
  });
});

/**
 * What everyone who runs a router's graph must do: answer what the router's formulas say, for any prompt
 * and any panel, also when asked again before it has answered. One suite, run by every implementation.
 */
import { describe, it, onTestFinished } from "vitest";
import { extractFeatures } from "../../router-models/features/extract.ts";
import { promptOfText } from "../../router-models/features/prompt.ts";
import {
  Scorer,
  type GraphFeeds,
  type GraphRunner,
  type PanelModel,
} from "../../router-models/scorer.ts";
import { smallManifest } from "../router-models/small-manifest.ts";
import { sequence } from "../support/made-up-graph.ts";
import { plainAnswer } from "./plain-router.ts";
import { SHAPE, smallRouter, type SmallRouter } from "./small-router.ts";

export interface RunnerHost {
  readonly name: string;
  /** The suite calls `release`, where there is one, after its last `run` has resolved. */
  readonly open: (
    router: SmallRouter,
  ) => Promise<GraphRunner & { readonly release?: () => Promise<void> }>;
}

/** Of float32 sums of up to 640 terms. */
const LIMIT = 1e-5;
const TASKS = ["chat", "code", "maths", "poems"];
const PROMPTS = {
  empty: "",
  "one letter": "x",
  plain: "Which river is the longest in Europe, and where does it rise?",
  code: "```ts\nconst x: number = [1, 2, 3].at(-1);\n```\nWhy does this not compile?",
  Chinese: "请用三句话解释什么是光合作用。",
  "lone surrogate": "broken \ud83d text",
  "very long": Array.from({ length: 40_000 }, (_, i) => `word${i}`).join(" "),
};

function panelOf(size: number): PanelModel[] {
  const next = sequence(size);
  return Array.from({ length: size }, (_, m) => ({
    id: `acme/model-${m}`,
    ability: Array.from({ length: 1 + SHAPE.abilityWidth }, () => 2 * next()),
    logTokensOffset: next(),
    standing: next(),
  }));
}

function manifest() {
  const { tasks, tableRows, ...shape } = SHAPE;
  return smallManifest({
    shape,
    tasks: TASKS.slice(0, tasks),
    features: { ...smallManifest().features, tableRows },
  });
}

/** What the scorer fed for a prompt, and what came back. */
async function exchangeOf(text: string, panel: readonly PanelModel[], runner: GraphRunner) {
  const exchange: { feeds: GraphFeeds; answer: Float32Array }[] = [];
  const forecast = await new Scorer(manifest(), panel).score(promptOfText(text), {
    async run(feeds) {
      const answer = await runner.run(feeds);
      exchange.push({ feeds, answer });
      return answer;
    },
  });
  if (exchange.length !== 1) throw new Error(`The graph was run ${exchange.length} times`);
  return { forecast, ...exchange[0]! };
}

function largestDifference(actual: Float32Array, expected: Float32Array): number {
  if (actual.length !== expected.length) return Infinity;
  return Math.max(...actual.map((x, i) => Math.abs(x - expected[i]!)));
}

export function scorerContract({ name, open }: RunnerHost): void {
  async function opened(seed: number) {
    const router = smallRouter(seed);
    const runner = await open(router);
    onTestFinished(() => runner.release?.());
    return { router, runner };
  }

  describe(`a router's graph, run by ${name}`, () => {
    const cases = Object.entries(PROMPTS).flatMap(([kind, text]) =>
      [1, 7, 200].map((size) => ({ kind, text, size })),
    );

    it.for(cases)(
      "answers a prompt of kind “$kind” for $size models",
      async (example, { expect }) => {
        const { router, runner } = await opened(example.size);
        const { feeds, answer } = await exchangeOf(example.text, panelOf(example.size), runner);
        expect(largestDifference(answer, plainAnswer(router, feeds))).toBeLessThan(LIMIT);
      },
    );

    it("keeps every answer within its range", async ({ expect }) => {
      for (const seed of [11, 12, 13]) {
        const { runner } = await opened(seed);
        for (const text of Object.values(PROMPTS)) {
          const { forecast } = await exchangeOf(text, panelOf(5), runner);
          expect(forecast.difficulty).toBeGreaterThan(0);
          expect(forecast.difficulty).toBeLessThan(1);
          expect(TASKS).toContain(forecast.task);
          for (const model of forecast.models) {
            expect(model.score > 0 && model.score < 1).toBe(true);
            expect(model.outputTokensP50).toBeGreaterThanOrEqual(1);
            expect(model.outputTokensP90).toBeGreaterThanOrEqual(model.outputTokensP50);
          }
        }
      }
    });

    it("scores a model alike, alone and among others", async ({ expect }) => {
      const { runner } = await opened(3);
      const panel = panelOf(200);
      const together = await exchangeOf(PROMPTS.plain, panel, runner);
      for (const m of [0, 99, 199]) {
        const alone = await exchangeOf(PROMPTS.plain, [panel[m]!], runner);
        expect(alone.forecast.models[0]!.score).toBeCloseTo(together.forecast.models[m]!.score, 5);
      }
    });

    it("may be asked again before it has answered", async ({ expect }) => {
      const { runner } = await opened(4);
      const scorer = new Scorer(manifest(), panelOf(3));
      const prompts = Object.values(PROMPTS).map(promptOfText);
      const together = await Promise.all(prompts.map((prompt) => scorer.score(prompt, runner)));
      for (const [i, prompt] of prompts.entries())
        expect(await scorer.score(prompt, runner)).toEqual(together[i]);
    });

    it("leaves what it was fed as it was", async ({ expect }) => {
      const { runner } = await opened(5);
      const { ids, weights, statistics } = extractFeatures(promptOfText(PROMPTS.code), 64);
      const feeds = { ids, weights, statistics };
      const copy = structuredClone(feeds);
      await runner.run(feeds);
      expect(feeds).toEqual(copy);
    });
  });
}

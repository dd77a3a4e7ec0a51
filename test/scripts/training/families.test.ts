/**
 * Every family on the world of two kinds: it is made from rows to a release that opens and passes its
 * golden vectors, knows whom to ask, and gives the same bytes for the same seed.
 */
import { describe, it, onTestFinished } from "vitest";
import { promptOfText } from "../../../router-models/features/prompt.ts";
import { trainedPanel } from "../../../router-models/placement.ts";
import { canary, openRelease } from "../../../router-models/release.ts";
import { Scorer } from "../../../router-models/scorer.ts";
import { openGraph } from "../../../scripts/evaluation/onnx-graph.ts";
import { cardOf } from "../../../scripts/training/card.ts";
import { examplesOf, type Example } from "../../../scripts/training/examples.ts";
import {
  FAMILY_NAMES,
  fitFamily,
  readFamily,
  type FamilyName,
} from "../../../scripts/training/families.ts";
import { pricesOf } from "../../../scripts/training/prices.ts";
import { releaseFiles } from "../../../scripts/training/release-files.ts";
import { kindOf, MODELS, SMALL_SETTINGS, twoKinds } from "./two-kinds.ts";

const ROWS = twoKinds(120, 1).map((row, i) => ({
  ...row,
  // Sums are answered in a line, verses in a page.
  out_tokens: Object.fromEntries(MODELS.map((model) => [model, i % 2 === 0 ? 12 : 300])),
}));
const UNSEEN = twoKinds(60, 2);
const { tableRows } = SMALL_SETTINGS.shape;
const EXAMPLES = examplesOf(ROWS, { models: MODELS, tableRows });
const OTHERS = FAMILY_NAMES.filter((name) => name !== "mf");

function fitOn(name: FamilyName, examples: readonly Example[] = EXAMPLES) {
  return fitFamily(name, {
    examples,
    models: MODELS.length,
    hyperparameters: SMALL_SETTINGS,
    seed: 7,
    hasTime: () => false,
    onProgress: () => {},
  });
}

/** Cannot be split into folds, so it takes two runs and not five. */
const ONE_QUESTION = EXAMPLES.slice(0, 40).map((example) => ({ ...example, gid: "one" }));

const made = new Map<FamilyName, ReturnType<typeof makeRelease>>();

function releaseOf(name: FamilyName) {
  const known = made.get(name) ?? makeRelease(name);
  made.set(name, known);
  return known;
}

async function makeRelease(name: FamilyName, examples = EXAMPLES) {
  const fit = await fitOn(name, examples);
  const { files, manifest } = await releaseFiles({
    name: "kinds",
    version: "0.1.0",
    fit,
    examples,
    models: MODELS,
    prices: pricesOf(ROWS, MODELS, { table: {}, catalog: [] }),
    seed: 7,
    commit: "none",
    data: [],
  });
  return { fit, files, manifest };
}

describe("fitFamily", () => {
  it.for(OTHERS)(
    "makes %s the same for the same seed, and judges by what the scorer would say",
    async (name, { expect }) => {
      // Nothing can be left out of one question, so the rows are judged by the router that is released.
      const { fit, files, manifest } = await makeRelease(name, ONE_QUESTION);
      expect((await makeRelease(name, ONE_QUESTION)).files).toEqual(files);
      const graph = await openGraph(files.model);
      onTestFinished(() => graph.release());
      const scorer = new Scorer(manifest, trainedPanel(manifest));
      for (const [r, { logits }] of fit.heldOut.slice(0, 10).entries()) {
        const { models } = await scorer.score(promptOfText(ROWS[r]!.prompt), graph);
        models.forEach(({ score }, m) =>
          expect(score).toBeCloseTo(1 / (1 + Math.exp(-logits[m]!)), 4),
        );
      }
    },
  );

  it.for(OTHERS)("makes a release of %s that works", async (name, { expect }) => {
    const { fit, files, manifest } = await releaseOf(name);
    expect(manifest.family).toBe(name);
    expect(new Set(fit.heldOut.map(({ example }) => example))).toEqual(new Set(EXAMPLES));
    expect(fit.tried).toHaveLength(1);
    const release = await openRelease(files);
    const graph = await openGraph(release.model);
    onTestFinished(() => graph.release());
    expect((await canary(release, graph)).failure).toBeUndefined();
    const scorer = new Scorer(manifest, trainedPanel(manifest));
    let right = 0;
    for (const row of UNSEEN) {
      const forecast = await scorer.score(promptOfText(row.prompt), graph);
      const best = forecast.models.toSorted((a, b) => b.score - a.score)[0]!;
      if (best.id === (kindOf(row) === "sum" ? "calculator" : "poet")) right++;
    }
    // Verses are longer to ask for than sums, so even the length tells them apart.
    expect(right / UNSEEN.length).toBeGreaterThan(0.9);
    const card = cardOf({ manifest, tried: fit.tried, command: "npm run train" });
    expect(card).toContain(`\`${name}\``);
    expect(card).not.toMatch(/undefined|NaN/);
  });

  it.for(OTHERS.filter((name) => name !== "classifier"))(
    "reads off the rows how long answers are and what fails, for %s",
    async (name, { expect }) => {
      const { files, manifest } = await releaseOf(name);
      const graph = await openGraph(files.model);
      onTestFinished(() => graph.release());
      const scorer = new Scorer(manifest, trainedPanel(manifest));
      const [sum, verse] = await Promise.all(
        [UNSEEN[0]!, UNSEEN[1]!].map((row) => scorer.score(promptOfText(row.prompt), graph)),
      );
      const [short, long] = [sum!.models[0]!, verse!.models[0]!];
      expect(short.outputTokensP50).toBeLessThan(80);
      expect(long.outputTokensP50).toBeGreaterThan(100);
      expect(long.outputTokensP90).toBeGreaterThanOrEqual(long.outputTokensP50);
      for (const { difficulty } of [sum!, verse!]) {
        expect(difficulty).toBeGreaterThan(0.3);
        expect(difficulty).toBeLessThan(0.7);
      }
    },
  );

  it.for(OTHERS)(
    "makes %s of a handful of rows, without a number that is none",
    async (name, { expect }) => {
      for (const few of [ONE_QUESTION.slice(0, 3), [EXAMPLES[0]!]]) {
        const { parameters, heldOut } = await fitOn(name, few);
        for (const [parameter, data] of Object.entries(parameters))
          expect(data.every(Number.isFinite), parameter).toBe(true);
        expect(heldOut.flatMap(({ logits }) => [...logits]).every(Number.isFinite)).toBe(true);
      }
    },
  );

  it("refuses to make anything of nothing", async ({ expect }) => {
    for (const name of FAMILY_NAMES)
      await expect(fitOn(name, [])).rejects.toThrow("no training row");
  });
});

describe("readFamily", () => {
  it("knows the families, and where the other names of the tables are found", ({ expect }) => {
    expect(FAMILY_NAMES.map(readFamily)).toEqual(FAMILY_NAMES);
    expect(() => readFamily("hull")).toThrow(
      /control without weights: npm run eval .* zero router/,
    );
    expect(() => readFamily("oracle")).toThrow("npm run eval shows it");
    expect(() => readFamily("judge")).toThrow("npm run label");
    expect(() => readFamily("toString")).toThrow("is no family. To train: mf, classifier,");
  });
});

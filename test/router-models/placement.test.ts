/**
 * Where models come to stand: by what is known of them, the more the further from the prior. The
 * manifest's measure of strength is `standing`, the expected logit over the training traffic.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { expectedScores } from "../../router-models/expected-score.ts";
import type { Manifest } from "../../router-models/manifest.ts";
import {
  evidenceOf,
  placeByScores,
  placeCatalog,
  scoresOf,
  trainedPanel,
  type Score,
} from "../../router-models/placement.ts";
import { catalogOf, type Described } from "./made-catalog.ts";
import { smallManifest } from "./small-manifest.ts";

/** Benchmarks that ask for what the training traffic asks for, the second twice as loudly. */
const ANCHORS: Manifest["placement"]["anchors"] = {
  mmlu_pro: { intercept: -0.5, gradient: [1, 0.5, 0.25], deviation: 0.3, models: 20 },
  math_l5: { intercept: -1, gradient: [2, 1, 0.5], deviation: 0.3, models: 20 },
};

const ANCHORED = smallManifest({
  placement: { ...smallManifest().placement, anchors: ANCHORS },
});

/** The small manifest's graph has a hash of zeros. */
const PROBED = {
  graph: "0".repeat(12),
  standingDeviation: 0.2,
  probes: 25,
  source: "probes.jsonl",
  placed: "2026-11-22",
};

function probed(row: readonly number[]): Described["ability"] {
  return { ...PROBED, row };
}

/** The standing of one model in a catalogue of its own. */
function standingOf(model: Described, manifest = ANCHORED): number {
  return placeCatalog(manifest, catalogOf({ "new/model": model }))[0]!.standing;
}

describe("trainedPanel", () => {
  it("puts every trained model where its outcomes put it", ({ expect }) => {
    expect(trainedPanel(smallManifest())).toEqual([
      { id: "acme/strong", ability: [2, 1, 0], logTokensOffset: 0, standing: 2 + 0.5 - 0.5 },
      { id: "weak", ability: [-1, 0, 0.5], logTokensOffset: 0.7, standing: -1 + 0.125 - 0.5 },
    ]);
  });
});

describe("placeCatalog", () => {
  it("knows trained models by their very id, and takes a like name for no evidence", ({
    expect,
  }) => {
    const panel = placeCatalog(
      ANCHORED,
      catalogOf({ "acme/strong": {}, "other/strong": {}, "other/weak": {}, "a/constructor": {} }),
    );
    expect(panel.map(({ id, ability }) => [id, ...ability])).toEqual([
      ["acme/strong", 2, 1, 0],
      ["other/strong", 0, 0, 0],
      ["other/weak", 0, 0, 0],
      ["a/constructor", 0, 0, 0],
    ]);
  });

  it("prefers a model's own outcomes to its benchmark scores", ({ expect }) => {
    const [model] = placeCatalog(
      ANCHORED,
      catalogOf({ "acme/strong": { anchors: { mmlu_pro: 0.05 } } }),
    );
    expect(model!.ability).toEqual([2, 1, 0]);
  });

  it("believes an ability in the catalogue before anything else", ({ expect }) => {
    const given = { ability: probed([7, 8, 9]), anchors: { mmlu_pro: 0.1 } };
    const [model] = placeCatalog(ANCHORED, catalogOf({ "acme/strong": given }));
    expect(model!.ability).toEqual([7, 8, 9]);
    expect(model!.standing).toBe(7 + 4 + 2.25 - 0.5);
  });

  it("takes an ability that was found for another graph for none", ({ expect }) => {
    const files = { ...ANCHORED.files, model: { sha256: "f".repeat(64), bytes: 1 } };
    const given = { ability: probed([7, 8, 9]), anchors: { mmlu_pro: 0.9 } };
    const [model] = placeCatalog({ ...ANCHORED, files }, catalogOf({ "new/model": given }));
    expect(model!.standing).toBe(standingOf({ anchors: { mmlu_pro: 0.9 } }));
  });

  it("reads the length of answers from the catalogue", ({ expect }) => {
    const [model] = placeCatalog(
      ANCHORED,
      catalogOf({ "a/b": { outputTokensFactor: 4, outputTokensSource: "estimate" } }),
    );
    expect(model!.logTokensOffset).toBeCloseTo(Math.log(4), 12);
  });

  it("leaves a model at the prior when nothing is known", ({ expect }) => {
    const prior = standingOf({});
    expect(prior).toBe(-0.5);
    expect(standingOf({ anchors: { gpqa_diamond: 0.9, arena_elo: 1400 } })).toBe(prior);
    expect(standingOf({ anchors: { mmlu_pro: 0.9 } }, smallManifest())).toBe(prior);
  });

  it("moves a model by its score, and further by two that agree", ({ expect }) => {
    const prior = standingOf({});
    const [good, better] = [
      standingOf({ anchors: { mmlu_pro: 0.9 } }),
      standingOf({ anchors: { mmlu_pro: 0.9, math_l5: 0.98 } }),
    ];
    expect(good).toBeGreaterThan(prior + 0.5);
    expect(better).toBeGreaterThan(good);
    const poor = standingOf({ anchors: { mmlu_pro: 0.1 } });
    expect(poor).toBeLessThan(prior - 0.5);
    expect(standingOf({ anchors: { mmlu_pro: 0.1, math_l5: 0.005 } })).toBeLessThan(poor);
  });

  it("comes near the measurement and stays on the prior's side of it", ({ expect }) => {
    const logit = Math.log(0.9 / 0.1);
    const measured = logit - ANCHORS["mmlu_pro"]!.intercept - 0.5; // Where the score alone would put it.
    const standing = standingOf({ anchors: { mmlu_pro: 0.9 } });
    expect(standing).toBeLessThan(measured);
    expect(standing).toBeGreaterThan(measured - 0.5);
  });

  it("never places a model lower for a better score", ({ expect }) => {
    const score = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(score, score, score, (a, b, other) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const anchors = { math_l5: other };
        expect(standingOf({ anchors: { mmlu_pro: low, ...anchors } })).toBeLessThanOrEqual(
          standingOf({ anchors: { mmlu_pro: high, ...anchors } }) + 1e-12,
        );
      }),
    );
  });

  it("does not care in which order the scores are quoted", ({ expect }) => {
    const score = fc.double({ min: 0.02, max: 0.98, noNaN: true });
    fc.assert(
      fc.property(score, score, (a, b) => {
        const [one, two] = [
          standingOf({ anchors: { mmlu_pro: a, math_l5: b } }),
          standingOf({ anchors: { math_l5: b, mmlu_pro: a } }),
        ];
        expect(one).toBeCloseTo(two, 9);
      }),
    );
  });

  const EDITION = {
    "a/one": { usdPerMTok: 1, anchors: { mmlu_pro: 0.5, gpqa_diamond: 0.3 } },
    "a/two": { usdPerMTok: 4, anchors: { mmlu_pro: 0.7, gpqa_diamond: 0.5 } },
    "a/three": { usdPerMTok: 16, anchors: { mmlu_pro: 0.85, gpqa_diamond: 0.7 } },
  };

  function standingsWith(model: Described): number[] {
    const panel = placeCatalog(ANCHORED, catalogOf({ ...EDITION, "new/model": model }));
    return panel.map(({ standing }) => standing);
  }

  it("expects of the dearer model without scores the more", ({ expect }) => {
    const [cheap, middling, dear] = [0.5, 4, 30].map(
      (usdPerMTok) => standingsWith({ usdPerMTok })[3]!,
    );
    expect(cheap!).toBeLessThan(middling!);
    expect(middling!).toBeLessThan(dear!);
  });

  it("trusts a price less than a score", ({ expect }) => {
    const [, , measured, inferred] = standingsWith({ usdPerMTok: 16 });
    expect(inferred!).toBeLessThan(measured!);
    expect(inferred!).toBeGreaterThan(-0.5);
  });

  it("translates a benchmark that the release does not know, whatever the price", ({ expect }) => {
    const [low, high] = [0.3, 0.7].map((score) =>
      [1, 100].map(
        (usdPerMTok) => standingsWith({ usdPerMTok, anchors: { gpqa_diamond: score } })[3]!,
      ),
    );
    expect(low![0]!).toBeLessThan(high![0]!);
    expect(low![0]!).toBeCloseTo(low![1]!, 12);
  });

  it("draws no line through two points", ({ expect }) => {
    const { "a/three": _, ...two } = EDITION;
    const panel = placeCatalog(ANCHORED, catalogOf({ ...two, "new/model": { usdPerMTok: 100 } }));
    expect(panel[2]!.standing).toBe(-0.5);
  });

  it("does not let a dearer, weaker edition turn the order round", ({ expect }) => {
    const upsideDown = {
      "a/one": { usdPerMTok: 1, anchors: { mmlu_pro: 0.9 } },
      "a/two": { usdPerMTok: 4, anchors: { mmlu_pro: 0.7 } },
      "a/three": { usdPerMTok: 16, anchors: { mmlu_pro: 0.5 } },
      "b/cheap": { usdPerMTok: 0.1 },
      "b/dear": { usdPerMTok: 90 },
    };
    const panel = placeCatalog(ANCHORED, catalogOf(upsideDown));
    expect(panel[4]!.standing).toBeCloseTo(panel[3]!.standing, 12);
  });

  it("answers for any scores with numbers", ({ expect }) => {
    const score = fc.constantFrom(0, 1, 0.5, 1e-9, 1 - 1e-9);
    fc.assert(
      fc.property(score, score, (a, b) => {
        const [model] = placeCatalog(
          ANCHORED,
          catalogOf({ "new/model": { anchors: { mmlu_pro: a, math_l5: b } } }),
        );
        expect(model!.ability.every(Number.isFinite)).toBe(true);
        expect(model!.ability).toHaveLength(3);
      }),
    );
  });
});

const MEASURED = { benchmark: "mmlu_pro", score: 0.9 };

function expectedBy(expectedError: number): Score {
  return { ...MEASURED, expectedError };
}

describe("placeByScores", () => {
  const score = fc.double({ min: 0, max: 1, noNaN: true });
  const scores = fc.array(
    fc.record({ benchmark: fc.constantFrom("mmlu_pro", "math_l5", "gpqa_diamond"), score }),
    { maxLength: 4 },
  );

  it("is the prior where there is no score", ({ expect }) => {
    const { mean, covariance } = placeByScores(ANCHORED, []);
    expect(mean).toEqual(ANCHORED.placement.mean);
    expect(Array.from(covariance)).toEqual(ANCHORED.placement.covariance);
  });

  it("is never less certain for another score, whatever it says", ({ expect }) => {
    fc.assert(
      fc.property(scores, score, (list, another) => {
        const one = placeByScores(ANCHORED, list);
        const more = placeByScores(ANCHORED, [...list, { benchmark: "math_l5", score: another }]);
        for (let i = 0; i < 3; i++)
          expect(more.covariance[i * 4]).toBeLessThanOrEqual(one.covariance[i * 4]! + 1e-12);
      }),
    );
  });

  it("trusts a score that nobody measured the less, and not at all beside one that was", ({
    expect,
  }) => {
    const [weak, firm, strong] = [[expectedBy(0.5)], [expectedBy(0.3)], [MEASURED]].map((list) =>
      placeByScores(ANCHORED, list),
    );
    expect(weak!.covariance[0]).toBeGreaterThan(firm!.covariance[0]!);
    expect(firm!.covariance[0]).toBeGreaterThan(strong!.covariance[0]!);
    expect(placeByScores(ANCHORED, [expectedBy(0.5), MEASURED])).toEqual(strong);
  });

  it("never trusts an expectation more than a published score", ({ expect }) => {
    expect(placeByScores(ANCHORED, [expectedBy(0)])).toEqual(placeByScores(ANCHORED, [MEASURED]));
  });
});

describe("evidenceOf", () => {
  it("names what a place rests on, the strongest first", ({ expect }) => {
    const models = catalogOf({
      "acme/strong": { anchors: { mmlu_pro: 0.9 } },
      "b/probed": { ability: probed([1, 2, 3]) },
      "b/quoted": { anchors: { mmlu_pro: 0.8 } },
      "b/quoted-too": { anchors: { mmlu_pro: 0.7 } },
      "b/priced": {},
    });
    const expected = expectedScores(models);
    expect(models.map((model) => evidenceOf(ANCHORED, model, expected))).toEqual([
      "trained",
      "ability",
      "anchors",
      "anchors",
      "edition",
    ]);
    expect(evidenceOf(smallManifest(), models[2]!, expected)).toBe("prior");
  });

  it("agrees with where the model is put", ({ expect }) => {
    const models = catalogOf({ "b/quoted": { anchors: { mmlu_pro: 0.8 } }, "b/priced": {} });
    const expected = expectedScores(models);
    const panel = placeCatalog(ANCHORED, models);
    models.forEach((model, at) =>
      expect(panel[at]!.ability).toEqual(placeByScores(ANCHORED, scoresOf(model, expected)).mean),
    );
  });
});

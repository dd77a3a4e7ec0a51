/** A release that cannot serve is refused by its gate, with the reason, and not by an exception. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { promptOfText } from "../../../router-models/features/prompt.ts";
import { openRelease, type Release, type ReleaseFiles } from "../../../router-models/release.ts";
import { BadLines } from "../../../scripts/events/records.ts";
import { openScoring } from "../../../scripts/replaying/scoring.ts";
import { makeDataset } from "../../../scripts/retraining/dataset.ts";
import { DEFAULT_LIMITS } from "../../../scripts/retraining/gates.ts";
import { judgeRelease, type Judgement } from "../../../scripts/retraining/judgement.ts";
import { catalogOf } from "../../router-models/made-catalog.ts";
import { tinyRelease } from "../../support/tiny-release.ts";
import { decisionRecord, START_MS, writeEvents } from "../events/event-files.ts";

const MODELS = ["alpha/large", "alpha/small", "beta/medium"];
const CATALOG = catalogOf(Object.fromEntries(MODELS.map((id) => [id, {}])));

let folder: string;
let incumbent: Release;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-judgement-"));
  incumbent = await openRelease(await tinyRelease());
  const log = Array.from({ length: 8 }, (_, n) => {
    const { turns, ...rest } = promptOfText(`What is ${n} plus ${n * n}?`);
    const prompt = { ...rest, turns: [...turns] };
    return decisionRecord({ id: `r${n}`, atMs: START_MS + n, prompt });
  });
  await writeEvents(folder, "log.ndjson.gz", log);
  const { scoring, close } = await openScoring(incumbent, CATALOG);
  await makeDataset({
    paths: [join(folder, "log.ndjson.gz")],
    folder,
    incumbent: scoring,
    tableRows: 1024,
    models: [],
    catalog: new Set(MODELS),
    sinceMs: 0,
    judgedShare: 0.5,
    guessWeight: 0,
    keepsTask: true,
    bad: new BadLines(),
  });
  await close();
});
afterAll(() => rm(folder, { recursive: true }));

async function judged(files: ReleaseFiles): Promise<Judgement> {
  const candidate = join(folder, "candidate");
  await mkdir(candidate, { recursive: true });
  await writeFile(join(candidate, "manifest.json"), files.manifest);
  await writeFile(join(candidate, "golden.json"), files.golden);
  await writeFile(join(candidate, "model.onnx"), files.model);
  let nowMs = 0;
  return judgeRelease({
    folder,
    candidate,
    incumbent,
    catalog: CATALOG,
    limits: { ...DEFAULT_LIMITS, calibrationMargin: 1 },
    estimating: { confidence: 0.95, seed: 1, sliceRows: 1 },
    rounds: 3,
    nowMs: () => nowMs++,
    onDecision: () => {},
  });
}

function refusals({ gates }: Judgement): Record<string, string> {
  const refused = gates.filter(({ passed }) => !passed);
  return Object.fromEntries(refused.map(({ name, why }) => [name, why]));
}

describe("a release before the gates", () => {
  it("that is sound is refused for want of evidence alone, where nobody explores", async ({
    expect,
  }) => {
    const judgement = await judged(await tinyRelease({ seed: 2 }));
    expect(Object.keys(refusals(judgement))).toEqual(["reward", "evidence", "support"]);
    expect([judgement.decisions, judgement.drawn]).toEqual([4, 0]);
    expect(judgement.changes).toMatchObject([{ tenant: "shop", decisions: 4 }]);
  });

  it("whose golden answers are others is refused for them", async ({ expect }) => {
    const files = await tinyRelease({
      seed: 2,
      changeGolden: (golden) => ({
        ...golden,
        vectors: golden.vectors.map((vector) => ({ ...vector, difficulty: 1 - vector.difficulty })),
      }),
    });
    expect(refusals(await judged(files))["golden"]).toContain("golden vector 0: difficulty");
  });

  it("that is cut, or of other features, is refused with what is wrong", async ({ expect }) => {
    const whole = await tinyRelease({ seed: 2 });
    const cut = { ...whole, model: whole.model.slice(0, -1) };
    expect(refusals(await judged(cut))["features"]).toContain("model.onnx has");
    const other = await tinyRelease({
      seed: 2,
      changeManifest: (manifest) => ({
        ...manifest,
        features: { ...manifest.features, version: manifest.features.version - 1 },
      }),
    });
    expect(refusals(await judged(other))["features"]).toContain("features of version");
  });
});

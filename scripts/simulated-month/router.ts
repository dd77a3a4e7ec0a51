/**
 * A router of the month: trained by the code that trains what ships, loaded as a worker would load it, and asked about
 * questions through the scorer that serves.
 *
 * What a question asks for is a matter of the graph, so the graph is run once per question and set of models, and its
 * answer kept; prices may change meanwhile.
 */
import type { CatalogModel } from "../../router-models/catalog.ts";
import { promptOfText } from "../../router-models/features/prompt.ts";
import type { Manifest } from "../../router-models/manifest.ts";
import { placeByScores, standingOf, trainedPanel } from "../../router-models/placement.ts";
import { openRelease, weightsLabel } from "../../router-models/release.ts";
import { Scorer, type Forecast, type PanelModel } from "../../router-models/scorer.ts";
import type { OutcomeRow } from "../dataset/outcome-file.ts";
import { openGraph, type OpenGraph } from "../evaluation/onnx-graph.ts";
import { demandsOf } from "../onboarding/demand.ts";
import { placeByProbes } from "../onboarding/probes.ts";
import { exampleOf, modelsOf } from "../training/examples.ts";
import type { ModelPrice } from "../training/prices.ts";
import { releaseFiles } from "../training/release-files.ts";
import { shapeFor } from "../training/settings.ts";
import { exampleOfLesson, type Lesson } from "./lessons.ts";
import { quickFit } from "./quick-fit.ts";
import type { Question } from "./world.ts";

export interface TrainTerms {
  readonly prices: ReadonlyMap<string, ModelPrice>;
  readonly seed: number;
  readonly version: string;
}

/** What is learnt from. */
export interface Course {
  /** Rows of before the month. */
  readonly rows: readonly OutcomeRow[];
  /** The log's. */
  readonly lessons: readonly Lesson[];
}

export interface Read {
  readonly forecast: Forecast;
  /** a(x), abilityWidth numbers. */
  readonly demand: Float32Array;
}

/** Outcomes of a model that no row of the training has. */
export type Probes = readonly OutcomeRow[];

export class Router {
  readonly #manifest: Manifest;
  readonly #graph: OpenGraph;
  readonly #label: string;
  readonly #panel = new Map<string, PanelModel>();
  readonly #read = new Map<string, Map<Question, Read>>();

  private constructor(manifest: Manifest, graph: OpenGraph, label: string) {
    this.#manifest = manifest;
    this.#graph = graph;
    this.#label = label;
    for (const model of trainedPanel(manifest)) this.#panel.set(model.id, model);
  }

  /** Rejects where there are no rows. */
  static async train(
    { rows, lessons }: Course,
    { prices, seed, version }: TrainTerms,
  ): Promise<Router> {
    const models = [...new Set([...modelsOf(rows), ...lessons.map(({ model }) => model)])];
    const shape = shapeFor(rows.length + lessons.length);
    const exampleShape = {
      indexOf: new Map(models.map((model, index) => [model, index])),
      tableRows: shape.tableRows,
    };
    const examples = [
      ...rows.map((row) => exampleOf(row, exampleShape)),
      ...lessons.map((lesson) => exampleOfLesson(lesson, exampleShape)),
    ];
    const fit = await quickFit(examples, { models: models.length, seed });
    const input = { name: "month", version, fit, examples, models, prices, seed };
    const { files } = await releaseFiles({ ...input, commit: "unknown", data: [] });
    const release = await openRelease(files);
    return new Router(release.manifest, await openGraph(release.model), weightsLabel(release));
  }

  /** `version@sha256-12`. */
  get label(): string {
    return this.#label;
  }

  /** Gives a model a place where training gave it none: by its probes, or at the prior where there are none. */
  async place(model: string, probes: Probes): Promise<void> {
    if (this.#panel.has(model)) return;
    const demands = await demandsOf(
      probes.map(({ prompt }) => prompt),
      { manifest: this.#manifest, graph: this.#graph },
    );
    const { mean } = placeByProbes(
      placeByScores(this.#manifest, []),
      demands.map((demand, k) => ({ ...demand, score: probes[k]!.scores[model]! })),
    );
    this.#panel.set(model, {
      id: model,
      ability: mean,
      logTokensOffset: 0,
      standing: standingOf(this.#manifest, mean),
    });
  }

  /** What is forecast of these models, all of which have a place, and what the question asks for. */
  async read(question: Question, catalog: readonly CatalogModel[]): Promise<Read> {
    const ids = catalog.map(({ id }) => id);
    const key = ids.join("\n");
    const known = this.#read.get(key) ?? new Map<Question, Read>();
    this.#read.set(key, known);
    const kept = known.get(question);
    if (kept !== undefined) return kept;
    const panel = ids.map((id) => {
      const model = this.#panel.get(id);
      if (model === undefined) throw new Error(`${id} has no place`);
      return model;
    });
    const scorer = new Scorer(this.#manifest, panel);
    const features = scorer.featuresOf(promptOfText(question.prompt));
    const { forecast, reading } = await scorer.read(features, this.#graph);
    const read = { forecast, demand: reading.demand };
    known.set(question, read);
    return read;
  }

  async release(): Promise<void> {
    await this.#graph.release();
  }
}

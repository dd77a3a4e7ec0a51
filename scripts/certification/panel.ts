/**
 * Rows with outcomes, answered by the policy that serves, once for every margin that a certificate may
 * name.
 *
 * The models of one set that the release can score are its panel, and on every row `decide` chooses among
 * all of them: a row that lacks one's outcome is left out. Which models those are goes by how many rows
 * have them, never by how well they answered. Candidates are built and chosen as for a request, so what
 * is tested is the policy itself; should `decide` not think itself certified here, that is an error.
 */
import type { CatalogModel } from "../../router-models/catalog.ts";
import { MARGINS } from "../../router-models/certificate.ts";
import type { Certificate } from "../../router-models/manifest.ts";
import type { Forecast } from "../../router-models/scorer.ts";
import type { Candidate, Decision } from "../../worker/domain/decision.ts";
import { policySchema } from "../../worker/domain/policy.ts";
import { decide } from "../../worker/routing/decide.ts";
import type { OutcomeRow } from "../dataset/outcome-file.ts";
import { poolByGid } from "../dataset/pool.ts";
import { rowCandidates } from "../evaluation/row-candidates.ts";

const LEAST_COVERAGE = 0.9;

/** The models of a set and their prices, as a certificate lists them. */
export type PanelData = Certificate["data"][number];

/** One question, answered at every margin. */
export interface TestedRow {
  readonly gid: string;
  readonly dataset: string;
  readonly id: string;
  /** The task that the router takes it for. */
  readonly task: string;
  /** Quality of the reference's answer, 0..1. */
  readonly reference: number;
  /** In the order of `MARGINS`. */
  readonly answers: readonly Answer[];
  /** Without any certificate, by the predicted floor alone. */
  readonly predicted: Answer;
}

export interface Answer {
  /** 0..1 */
  readonly quality: number;
  readonly isByReference: boolean;
}

export interface Panel {
  readonly data: PanelData;
  /** One per gid. */
  readonly rows: readonly TestedRow[];
}

export interface PanelInput {
  readonly name: string;
  readonly sha256: string;
  /** Rows that the router has not learnt. */
  readonly rows: readonly OutcomeRow[];
  readonly forecasts: ReadonlyMap<OutcomeRow, Forecast>;
  /** Models that the forecasts speak of, with the prices to choose by. */
  readonly catalog: readonly CatalogModel[];
  /** Share of the reference's quality, for the answers without a certificate. */
  readonly floor: number;
}

/** Throws an Error that names the set where fewer than two of its models can be scored. */
export function testPanel(input: PanelInput): Panel {
  const { name, sha256, rows, catalog } = input;
  const models = catalog.filter(
    ({ id }) =>
      rows.filter(({ scores }) => Object.hasOwn(scores, id)).length >=
      LEAST_COVERAGE * Math.max(rows.length, 1),
  );
  if (models.length < 2)
    throw new Error(
      `${name}: ${rows.length} rows that the router has not learnt, and ${models.length} models on ` +
        "nine in ten of them that it can score; a floor needs two models to choose among",
    );
  const whole = poolByGid(
    rows.filter(({ scores }) => models.every(({ id }) => Object.hasOwn(scores, id))),
  );
  const first = whole[0];
  if (first === undefined) throw new Error(`${name}: no row has an outcome of each of its models`);
  const reference = chosenBy(candidatesOf(first, models, input), {
    quality: input.floor,
  }).reference;
  const data: PanelData = {
    name,
    sha256,
    rows: whole.length,
    reference: reference.model,
    models: Object.fromEntries(
      models.map(({ id, price: { inputUsdPerMTok, outputUsdPerMTok } }) => [
        id,
        { inputUsdPerMTok, outputUsdPerMTok },
      ]),
    ),
  };
  return { data, rows: whole.map((row) => testRow(row, { models, data, input })) };
}

interface RowContext {
  readonly models: readonly CatalogModel[];
  readonly data: PanelData;
  readonly input: PanelInput;
}

function testRow(row: OutcomeRow, { models, data, input }: RowContext): TestedRow {
  const candidates = candidatesOf(row, models, input);
  function answerOf({ attempts }: Decision): Answer {
    const { model } = attempts[0]!;
    return { quality: row.scores[model]!, isByReference: model === data.reference };
  }
  function modelAt(step: number): Decision {
    return chosenBy(candidates, { quality: 0.5, certificate: trialOf(data, MARGINS[step]!) });
  }
  return {
    gid: row.gid,
    dataset: data.name,
    id: row.id,
    task: input.forecasts.get(row)!.task,
    reference: row.scores[data.reference]!,
    answers: stepwise(modelAt).map(answerOf),
    predicted: answerOf(chosenBy(candidates, { quality: input.floor })),
  };
}

/**
 * The decision at every step. As the margin falls more models keep the floor and the cheapest of them
 * wins, so what two steps choose alike all steps between them choose too, and need not be asked.
 */
function stepwise(decisionAt: (step: number) => Decision): Decision[] {
  const last = MARGINS.length - 1;
  const decisions = Array.from<Decision>({ length: MARGINS.length });
  function fill(from: number, to: number): void {
    if (to - from < 2) return;
    const middle = (from + to) >> 1;
    const isSame = decisions[from]!.attempts[0]!.model === decisions[to]!.attempts[0]!.model;
    if (isSame) return void decisions.fill(decisions[from]!, from + 1, to);
    decisions[middle] = decisionAt(middle);
    fill(from, middle);
    fill(middle, to);
  }
  decisions[0] = decisionAt(0);
  decisions[last] = decisionAt(last);
  fill(0, last);
  return decisions;
}

/** A certificate that has yet to be proven: it has `decide` serve by this margin. */
function trialOf(data: PanelData, margin: number): Certificate {
  return { data: [data], floors: [{ floor: 0.5, confidence: 0.5, margin, rows: 1 }] };
}

interface Aim {
  readonly quality: number;
  readonly certificate?: Certificate;
}

function chosenBy(candidates: readonly Candidate[], { quality, certificate }: Aim): Decision {
  const policy = policySchema.parse({ quality });
  const decision = decide({ candidates, excluded: [], policy, certificate });
  const isAsAsked = (certificate === undefined) !== ("reason" in decision && isCertified(decision));
  if (!("reason" in decision) || !isAsAsked)
    throw new Error("Cannot certify: the policy does not follow the certificate under test");
  return decision;
}

function isCertified({ assurance }: Decision): boolean {
  return assurance !== undefined && assurance.doubt === undefined;
}

function candidatesOf(
  row: OutcomeRow,
  models: readonly CatalogModel[],
  { forecasts, name }: PanelInput,
): Candidate[] {
  const forecast = forecasts.get(row);
  if (forecast === undefined) throw new Error(`${name} ${row.id}: the row was not scored`);
  return rowCandidates(forecast, models);
}

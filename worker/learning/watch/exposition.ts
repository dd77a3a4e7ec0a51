/**
 * What is watched and what was served, as Prometheus's text: the body of `/metrics`.
 *
 * Every series is of models, releases, statistics or trials, of which there are few; tenants and requests are no
 * labels. Evidence is given as log wealth, so that it neither overflows nor hides near 0.
 *
 * Source: https://prometheus.io/docs/instrumenting/exposition_formats/ (text format 0.0.4).
 */
import { STATISTICS } from "../../../router-models/features/statistics.ts";
import { armShift } from "../detectors/arm-drift.ts";
import { promiseEvidence } from "../detectors/certificate-watch.ts";
import { baselineOf, evidenceOf, shiftOf } from "../detectors/drift.ts";
import { stabilityIndices } from "../detectors/feature-drift.ts";
import { COUNTS, isAsGood, standingOf, type Trial } from "../detectors/trial.ts";
import { alarmsIn, NOVELTY_TOLERANCE, newsOf, type WatchState } from "../detectors/watch.ts";
import type { Totals } from "./totals.ts";

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge";
  readonly samples: readonly Sample[];
}

export function exposition(kept: WatchState & { readonly totals: Totals }, nowMs: number): string {
  return [
    ...ofRequests(kept.totals),
    ...ofWords(kept.totals),
    ...ofAlarms(kept, nowMs),
    ...ofModels(kept, nowMs),
    ...ofPrompts(kept, nowMs),
    ...ofCertificate(kept),
    ...ofTrials(kept),
  ]
    .map(textOf)
    .join("");
}

function textOf({ name, help, type, samples }: Family): string {
  const lines = samples.map(([labels, value]) => `${name}${labelsOf(labels)} ${numberOf(value)}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function labelsOf(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function numberOf(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? "+Inf" : "-Inf";
}

function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, type: "counter", samples };
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, type: "gauge", samples };
}

function ofRequests({ models, releases, lastMs }: Totals): Family[] {
  const entries = Object.entries(models);
  function byModel(valueOf: (totals: Totals["models"][string]) => number): Sample[] {
    return entries.map(([model, totals]) => [{ model }, valueOf(totals)]);
  }
  return [
    counter(
      "sluice_requests_total",
      "Requests that have ended, by the model that answered and by how they ended.",
      entries.flatMap(([model, { requests }]) =>
        Object.entries(requests).map(([ending, count]) => [{ model, ending }, count] as const),
      ),
    ),
    counter(
      "sluice_tokens_total",
      "Tokens, billed or estimated.",
      entries.flatMap(([model, { inputTokens, outputTokens }]) => [
        [{ model, direction: "input" }, inputTokens] as const,
        [{ model, direction: "output" }, outputTokens] as const,
      ]),
    ),
    counter(
      "sluice_cost_usd_total",
      "What requests cost, failed attempts included.",
      byModel(({ costMicroUsd }) => costMicroUsd / 1e6),
    ),
    gauge(
      "sluice_saved_usd",
      "Against the reference model; falls where requests cost more.",
      byModel(({ savedMicroUsd }) => savedMicroUsd / 1e6),
    ),
    counter(
      "sluice_release_requests_total",
      "Requests by the weights that scored them.",
      Object.entries(releases).map(([weights, count]) => [{ weights }, count] as const),
    ),
    gauge("sluice_last_request_timestamp_seconds", "When the latest known request arrived.", [
      [{}, lastMs / 1_000],
    ]),
  ];
}

function ofWords({ models }: Totals): Family[] {
  const entries = Object.entries(models);
  function byModel(part: "sum" | "weight" | "count"): Sample[] {
    return entries.map(([model, { reward }]) => [{ model }, reward[part]]);
  }
  return [
    counter("sluice_rewards_total", "Requests that were spoken of.", byModel("count")),
    counter("sluice_reward_weight_total", "The weights of their rewards.", byModel("weight")),
    counter("sluice_reward_sum_total", "Their rewards times weights.", byModel("sum")),
  ];
}

function ofAlarms(state: WatchState, nowMs: number): Family[] {
  const standing = new Set(alarmsIn(state, nowMs));
  const known = ["prompts", "novelty", "certificate"];
  const alarms = [...known, ...Object.keys(state.arms).map((model) => `model:${model}`)];
  return [
    gauge(
      "sluice_alarm",
      "Whether an alarm stands.",
      alarms.map((alarm) => [{ alarm }, standing.has(alarm) ? 1 : 0]),
    ),
    gauge("sluice_caution", "Score by which alarms raise quality floors.", [
      [{}, newsOf(state, nowMs).caution],
    ]),
    gauge("sluice_followed_release", "The weights whose predictions are watched.", [
      [{ weights: state.followed.weights }, 1],
    ]),
  ];
}

function ofModels({ arms }: WatchState, nowMs: number): Family[] {
  const entries = Object.entries(arms);
  return [
    gauge(
      "sluice_model_shift",
      "What drift adds to a model's score.",
      entries.map(([model, arm]) => [{ model }, armShift(arm, nowMs)]),
    ),
    gauge(
      "sluice_model_baseline",
      "Mean difference of rewards from scores in calm times.",
      entries.map(([model, { words }]) => [{ model }, baselineOf(words)]),
    ),
    gauge(
      "sluice_model_log_evalue",
      "Log wealth of the bets that a model's outcomes have become lower or higher.",
      entries.flatMap(([model, arm]) =>
        (["words", "faults"] as const).flatMap((of) =>
          Object.entries(evidenceOf(arm[of])).map(
            ([direction, value]) => [{ model, of, direction }, value] as const,
          ),
        ),
      ),
    ),
  ];
}

function ofPrompts({ prompts, novelty, taught }: WatchState, nowMs: number): Family[] {
  const indices = stabilityIndices(prompts);
  const shift = shiftOf(novelty, nowMs, NOVELTY_TOLERANCE);
  const mean = (taught?.novelty ?? 0) + baselineOf(novelty) + shift;
  return [
    gauge(
      "sluice_prompt_stability_index",
      "Population stability index of a surface statistic of prompts; 0.25 is a drift.",
      indices.map((index, k) => [{ statistic: STATISTICS[k] ?? String(k) }, index]),
    ),
    gauge("sluice_prompt_stability_index_worst", "The largest of them.", [
      [{}, Math.max(0, ...indices)],
    ]),
    gauge("sluice_novelty", "Mean share of prompts that training has never seen.", [[{}, mean]]),
    gauge("sluice_novelty_log_evalue", "Log wealth of the bets that it has become more.", [
      [{}, evidenceOf(novelty).above],
    ]),
  ];
}

function ofCertificate({ certificate }: WatchState): Family[] {
  const { requests, sum, weight } = certificate;
  return [
    gauge("sluice_certified_requests", "Certified requests that were spoken of.", [[{}, requests]]),
    gauge("sluice_certificate_shortfall", "Mean of what was promised less the reward.", [
      [{}, weight === 0 ? 0 : sum / weight],
    ]),
    gauge("sluice_certificate_log_evalue", "Log wealth of the bets that the promise is broken.", [
      [{}, promiseEvidence(certificate)],
    ]),
  ];
}

function ofTrials({ trials, halted }: WatchState): Family[] {
  const entries = Object.entries(trials).map(([serial, { trial }]) => [serial, trial] as const);
  function byCount(
    valuesOf: (standing: ReturnType<typeof standingOf>) => readonly Sample[],
  ): Sample[] {
    return entries.flatMap(([trial, state]) =>
      COUNTS.flatMap((count) =>
        valuesOf(standingOf(state, count)).map(
          ([labels, value]) => [{ trial, count, ...labels }, value] as const,
        ),
      ),
    );
  }
  function byTrial(valueOf: (trial: Trial, serial: string) => number): Sample[] {
    return entries.map(([trial, state]) => [{ trial }, valueOf(state, trial)]);
  }
  return [
    counter(
      "sluice_trial_requests_total",
      "Requests of each side of a trial.",
      entries.flatMap(([trial, { requests }]) =>
        Object.entries(requests).map(([side, value]) => [{ trial, side }, value] as const),
      ),
    ),
    gauge(
      "sluice_trial_pairs",
      "Pairs of requests that a trial has compared.",
      byCount(({ pairs }) => [[{}, pairs]]),
    ),
    gauge(
      "sluice_trial_mean",
      "Means over pairs, 0 to 1; less is better.",
      byCount(({ candidate, incumbent }) => [
        [{ side: "candidate" }, candidate],
        [{ side: "incumbent" }, incumbent],
      ]),
    ),
    gauge(
      "sluice_trial_log_evalue",
      "Log wealth of the bets that the candidate is worse, or as good but for the margin.",
      byCount(({ worse, asGood }) => [
        [{ claim: "worse" }, worse],
        [{ claim: "as_good" }, asGood],
      ]),
    ),
    gauge(
      "sluice_trial_halted",
      "Whether a trial was ended.",
      byTrial((_, serial) => (halted.some((one) => String(one.serial) === serial) ? 1 : 0)),
    ),
    gauge(
      "sluice_trial_as_good",
      "Whether the candidate has been shown to be as good on all counts.",
      byTrial((trial) => (isAsGood(trial) ? 1 : 0)),
    ),
  ];
}

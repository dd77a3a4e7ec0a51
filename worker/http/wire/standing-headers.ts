/**
 * What every answer to a limited caller says of its budgets and rate limits.
 *
 * Of several budgets the one with the least left is shown, hard ones first: it is the one that will say no. Rate
 * limits are told twice, as OpenAI's clients read them and as the IETF's draft has it; the draft has room for all.
 * A window slides slot by slot, so `reset` is when the next of it comes back, not when all of it has.
 *
 * Sources: https://platform.openai.com/docs/guides/rate-limits,
 * https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
 */
import { formatUsd } from "../../domain/money.ts";
import { remainingOf, type Standing } from "../../domain/standing.ts";

export function standingHeaders(
  standings: readonly Standing[],
  nowMs: number,
): Record<string, string> {
  const limited = standings.filter(({ limit }) => limit !== undefined);
  const money = limited.filter(({ unit }) => unit === "usd");
  const rates = limited.filter(({ unit }) => unit !== "usd");
  return {
    ...budgetHeaders(money, nowMs),
    ...openAiHeaders(rates, nowMs),
    ...draftHeaders(rates, nowMs),
  };
}

function budgetHeaders(budgets: readonly Standing[], nowMs: number): Record<string, string> {
  const hard = budgets.filter(({ isHard }) => isHard);
  const shown = tightest(hard.length > 0 ? hard : budgets);
  if (shown === undefined) return {};
  const { limit = 0, held, resetsMs } = shown;
  const over = budgets.filter((budget) => !budget.isHard && remainingOf(budget) === 0);
  return {
    "x-sluice-budget-limit-usd": formatUsd(limit),
    "x-sluice-budget-remaining-usd": formatUsd(remainingOf(shown)),
    "x-sluice-budget-held-usd": formatUsd(held),
    ...(resetsMs !== undefined && { "x-sluice-budget-reset": secondsUntil(resetsMs, nowMs) }),
    ...(over.length > 0 && {
      "x-sluice-budget-warning": warningOf(over.map(nameOf)),
    }),
  };
}

/** A header has its limits, and names of models may be long. */
const MAX_WARNINGS = 8;

function warningOf(names: readonly string[]): string {
  const shown = names.slice(0, MAX_WARNINGS).map((name) => `${name} is spent`);
  const rest = names.length - shown.length;
  return [...shown, ...(rest > 0 ? [`and ${rest} more`] : [])].join(", ");
}

function openAiHeaders(rates: readonly Standing[], nowMs: number): Record<string, string> {
  const pairs = (["requests", "tokens"] as const).flatMap((unit) => {
    const rate = tightest(rates.filter((other) => other.unit === unit));
    if (rate === undefined) return [];
    const { limit = 0, resetsMs = nowMs } = rate;
    return [
      [`x-ratelimit-limit-${unit}`, String(limit)],
      [`x-ratelimit-remaining-${unit}`, String(remainingOf(rate))],
      [`x-ratelimit-reset-${unit}`, `${secondsUntil(resetsMs, nowMs)}s`],
    ];
  });
  return Object.fromEntries(pairs);
}

function draftHeaders(rates: readonly Standing[], nowMs: number): Record<string, string> {
  if (rates.length === 0) return {};
  const policies = rates.map((rate) => {
    const { limit = 0, window, unit } = rate;
    const seconds = Number.parseInt(window, 10);
    const span = Number.isNaN(seconds) ? "" : `;w=${seconds}`;
    const counted = unit === "concurrent" ? "concurrent-requests" : unit;
    return `"${nameOf(rate)}";q=${limit};qu="${counted}"${span}`;
  });
  const left = rates.map((rate) => {
    const { resetsMs } = rate;
    const until = resetsMs === undefined ? "" : `;t=${secondsUntil(resetsMs, nowMs)}`;
    return `"${nameOf(rate)}";r=${remainingOf(rate)}${until}`;
  });
  return { "ratelimit-policy": policies.join(", "), ratelimit: left.join(", ") };
}

function tightest(standings: readonly Standing[]): Standing | undefined {
  return standings.toSorted((a, b) => remainingOf(a) - remainingOf(b))[0];
}

/** `key-requests-60s`, `tenant-usd-month`: what a header may hold whatever ids and models look like. */
function nameOf({ scope, unit, window, model }: Standing): string {
  const suffix = model === undefined ? "" : `-${encodeURIComponent(model)}`;
  return `${scope}-${unit}-${window}${suffix}`;
}

function secondsUntil(ms: number, nowMs: number): string {
  return String(Math.max(Math.ceil((ms - nowMs) / 1000), 0));
}

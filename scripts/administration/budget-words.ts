/**
 * Budgets and rate limits as one word each, for command lines and tables.
 *
 *     month:100                         100 dollars in a calendar month, a hard limit
 *     day:5:soft:Europe/Lisbon          a soft one, in days of Lisbon
 *     month:500:paced:alerts=0.5+0.9    spent evenly, with alerts at these shares
 *     rolling-24h:10   total:1000       in the last 24 hours; ever
 *     month:50@openai/gpt-6-astra       of one model only, which stands last
 *     requests:60/60s   tokens:100000/1h   concurrent:8
 *
 * What a budget leaves out is the schema's default, and a default is not written. So reading what was written
 * gives the same budget.
 */
import { z } from "zod";
import {
  budgetSchema,
  rateLimitSchema,
  type Budget,
  type RateLimit,
} from "../../worker/domain/budget.ts";
import { secondsIn, textOfSeconds } from "./spans.ts";

const DEFAULT_ALERTS = budgetSchema.shape.alerts.parse(undefined);

export const BUDGET_FORM = "WINDOW:USD[:soft][:paced][:TIME_ZONE][:alerts=0.5+1][@MODEL]";
export const LIMIT_FORM = "requests:60/60s, tokens:100000/1h or concurrent:8";

/** Throws an Error that names the word and what is wrong with it. */
export function readBudget(word: string): Budget {
  const at = word.indexOf("@");
  const [model, rest] = at < 0 ? [undefined, word] : [word.slice(at + 1), word.slice(0, at)];
  // A time zone may be an offset, which has a colon of its own.
  const [window = "", usd = "", ...options] = [
    ...rest.matchAll(/(?:^|:)([+-]\d\d:\d\d(?=:|$)|[^:]*)/g),
  ].map(([, part]) => part!);
  const fields = {
    ...windowFields(word, window),
    limit_usd: readNumberIn(word, usd),
    ...Object.assign({}, ...options.map((option) => readOption(word, option))),
    ...(model !== undefined && { model }),
  };
  return checked(budgetSchema, fields, `--budget ${JSON.stringify(word)}`);
}

function windowFields(word: string, window: string): Partial<Budget> {
  const [, count, unit] = /^rolling-(\d{1,9})([hd])$/.exec(window) ?? [];
  if (unit !== undefined)
    return { window: "rolling", hours: Number(count) * (unit === "d" ? 24 : 1) };
  const known = z.enum(["day", "week", "month", "total"]).safeParse(window);
  if (known.success) return { window: known.data };
  throw fault(
    `--budget ${JSON.stringify(word)}`,
    "begins with day, week, month, total or such as rolling-24h; then a colon and dollars, as in month:100",
  );
}

function readOption(word: string, option: string): Partial<Budget> {
  if (option === "hard" || option === "soft") return { kind: option };
  if (option === "paced") return { is_paced: true };
  if (option.startsWith("alerts=")) {
    const shares = option.slice("alerts=".length);
    if (shares === "none") return { alerts: [] };
    return { alerts: shares.split("+").map((share) => readNumberIn(word, share)) };
  }
  return { time_zone: option };
}

function readNumberIn(word: string, text: string): number {
  if (/^\d+(\.\d+)?(e-?\d+)?$/.test(text)) return Number(text);
  throw fault(
    `--budget ${JSON.stringify(word)}`,
    `${JSON.stringify(text)} is no number; write ${BUDGET_FORM}, such as month:100 or day:2.50:soft`,
  );
}

export function textOfBudget(budget: Budget): string {
  const { window, hours, limit_usd: usd, kind, model, alerts, is_paced: isPaced } = budget;
  const isUsual = alerts.join() === DEFAULT_ALERTS.join();
  return [
    hours === undefined ? window : `rolling-${hours}h`,
    String(usd),
    ...(kind === "soft" ? [kind] : []),
    ...(isPaced ? ["paced"] : []),
    ...(budget.time_zone === "UTC" ? [] : [budget.time_zone]),
    ...(isUsual ? [] : [`alerts=${alerts.join("+") || "none"}`]),
  ]
    .join(":")
    .concat(model === undefined ? "" : `@${model}`);
}

/** Throws an Error that names the word and what is wrong with it. */
export function readLimit(word: string): RateLimit {
  const flag = `--limit ${JSON.stringify(word)}`;
  const [, unit, limit, span] = /^([a-z]+):(\d{1,15})(?:\/(.*))?$/.exec(word) ?? [];
  const windowS = span === undefined ? undefined : secondsIn(span);
  if (unit === undefined || (span !== undefined && windowS === undefined))
    throw fault(flag, `must be such as ${LIMIT_FORM}`);
  const fields = {
    unit,
    limit: Number(limit),
    ...(windowS !== undefined && { window_s: windowS }),
  };
  return checked(rateLimitSchema, fields, flag);
}

export function textOfLimit({ unit, limit, window_s: windowS }: RateLimit): string {
  return `${unit}:${limit}${windowS === undefined ? "" : `/${textOfSeconds(windowS)}`}`;
}

function checked<T>(schema: z.ZodType<T>, fields: object, flag: string): T {
  const parsed = schema.safeParse(fields);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw fault(flag, `${path.join(".")} ${message}`);
}

function fault(flag: string, what: string): Error {
  return new Error(`${flag}: ${what}`);
}

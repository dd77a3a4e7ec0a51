/** The flags of `npm run admin`: what each means, and the fields of a request that they make. */
import type { ParseArgsOptionsConfig } from "node:util";
import { z } from "zod";
import { EVENT_DETAILS, explorationSchema } from "../../worker/domain/event.ts";
import { CACHE_MODES, PRESETS } from "../../worker/domain/policy.ts";
import { SCOPES } from "../../worker/domain/tenant.ts";
import { readChoice, readNumber, readShare, readWhole } from "../command-line/values.ts";
import { BUDGET_FORM, LIMIT_FORM, readBudget, readLimit } from "./budget-words.ts";
import { secondsIn } from "./spans.ts";

interface Flag {
  readonly type: "string" | "boolean";
  readonly multiple?: boolean;
  /** What stands after it. */
  readonly value?: string;
  readonly help: string;
}

export const FLAGS = {
  tenant: { type: "string", value: "ID", help: "whose" },
  name: { type: "string", value: "TEXT", help: "for people" },
  organisation: { type: "string", value: "ID", help: "who pays; none: it pays for itself" },
  budget: {
    type: "string",
    multiple: true,
    value: "WORD",
    help: `${BUDGET_FORM}, such as month:100,\n                       day:5:soft, rolling-24h:10, total:1000; once for each; none: no budget`,
  },
  limit: {
    type: "string",
    multiple: true,
    value: "WORD",
    help: `${LIMIT_FORM}; once for each; none: no limit`,
  },
  "allow-models": {
    type: "string",
    value: "LIST",
    help: "provider/model,provider/model; any: all",
  },
  preset: {
    type: "string",
    value: "WORD",
    help: `default of requests: ${PRESETS.join(", ")}; none`,
  },
  quality: { type: "string", value: "SHARE", help: "default floor, 0 to 1; none" },
  "max-cost": { type: "string", value: "USD", help: "default limit of a call's cost; none" },
  "max-latency": { type: "string", value: "MS", help: "default limit of a call's time; none" },
  hedge: { type: "string", value: "MS", help: "default hedge, auto or milliseconds; none" },
  cache: {
    type: "string",
    value: "WORD",
    help: "default of requests: off, exact or semantic; none",
  },
  "cache-ttl": {
    type: "string",
    value: "SPAN",
    help: "how old a kept answer may be, 30d at most; none",
  },
  "max-false-hits": {
    type: "string",
    value: "SHARE",
    help: "of answers to prompts in other words that may be wrong [0.01]",
  },
  private: { type: "boolean", help: "keeps nothing that it asks or is answered, no cache either" },
  "not-private": { type: "boolean", help: "takes that back" },
  events: {
    type: "string",
    value: "WORD",
    help: `kept to learn from: ${EVENT_DETAILS.join(", ")}`,
  },
  "events-days": { type: "string", value: "N", help: "how long, 1 to 365 days [90]" },
  explore: {
    type: "string",
    value: "WORD",
    help: "on, off, or SHARPNESS,FLOOR,RATIO: tries others than the preferred model",
  },
  judge: {
    type: "string",
    value: "SHARE",
    help: "of answers that a model grades, such as 0.02 or 0.02,openai/gpt-5.4; off",
  },
  tag: { type: "string", value: "LIST", help: "entries that have any of these tags; else all" },
  scopes: { type: "string", value: "LIST", help: `what it opens: ${SCOPES.join(",")}; all` },
  expires: { type: "string", value: "WHEN", help: "30d, 12h or a day such as 2027-01-31; never" },
  grace: {
    type: "string",
    value: "SPAN",
    help: "how long the old secret is still good [1d]; 0s: not at all",
  },
  now: { type: "boolean", help: "at once; else within a minute" },
  enable: { type: "boolean", help: "serves its keys again" },
  disable: { type: "boolean", help: "serves none of its keys" },
  usd: { type: "string", value: "USD", help: "what the vendor has billed" },
  quiet: { type: "boolean", help: "prints the secret alone, for a pipe" },
  url: {
    type: "string",
    value: "URL",
    help: "the deployment [SLUICE_URL, or http://127.0.0.1:8787]",
  },
  json: { type: "boolean", help: "JSON instead of text" },
  help: { type: "boolean", help: "this text" },
} as const satisfies Record<string, Flag> & ParseArgsOptionsConfig;

export type FlagName = keyof typeof FLAGS;

/** The values of the flags that were given. */
export type Given = {
  readonly [Name in FlagName]?: (typeof FLAGS)[Name] extends { multiple: true }
    ? readonly string[]
    : (typeof FLAGS)[Name]["type"] extends "boolean"
      ? boolean
      : string;
};

/** The flags of what tenants and keys have in common. */
export const TERMS = [
  "name",
  "budget",
  "limit",
  "allow-models",
  "preset",
  "quality",
  "max-cost",
  "max-latency",
  "hedge",
  "cache",
  "cache-ttl",
] as const satisfies FlagName[];

/** "refresh" is for single requests. */
const TENANT_CACHES = CACHE_MODES.filter((mode) => mode !== "refresh");

/** The flags that tenants have and keys do not. */
export const OF_TENANTS = [
  "max-false-hits",
  "private",
  "events",
  "events-days",
  "explore",
  "judge",
] as const satisfies FlagName[];

type Fields = Record<string, unknown>;

/**
 * What the flags say, as a PATCH has it: null takes away. @param policy What there is already of it, since it is
 * replaced as a whole. Throws an Error that names the flag.
 */
export function fieldsOf(given: Given, policy: Fields = {}): Fields {
  const { name, budget, limit, organisation, scopes, expires } = given;
  return {
    ...(name !== undefined && { name }),
    ...(organisation !== undefined && {
      organisation: organisation === "none" ? null : organisation,
    }),
    ...(budget !== undefined && { budgets: listOf("--budget", budget, readBudget) }),
    ...(limit !== undefined && { limits: listOf("--limit", limit, readLimit) }),
    ...modelFields(given),
    ...policyFields(given, policy),
    ...(scopes !== undefined && { scopes: readScopes(scopes) }),
    ...(expires !== undefined && expiryOf(expires)),
    ...(given["max-false-hits"] !== undefined && {
      max_false_hits: readShare("--max-false-hits", given["max-false-hits"]),
    }),
    ...eventFields(given),
    ...stateFields(given),
  };
}

/** The same for what is new: nothing is there to be taken away. */
export function newFieldsOf(given: Given): Fields {
  return Object.fromEntries(Object.entries(fieldsOf(given)).filter(([, value]) => value !== null));
}

/** Seconds. Throws an Error that names the flag. */
export function readGrace(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = secondsIn(text);
  if (seconds === undefined)
    throw new Error(
      `--grace ${JSON.stringify(text)} must be a length of time such as 1d, 12h or 0s.`,
    );
  return seconds;
}

function listOf<T>(flag: string, words: readonly string[], read: (word: string) => T): T[] {
  if (!words.includes("none")) return words.map(read);
  if (words.length === 1) return [];
  throw new Error(`${flag} none takes all away; it cannot stand beside others.`);
}

function modelFields({ "allow-models": models }: Given): Fields {
  if (models === undefined) return {};
  return { allow_models: models === "any" ? null : models.split(",").map((name) => name.trim()) };
}

/** Flags of the policy: the field of each, and how its text is read. */
const POLICY: readonly (readonly [FlagName, field: string, read: (text: string) => unknown])[] = [
  ["preset", "preset", (text) => readChoice("--preset", text, PRESETS)],
  ["quality", "quality", (text) => readShare("--quality", text)],
  ["max-cost", "max_cost_usd", (text) => readNumber("--max-cost", text)],
  ["max-latency", "max_latency_ms", (text) => readNumber("--max-latency", text)],
  ["hedge", "hedge", (text) => (text === "auto" ? text : readNumber("--hedge", text, 1))],
  ["cache", "cache", (text) => readChoice("--cache", text, TENANT_CACHES)],
  ["cache-ttl", "cache_ttl_s", readTtl],
];

function readTtl(text: string): number {
  const seconds = secondsIn(text);
  if (seconds !== undefined) return seconds;
  throw new Error(`--cache-ttl ${JSON.stringify(text)} must be a length of time such as 1h or 7d.`);
}

function policyFields(given: Given, old: Fields): Fields {
  const policy = { ...old };
  const asked = POLICY.filter(([flag]) => given[flag] !== undefined);
  for (const [flag, field, read] of asked) {
    const text = String(given[flag]);
    if (text === "none") delete policy[field];
    else policy[field] = read(text);
  }
  return asked.length > 0 ? { policy } : {};
}

function readScopes(text: string): readonly string[] {
  if (text === "all") return SCOPES;
  return text.split(",").map((scope) => readChoice("--scopes", scope.trim(), SCOPES));
}

const expirySchema = z.union([z.iso.date(), z.iso.datetime({ offset: true })]);

function expiryOf(text: string): Fields {
  if (text === "never") return { expires_at: null };
  const seconds = secondsIn(text);
  if (seconds !== undefined) return { expires_in_s: seconds };
  if (expirySchema.safeParse(text).success) return { expires_at: new Date(text).toISOString() };
  throw new Error(
    `--expires ${JSON.stringify(text)} must be 30d, 12h, a day such as 2027-01-31, a time such as ` +
      "2027-01-31T12:00:00Z, or never.",
  );
}

function eventFields({ events, "events-days": days, explore, judge }: Given): Fields {
  return {
    ...(events !== undefined && { events: readChoice("--events", events, EVENT_DETAILS) }),
    ...(days !== undefined && { events_days: readWhole("--events-days", days, 1) }),
    ...(explore !== undefined && { exploration: explorationOf(explore) }),
    ...(judge !== undefined && { judge: judgeOf(judge) }),
  };
}

/** null for none. */
function explorationOf(text: string): object | null {
  if (text === "off") return null;
  if (text === "on") return {};
  const [sharpness, floor, ratio, ...rest] = text.split(",").map(Number);
  const asked = { sharpness, floor, max_cost_ratio: ratio };
  const parsed = explorationSchema.safeParse(asked);
  if (parsed.success && rest.length === 0 && ratio !== undefined) return parsed.data;
  throw new Error(
    `--explore ${JSON.stringify(text)} must be on, off, or three numbers such as 1000,0.005,3.`,
  );
}

/** null for none. */
function judgeOf(text: string): object | null {
  if (text === "off") return null;
  const [share = "", ...model] = text.split(",");
  return {
    share: readShare("--judge", share),
    ...(model.length > 0 && { model: model.join(",") }),
  };
}

function stateFields({
  enable,
  disable,
  private: isPrivate,
  "not-private": isNotPrivate,
}: Given): Fields {
  if (isPrivate && isNotPrivate)
    throw new Error("--private and --not-private exclude one another.");
  if (enable && disable) throw new Error("--enable and --disable exclude one another.");
  return {
    ...((isPrivate || isNotPrivate) && { is_private: isPrivate === true }),
    ...((enable || disable) && { is_disabled: disable === true }),
  };
}

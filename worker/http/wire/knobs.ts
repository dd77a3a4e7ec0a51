/**
 * A request's knobs: `x-sluice-*` headers and the body's `sluice` object, into one Policy.
 *
 * Both name the same things: `max_cost_usd` in the body is `x-sluice-max-cost-usd` as a header. Of two
 * values the more outward one counts: header, then `sluice` object, then the preset in `auto:<preset>`, then
 * the defaults of key and tenant. A ceiling of theirs is no default: of all that are given the lowest holds.
 *
 * A knob that is misspelt and ignored would route, and spend, other than its writer meant. So what is
 * unknown or out of range is refused, with its name, its value and what is allowed.
 */
import { RouterError } from "../../domain/errors.ts";
import {
  CACHE_MODES,
  policySchema,
  PRESETS,
  type Policy,
  type Preset,
} from "../../domain/policy.ts";
import { lowest, type Terms } from "../../domain/terms.ts";
import { isRecord } from "../../lib/json.ts";

type Knob = keyof typeof policySchema.shape;

interface KnobForm {
  /** For error messages: what may stand there. */
  readonly allowed: string;
  /** A header's text as the body would have it; text that cannot be read stays text and is refused. */
  readonly read: (text: string) => unknown;
}

const KNOBS: Record<Knob, KnobForm> = {
  preset: { allowed: PRESETS.join(", "), read: asText },
  quality: { allowed: "a number from 0 to 1", read: asNumber },
  max_cost_usd: { allowed: "US dollars, above 0 and at most 1000", read: asNumber },
  max_latency_ms: { allowed: "milliseconds, above 0 and at most 3600000", read: asNumber },
  allow_models: { allowed: "1 to 100 names of the form provider/model", read: asList },
  hedge: { allowed: "auto, or milliseconds from 1 to 600000", read: asNumber },
  cache: { allowed: CACHE_MODES.join(", "), read: asText },
  cache_rewrite: { allowed: "true or false", read: asFlag },
  cache_ttl_s: { allowed: "whole seconds from 1 to 2592000", read: asNumber },
  cache_tags: {
    allowed: "1 to 8 tags, each 1 to 64 of a-z, A-Z, 0-9, _, ., : and -",
    read: asList,
  },
  weights: { allowed: "a version of released weights, or version@sha256", read: asText },
  dry_run: { allowed: "true or false", read: asFlag },
};

/** The same by any name, for names that clients made up. */
const FORMS = new Map<string, KnobForm>(Object.entries(KNOBS));

const PREFIX = "x-sluice-";

/** What else there is to a policy beside the headers. */
interface KnobSources {
  readonly sluice: unknown;
  /** From the model's name. */
  readonly preset?: Preset | undefined;
  /** The caller's; limits and leaves nothing open where absent. */
  readonly terms?: Pick<Terms, "defaults" | "maxCostUsd">;
}

/** Reads all knobs of a request. Throws RouterError 400. */
export function readKnobs(headers: Headers, { sluice, preset, terms }: KnobSources): Policy {
  const given = new Map<string, Given>([...knobsOfBody(sluice), ...knobsOfHeaders(headers)]);
  const values = Object.fromEntries([...given].map(([name, { value }]) => [name, value]));
  const named = preset !== undefined && { preset };
  const parsed = policySchema.safeParse({ ...terms?.defaults, ...named, ...values });
  if (parsed.success) {
    const usd = lowest(terms?.maxCostUsd, parsed.data.max_cost_usd);
    return { ...parsed.data, ...(usd !== undefined && { max_cost_usd: usd }) };
  }
  const name = String(parsed.error.issues[0]?.path[0]);
  const { param, wire } = given.get(name) ?? { param: name, wire: preset };
  throw invalid(param, wire, FORMS.get(name)?.allowed ?? "another value");
}

/** A knob's value, the header or field that it came from, and what stood there. */
interface Given {
  readonly param: string;
  readonly wire: unknown;
  readonly value: unknown;
}

function knobsOfBody(sluice: unknown): [string, Given][] {
  if (sluice === undefined || sluice === null) return [];
  if (!isRecord(sluice)) throw invalid("sluice", sluice, "an object of knobs");
  return Object.entries(sluice).map(([name, value]) => {
    const param = `sluice.${name}`;
    requireKnob(name, { param, spell: (knob) => knob });
    return [name, { param, value, wire: value }];
  });
}

function knobsOfHeaders(headers: Headers): [string, Given][] {
  return [...headers]
    .filter(([header]) => header.startsWith(PREFIX))
    .map(([header, text]) => {
      const name = header.slice(PREFIX.length).replaceAll("-", "_");
      const { read } = requireKnob(name, { param: header, spell: headerOf });
      return [name, { param: header, value: read(text.trim()), wire: text }];
    });
}

function requireKnob(
  name: string,
  { param, spell }: { param: string; spell: (knob: string) => string },
): KnobForm {
  const form = FORMS.get(name);
  if (form !== undefined) return form;
  const known = [...FORMS.keys()].map(spell).join(", ");
  throw new RouterError(
    "invalid_request_error",
    `Unknown knob ${printable(param)}; known are ${known}`,
    { code: "unknown_knob", param: printable(param) },
  );
}

/** Every knob's header, its name in the body's `sluice` object, and what may stand there. */
export const KNOB_HEADERS = Object.entries(KNOBS).map(([knob, { allowed }]) => ({
  header: headerOf(knob),
  knob,
  allowed,
}));

function headerOf(knob: string): string {
  return PREFIX + knob.replaceAll("_", "-");
}

function invalid(param: string, value: unknown, allowed: string): RouterError {
  const given = printable(typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing"));
  return new RouterError(
    "invalid_request_error",
    `${param} cannot be ${JSON.stringify(given)}; allowed: ${allowed}`,
    { code: "invalid_knob", param },
  );
}

const MAX_PRINTED = 80;

function printable(text: string): string {
  const clean = text.replaceAll(/\p{C}+/gu, "?");
  return clean.length > MAX_PRINTED ? `${clean.slice(0, MAX_PRINTED)}…` : clean;
}

function asText(text: string): unknown {
  return text;
}

function asNumber(text: string): unknown {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
}

function asFlag(text: string): unknown {
  return text === "true" ? true : text === "false" ? false : text;
}

function asList(text: string): unknown {
  return text.split(",").map((name) => name.trim());
}

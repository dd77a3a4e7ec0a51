/**
 * What can go wrong at a vendor, on demand. A fault is written as a word with options, `429:retry-after=1` or
 * `cut:after=3`, and reaches a request in one of three ways: the header `x-sim-fault` of that request, a marker in
 * its prompt (`[sim:500]`, `[sim:cut:after=3 model=openai/gpt-5.4]`), or a rule that waits in the book for the
 * next requests to a vendor or model. The marker exists because a router does not forward unknown headers.
 *
 * This file knows what faults there are and which request gets one; exchange.ts carries them out.
 */
import { z } from "zod";

/** Answered instead of the completion. `retryAfterMs` goes out in both headers that vendors use. */
export interface StatusFault {
  readonly kind: "status";
  readonly status: number;
  readonly retryAfterMs?: number;
}

/** Strikes after this many events of a stream, 0 to strike before the first. */
export interface StreamFault {
  readonly kind: "stall-mid" | "cut" | "malformed" | "error-chunk";
  readonly after: number;
}

/** Holds each event back until somebody releases it, the first and those from number `until` on excepted. */
export interface StepFault {
  readonly kind: "step";
  readonly until: number;
}

/** The same answer, `factor` times slower. */
export interface SlowFault {
  readonly kind: "slow";
  readonly factor: number;
}

/**
 * stall: accepts the request and sends nothing. reset: closes the connection at once. error-body: status 200 with
 * an error object. wrong-type: status 200 with a page of HTML. empty: no choices. no-usage: usage left out.
 * overflow: the prompt is too long. filter: a content filter refuses it. filtered: one emptied the answer. leak: an
 * error that quotes the caller's key. trickle: the same answer in tiny pieces. The rest: hostile.ts.
 */
export interface PlainFault {
  readonly kind: (typeof PLAIN_KINDS)[number];
}

export type Fault = StatusFault | StreamFault | StepFault | SlowFault | PlainFault;

/** Whom a fault strikes, and how often. An absent vendor or model means any. */
export interface FaultRule {
  readonly fault: Fault;
  readonly vendor?: string;
  /** `vendor/model`, as the catalogue has it. */
  readonly model?: string;
  /** How many requests it strikes before it is used up; Infinity for all. */
  readonly times: number;
}

/** Where a request is going: the vendor's id and the catalogue's id of the model. */
export interface Target {
  readonly vendor: string;
  readonly model: string;
}

const STREAM_KINDS = ["stall-mid", "cut", "malformed", "error-chunk"] as const;
export const HOSTILE_KINDS = [
  "huge-chunk",
  "invalid-utf8",
  "endless",
  "many-choices",
  "deep",
  "gzip-bomb",
  "header-flood",
] as const;

export type HostileKind = (typeof HOSTILE_KINDS)[number];

export const PLAIN_KINDS = [
  "stall",
  "reset",
  "error-body",
  "wrong-type",
  "empty",
  "no-usage",
  "overflow",
  "filter",
  "filtered",
  "leak",
  "trickle",
  ...HOSTILE_KINDS,
] as const;

/** Every fault in words, for help texts and error messages. */
export const FAULT_WORDS =
  "a status from 400 to 599 (429:retry-after=SECONDS), stall, reset, error-body, wrong-type, empty, " +
  "no-usage, overflow, filter, filtered, leak, trickle, " +
  `${HOSTILE_KINDS.join(", ")}, ` +
  "step:until=N, slow:factor=N, stall-mid:after=N, cut:after=N, malformed:after=N, error-chunk:after=N";

/** Reads `429:retry-after=1`. Throws an Error that names the word and the known ones. */
export function parseFault(text: string): Fault {
  const [word = "", ...rest] = text.split(":");
  const options = new Map(
    rest
      .join(":")
      .split(",")
      .filter(Boolean)
      .map((pair): [string, number] => optionOf(pair, text)),
  );
  const fault = faultOf(word, options);
  if (fault === undefined) throw new Error(`Unknown fault "${text}". Known: ${FAULT_WORDS}.`);
  for (const name of options.keys())
    throw new Error(`The fault "${word}" has no option "${name}". Known: ${FAULT_WORDS}.`);
  return fault;
}

function optionOf(pair: string, text: string): [string, number] {
  const [name = "", value = ""] = pair.split("=");
  const number = Number(value);
  if (value === "" || !Number.isFinite(number) || number < 0)
    throw new Error(`"${pair}" in the fault "${text}" must be NAME=NUMBER, with a number from 0.`);
  return [name, number];
}

/** Takes the options that it knows out of the map. */
function faultOf(word: string, options: Map<string, number>): Fault | undefined {
  const stream = STREAM_KINDS.find((kind) => kind === word);
  if (stream !== undefined) return { kind: stream, after: take(options, "after") ?? 2 };
  const plain = PLAIN_KINDS.find((kind) => kind === word);
  if (plain !== undefined) return { kind: plain };
  if (word === "step") return { kind: "step", until: take(options, "until") ?? Infinity };
  if (word === "slow") return { kind: "slow", factor: take(options, "factor") ?? 10 };
  if (!/^[45]\d\d$/.test(word)) return undefined;
  const retryAfterS = take(options, "retry-after");
  const status = Number(word);
  if (retryAfterS === undefined) return { kind: "status", status };
  return { kind: "status", status, retryAfterMs: retryAfterS * 1_000 };
}

function take(options: Map<string, number>, name: string): number | undefined {
  const value = options.get(name);
  options.delete(name);
  return value;
}

/** Reads `openai/gpt-5.4=429`, `openai=stall` or `*=500`, which strikes every time. Throws as parseFault does. */
export function parseFaultRule(text: string): FaultRule {
  const at = text.indexOf("=");
  const target = text.slice(0, Math.max(at, 0));
  if (target === "")
    throw new Error(`"${text}" must be TARGET=FAULT, the target vendor/model, vendor or *.`);
  const rule = { fault: parseFault(text.slice(at + 1)), times: Number.POSITIVE_INFINITY };
  if (target === "*") return rule;
  return target.includes("/") ? { ...rule, model: target } : { ...rule, vendor: target };
}

/**
 * The fault that a marker in the text asks for; undefined where there is none, or one for another model. Throws
 * as parseFault does.
 */
export function markedFault(text: string, target: Target): Fault | undefined {
  const found = /\[sim:([^\s\]]+)(?:\s+model=([^\s\]]+))?\]/.exec(text);
  if (found?.[1] === undefined) return undefined;
  return found[2] === undefined || found[2] === target.model ? parseFault(found[1]) : undefined;
}

const posted = z.strictObject({
  fault: z.string(),
  vendor: z.string().optional(),
  model: z.string().optional(),
  times: z.int().positive().default(1),
});

/** Reads the body of `POST /__sim/faults`; `times` is 1 unless given. Throws an Error that says what is wrong. */
export function readPostedFault(json: unknown): FaultRule {
  const parsed = posted.safeParse(json);
  if (!parsed.success) throw new Error(z.prettifyError(parsed.error));
  const { fault, vendor, model, times } = parsed.data;
  return {
    fault: parseFault(fault),
    times,
    ...(vendor === undefined ? {} : { vendor }),
    ...(model === undefined ? {} : { model }),
  };
}

/** The rules that wait for requests, the oldest first. Mutable: taking a fault uses it up. */
export class FaultBook {
  #rules: { rule: FaultRule; left: number }[] = [];

  constructor(rules: readonly FaultRule[] = []) {
    for (const rule of rules) this.add(rule);
  }

  add(rule: FaultRule): void {
    this.#rules.push({ rule, left: rule.times });
  }

  clear(): void {
    this.#rules = [];
  }

  /** The fault of the oldest rule that fits, counted down by one; undefined where none fits. */
  take({ vendor, model }: Target): Fault | undefined {
    const entry = this.#rules.find(
      ({ rule }) => (rule.vendor ?? vendor) === vendor && (rule.model ?? model) === model,
    );
    if (entry === undefined) return undefined;
    entry.left -= 1;
    if (entry.left <= 0) this.#rules = this.#rules.filter((e) => e !== entry);
    return entry.rule.fault;
  }
}

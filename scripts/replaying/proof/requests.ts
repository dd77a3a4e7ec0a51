/**
 * Traffic of every kind that a decision can depend on: prompts short and long, in several scripts, with tools, pictures
 * and forms; knobs of all sorts; named models; streams. All of it from a seed.
 */
import { PRESETS } from "../../../worker/domain/policy.ts";
import { between, pick, type Random } from "../../../worker/lib/prng.ts";

export interface ProofRequest {
  /** Which tenant asks, by its place among them. */
  readonly tenant: number;
  /** Of POST /v1/chat/completions. */
  readonly body: Readonly<Record<string, unknown>>;
}

const OPENINGS = [
  "Hi",
  "What is the capital of Peru?",
  "Prove that the square root of two is irrational.",
  "def add(a, b):\n    return a + b\n\nWhy does this fail for '1' and 2?",
  "Schreibe ein kurzes Gedicht über die Müritz im Herbst.",
  "日本の首都はどこですか。",
  "Ποια είναι η πρωτεύουσα της Ελλάδας;",
  "Summarise the following minutes for somebody who was not there:",
  "A train leaves at 9:40 and takes 2 h 35 min. When does it arrive? A) 12:05 B) 12:15 C) 12:25",
  "Rewrite this e-mail so that it sounds less angry, and keep every number as it is.",
  "SELECT name FROM users WHERE age > 30 — how do I add an index for this in Postgres?",
  "Is it safe to take ibuprofen and paracetamol together?",
] as const;
const FILLINGS = [
  "The lock fills until both levels agree.",
  "x = 17 · 23",
  "И ещё раз.",
  "🚲",
  "{}",
];

const PICTURE =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const TOOL = {
  type: "function",
  function: {
    name: "look_up",
    parameters: { type: "object", properties: { of: { type: "string" } } },
  },
};
const FORM = {
  type: "json_schema",
  json_schema: {
    name: "answer",
    schema: { type: "object", properties: { answer: { type: "string" } } },
  },
};

const NAMED = [
  "mistral/mistral-large-2512",
  "together/gemma-4-31b-it",
  "anthropic/claude-haiku-5-5",
] as const;

/** @param models Ids of the catalogue, for lists of allowed ones. */
export function proofRequests(
  count: number,
  { tenants, models, random }: { tenants: number; models: readonly string[]; random: Random },
): ProofRequest[] {
  return Array.from({ length: count }, () => ({
    tenant: Math.floor(random() * tenants),
    body: {
      model: modelOf(random),
      messages: messagesOf(random),
      ...shapeOf(random),
      ...sluiceOf(models, random),
    },
  }));
}

function modelOf(random: Random): string {
  const draw = random();
  if (draw < 0.1) return pick(random, NAMED);
  return draw < 0.4 ? `auto:${pick(random, PRESETS)}` : "auto";
}

function messagesOf(random: Random): object[] {
  const turns: object[] =
    random() < 0.3 ? [{ role: "system", content: "Answer in one line." }] : [];
  while (random() < 0.2)
    turns.push(
      { role: "user", content: textOf(random) },
      { role: "assistant", content: pick(random, FILLINGS) },
    );
  const text = textOf(random);
  const withPicture = [
    { type: "text", text },
    { type: "image_url", image_url: { url: PICTURE } },
  ];
  return [...turns, { role: "user", content: random() < 0.08 ? withPicture : text }];
}

/** Mostly a few words, sometimes pages; a number makes each its own. */
function textOf(random: Random): string {
  const long = random() < 0.1 ? between(random, 20, 400) : between(random, 0, 4);
  const filling = Array.from({ length: long }, () => pick(random, FILLINGS));
  return [pick(random, OPENINGS), ...filling, `(${between(random, 1, 1e6)})`].join(" ");
}

function shapeOf(random: Random): Record<string, unknown> {
  return {
    ...(random() < 0.5 && { stream: true }),
    ...(random() < 0.25 && { max_tokens: between(random, 16, 4_000) }),
    ...(random() < 0.15 && { tools: [TOOL] }),
    ...(random() < 0.1 && { response_format: random() < 0.5 ? FORM : { type: "json_object" } }),
    ...(random() < 0.1 && { temperature: random() * 1.5 }),
    ...(random() < 0.05 && { n: 2 }),
    ...(random() < 0.05 && { reasoning_effort: "low" }),
    ...(random() < 0.05 && { logprobs: true }),
  };
}

function sluiceOf(models: readonly string[], random: Random): Record<string, unknown> {
  const allowed = models.filter(() => random() < 0.6);
  const knobs = {
    ...(random() < 0.25 && { quality: pick(random, [0.5, 0.8, 0.9, 0.95, 0.98, 1]) }),
    ...(random() < 0.2 && { max_cost_usd: 10 ** -(1 + 3 * random()) }),
    ...(random() < 0.2 && { max_latency_ms: 2_000 + random() * 60_000 }),
    ...(random() < 0.15 && allowed.length > 0 && { allow_models: allowed.slice(0, 100) }),
  };
  return Object.keys(knobs).length === 0 ? {} : { sluice: knobs };
}

/**
 * The models that Sluice can choose among: what each one costs, holds and can do, and how strong public benchmarks
 * say it is.
 *
 * catalog.json is data that people edit, so this file is the door through which it comes in. Every problem is named
 * with its place, its value and what to do, and the result is frozen. Numbers are facts with a source: a price, a
 * window or a benchmark score without a URL that somebody read does not belong here. Two things vendors do not
 * publish may be guesses, and then say so (`"estimate"`): latency, by the model's size class, and how many more
 * output tokens a model bills because it thinks at its default effort.
 *
 * An anchor places a new model's ability vector before any of its own outcomes are seen (UniRoute, arXiv
 * 2502.08773). Each benchmark is quoted once per model; `setting` says how the score was taken, above all at which
 * effort, since scores at different efforts do not compare. `ability` is where outcomes moved it from there.
 *
 * Models that make embeddings stand in a list of their own: there is no ability to place and no answer to compare.
 *
 * It does not know keys, base URLs or tenants; those belong to worker/providers and worker/tenants.
 */
import { z } from "zod";
import { price, tokens, usdPerMTok } from "./price.ts";

/**
 * What a model can be asked for, beyond text in and text out: `audio` is heard and `files` (PDF at the least) are read;
 * `audio_output` is spoken, and `web_search` is OpenAI's, by the request's `web_search_options`.
 */
export const CAPABILITIES = [
  "tools",
  "parallel_tools",
  "vision",
  "audio",
  "audio_output",
  "files",
  "web_search",
  "json",
  "streaming",
  "reasoning",
  "logprobs",
] as const;

/**
 * What some models cannot be asked for although most can: `n`, more than one answer; `sampling`, a temperature, top_p
 * or top_k other than the default; `json_object`, JSON without a schema; `other_files`, files that are no PDF;
 * `chat_only_tools`, tools beside fields that OpenAI's Responses API has no words for; `streamed_json`, a
 * `response_format` in a stream, as everywhere on Groq and on Workers AI; the rest are fields of their name.
 */
export const REFUSALS = [
  "n",
  "logprobs",
  "logit_bias",
  "penalties",
  "sampling",
  "temperature_above_1",
  "json_object",
  "other_files",
  "chat_only_tools",
  "streamed_json",
] as const;

/** The benchmarks that an anchor may quote: accuracies in 0..1, save `arena_elo`, which is an Elo rating. */
export const BENCHMARKS = [
  "mmlu_pro",
  "math_500",
  "math_l5",
  "gpqa_diamond",
  "livecodebench",
  "arena_elo",
] as const;

// Ratings far outside what any arena has published are a slip of the hand, such as an accuracy under the wrong name.
const ELO_MIN = 500;
const ELO_MAX = 2500;

const url = z.url({ protocol: /^https$/, error: "give the https URL where the fact was read" });
const urlOrEstimate = z
  .string()
  .regex(
    /^(estimate|https:\/\/\S+)$/,
    'give the https URL where the figure was read, or "estimate"',
  );

const latency = z
  .strictObject({
    ttftMs: z.number("give milliseconds").positive("give milliseconds above 0"),
    outputTokensPerSecond: z.number("give tokens per second").positive("give a speed above 0"),
    source: urlOrEstimate,
  })
  .readonly();

const anchor = z
  .strictObject({
    benchmark: z.enum(BENCHMARKS, `use one of: ${BENCHMARKS.join(", ")}`),
    score: z.number("give a number"),
    setting: z.string().min(1, "say how the score was taken, or leave `setting` out").optional(),
    source: url,
  })
  .refine(isScoreInRange, {
    path: ["score"],
    error: `give an accuracy as a fraction in 0..1, or for arena_elo a rating in ${ELO_MIN}..${ELO_MAX}`,
  })
  .readonly();

/** Where outcomes of one's own put the model; written by `npm run onboard -- --write`. */
const ability = z
  .strictObject({
    /** A row means something to one graph alone; another release places the model by its anchors. */
    graph: z
      .string()
      .regex(/^[0-9a-f]{12}$/, "give the first 12 digits of the SHA-256 of the release's graph"),
    /** `[bias, θ...]`, 1 + abilityWidth numbers. */
    row: z.array(z.number("give a number")).min(2, "give the bias and the abilities").readonly(),
    /** Standard error, in logits, of the model's mean logit over the training traffic. */
    standingDeviation: z.number("give logits").positive("give a deviation above 0"),
    probes: z.int("give a whole number").positive("give at least 1 probe"),
    source: z.string().min(1, "say where the outcomes came from"),
    placed: z.iso.date("give the day it was placed as YYYY-MM-DD"),
  })
  .readonly();

const source = z
  .strictObject({
    what: z.enum(
      ["price", "context", "capabilities", "released", "latency", "status"],
      "use one of: price, context, capabilities, released, latency, status",
    ),
    url,
    seen: z.iso.date("give the day it was read as YYYY-MM-DD"),
  })
  .readonly();

const model = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9-]+\/[a-z0-9._:-]+$/, "write it as provider/model in lower case"),
    upstreamModel: z.string().min(1, "give the vendor's name for the model").optional(),
    name: z.string().min(1, "give a name that people know"),
    released: z
      .string()
      .regex(/^20\d\d-(0[1-9]|1[0-2])$/, "give the month of release as YYYY-MM")
      .optional(),
    price,
    contextTokens: tokens,
    maxOutputTokens: tokens,
    capabilities: z
      .array(z.enum(CAPABILITIES, `use one of: ${CAPABILITIES.join(", ")}`))
      .refine((list) => new Set(list).size === list.length, "name each capability once")
      .readonly(),
    /** What a vendor is not known to refuse is passed on, and the vendor's to judge. */
    refuses: z
      .array(z.enum(REFUSALS, `use one of: ${REFUSALS.join(", ")}`))
      .refine((list) => new Set(list).size === list.length, "name each refusal once")
      .readonly()
      .optional(),
    latency,
    outputTokensFactor: z
      .number("give a number; 1 for a model that does not think aloud")
      .min(0.1, "give a factor between 0.1 and 50")
      .max(50, "give a factor between 0.1 and 50"),
    outputTokensSource: urlOrEstimate.optional(),
    ability: ability.optional(),
    anchors: z
      .array(anchor)
      .refine(
        (list) => new Set(list.map((a) => a.benchmark)).size === list.length,
        "quote each benchmark once, at the effort that requests get by default",
      )
      .readonly(),
    sources: z.array(source).min(1, "name at least one source").readonly(),
  })
  .refine((m) => m.maxOutputTokens <= m.contextTokens, {
    path: ["maxOutputTokens"],
    error: "an answer must fit into the context window; check both numbers",
  })
  .refine((m) => m.upstreamModel !== m.id.slice(m.id.indexOf("/") + 1), {
    path: ["upstreamModel"],
    error: "leave it out where it equals the part of the id after the slash",
  })
  .refine((m) => m.outputTokensFactor === 1 || m.outputTokensSource !== undefined, {
    path: ["outputTokensSource"],
    error: 'a factor other than 1 needs the https URL where it was read, or "estimate"',
  })
  .refine((m) => m.sources.some((s) => s.what === "price"), {
    path: ["sources"],
    error: 'a price needs a source; add one with "what": "price"',
  })
  .readonly();

/** What a request for embeddings may ask for beyond a vector for each text. */
export const EMBEDDING_CAPABILITIES = ["dimensions", "tokens", "base64"] as const;

/** A model that makes vectors. It answers nothing, so nothing that chooses among answers applies to it. */
const embedding = z
  .strictObject({
    id: z
      .string()
      .regex(/^[a-z0-9-]+\/[a-z0-9._:/-]+$/, "write it as provider/model in lower case"),
    upstreamModel: z.string().min(1, "give the vendor's name for the model").optional(),
    name: z.string().min(1, "give a name that people know"),
    /** The model elsewhere in this list whose vectors these are; whoever asks for that may get this. */
    sameVectorsAs: z.string().optional(),
    price: z.strictObject({ inputUsdPerMTok: usdPerMTok }).readonly(),
    contextTokens: tokens,
    /** Numbers in a vector, unless the request asks for fewer. */
    dimensions: z.int("give a whole number").positive("give at least 1 dimension"),
    capabilities: z
      .array(z.enum(EMBEDDING_CAPABILITIES, `use one of: ${EMBEDDING_CAPABILITIES.join(", ")}`))
      .readonly(),
    sources: z
      .array(source)
      .refine((list) => list.some((s) => s.what === "price"), {
        error: 'a price needs a source; add one with "what": "price"',
      })
      .readonly(),
  })
  .readonly();

const embeddings = z
  .array(embedding)
  .superRefine((list, context) => {
    refuseDuplicates("embeddings", list, context);
    for (const [index, { sameVectorsAs }] of list.entries()) {
      if (sameVectorsAs === undefined) continue;
      const original = list.find(({ id }) => id === sameVectorsAs);
      if (original !== undefined && original.sameVectorsAs === undefined) continue;
      const message = "name an entry of this list that is no copy itself";
      const path = [index, "sameVectorsAs"];
      context.addIssue({ code: "custom", path, input: sameVectorsAs, message });
    }
  })
  .readonly();

const catalog = z
  .strictObject({
    version: z.iso.date("give the day of this edition as YYYY-MM-DD"),
    currency: z.literal("USD", "only USD is supported"),
    models: z
      .array(model)
      .min(1, "list at least one model")
      .superRefine((models, context) => refuseDuplicates("models", models, context))
      .readonly(),
    embeddings: embeddings.default([]),
  })
  .readonly();

/** All models of one edition, frozen; ids are unique. */
export type Catalog = z.infer<typeof catalog>;
/**
 * One model. Prices in US dollars per million tokens; windows in tokens; `latency.ttftMs` until the first token of
 * the answer proper, thinking included; `outputTokensFactor` is 1 for a model that does not think.
 */
export type CatalogModel = Catalog["models"][number];

/** One model that makes vectors. */
export type CatalogEmbedding = Catalog["embeddings"][number];

/**
 * Checks and freezes a catalogue read from JSON. Throws an Error that lists the problems, one per line, as
 * `place = value: what to do`; rules that span fields, such as unique ids, are tried once the fields are sound.
 */
export function parseCatalog(json: unknown): Catalog {
  const parsed = catalog.safeParse(json, { reportInput: true, error: remedyForShape });
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => `  ${describe(issue, json)}`);
  throw new Error(`The model catalogue was refused:\n${lines.join("\n")}`);
}

function refuseDuplicates(
  list: string,
  models: readonly { readonly id: string }[],
  context: z.core.$RefinementCtx,
): void {
  const seen = new Map<string, number>();
  for (const [index, { id }] of models.entries()) {
    const first = seen.get(id);
    if (first === undefined) seen.set(id, index);
    else {
      const message = `${list}[${first}] has this id already; remove or rename one of them`;
      context.addIssue({ code: "custom", path: [index, "id"], input: id, message });
    }
  }
}

function isScoreInRange(a: { benchmark: string; score: number }): boolean {
  const [low, high] = a.benchmark === "arena_elo" ? [ELO_MIN, ELO_MAX] : [0, 1];
  return a.score >= low && a.score <= high;
}

/** For problems of shape, where the field's own rule has no words. */
function remedyForShape(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === "unrecognized_keys") {
    const keys = issue.keys.map((key) => JSON.stringify(key)).join(", ");
    return `unknown key ${keys}; correct the spelling or remove it`;
  }
  if (issue.code === "invalid_type") return `give ${issue.expected}`;
  return undefined;
}

function describe(issue: z.core.$ZodIssue, json: unknown): string {
  const place = issue.path
    .map((p) => (typeof p === "number" ? `[${p}]` : `.${String(p)}`))
    .join("");
  const value = issue.code === "unrecognized_keys" ? "" : ` = ${preview(issue.path, json)}`;
  return `${place.replace(/^\./, "") || "catalogue"}${value}: ${issue.message}`;
}

/** The offending value as the file has it, cut to one readable line. */
function preview(path: readonly PropertyKey[], json: unknown): string {
  let value: unknown = json;
  for (const key of path) {
    value = typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
  }
  if (value === undefined) return "(missing)";
  const text = String(typeof value === "number" ? value : JSON.stringify(value));
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

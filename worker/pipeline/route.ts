/**
 * Request and policy in, decision out; nobody is called.
 *
 * This is the whole of `/v1/route` and the first half of every completion. A model that the client
 * names is not decided about, but it is held to the same filters: what it cannot serve is refused here
 * and not by a vendor after the request has travelled.
 */
import type { ChatRequest } from "../domain/chat.ts";
import type { Decision, Excluded } from "../domain/decision.ts";
import { RouterError } from "../domain/errors.ts";
import type { Lesson } from "../domain/lessons.ts";
import type { Policy } from "../domain/policy.ts";
import type { PacedBudget } from "../domain/standing.ts";
import type { Caller } from "../domain/tenant.ts";
import { vendorOf } from "../domain/upstream.ts";
import { buildCandidates } from "../routing/candidates.ts";
import { explore, type Draw } from "../routing/explore.ts";
import { lifted } from "../routing/lift.ts";
import { mediaTokensOf } from "../routing/media-tokens.ts";
import { pin } from "../routing/pin.ts";
import type { Asking } from "../routing/ports.ts";
import { promptOf } from "../routing/prompt-of.ts";
import { requirementsOf, type Requirements } from "../routing/requirements.ts";
import { requireAllowed, withinAllowed, type AllowedModels } from "./allowed-models.ts";
import { findNamed, parseModelName, requireKnown, requireNamed } from "./model-name.ts";
import { decideAtPace, observeNamed } from "./pace.ts";
import type { CatalogModel, CertifiedPrompt, Commission, Deps } from "./ports.ts";
import { countPrompt } from "./token-count.ts";

/** What a client asks: a checked body, and its knobs. */
export interface Order {
  readonly request: ChatRequest;
  readonly policy: Policy;
  /** What the caller may use, whatever the policy says. */
  readonly allowed?: AllowedModels;
}

export interface Route extends CertifiedPrompt {
  readonly decision: Decision;
  /** The budgets that set its price of money. */
  readonly paced: readonly PacedBudget[];
  readonly grounds: Grounds;
}

/** What a decision was made of, beside the forecast and the catalogue. */
export interface Grounds {
  readonly needs: Requirements;
  /** Within what the caller may use. */
  readonly policy: Policy;
  /** The model that the client named. */
  readonly pinned: string | undefined;
  readonly lesson: Lesson;
  /** How the first attempt was drawn; undefined where nothing was. */
  readonly exploration: Draw | undefined;
}

type RouteDeps = Pick<
  Deps,
  "scorer" | "embeddings" | "keys" | "latency" | "pace" | "clock" | "lessons" | "random"
>;

interface RouteOrder extends Order, Pick<Commission, "tag" | "caller"> {
  /** The caller's paced budgets. */
  readonly paced: readonly PacedBudget[];
}

const NO_LESSON: Lesson = { lifts: new Map(), caution: 0 };

/**
 * Decides. Throws RouterError: 404 for a model that does not exist or has no key, 403 for one that the caller
 * may not use, 400 when the filters leave nobody or the weights that are asked for are not served, 503 when no vendor has a key or the router itself is broken.
 */
export async function route(order: RouteOrder, deps: RouteDeps): Promise<Route> {
  const { request, paced, caller } = order;
  const { catalog } = deps.scorer;
  const { pinned, policy } = askedOf(order, deps);
  requireSomeKey(deps);

  const prompt = promptOf(request);
  const asking = { tenant: caller.tenant.id, requestId: order.tag.id, asked: policy.weights };
  const scored = withMedia(await score(prompt, asking, deps), request);
  const { certificate, forecast } = scored;
  const lesson = learnt(scored, caller, deps);
  const needs = requirementsOf(request, { prompt, inputTokens: forecast.inputTokens });
  const nowMs = deps.clock.nowMs();
  const { candidates, excluded } = buildCandidates({
    catalog,
    forecast: lifted(forecast, lesson.lifts),
    needs,
    policy,
    isServed: (id) => deps.keys.has(vendorOf(id)),
    latencyOf: (model, tokens) => deps.latency.forecast(model, tokens, nowMs),
    pinned,
  });
  const { caution } = lesson;
  const input = { candidates, excluded, policy, certificate, task: forecast.task, caution };
  const pacing = { paced, book: deps.pace, isDry: policy.dry_run };
  if (pinned !== undefined) requireKeyFor(pinned, excluded, deps);
  const preferred = pinned === undefined ? decideAtPace(input, pacing) : pin(pinned, input);
  if (!("reason" in preferred)) throw noCandidate(preferred.excluded);
  if (pinned !== undefined) observeNamed(preferred, input, pacing);
  const terms = pinned === undefined ? caller.tenant.exploration : undefined;
  const exploration = terms && { ...terms, unit: deps.random() };
  const decision = exploration ? explore(preferred, { ...exploration, policy }) : preferred;
  const grounds = { needs, policy, pinned, lesson, exploration };
  return { ...scored, decision, paced, grounds };
}

function learnt(
  { weights, reading }: CertifiedPrompt,
  { tenant }: Caller,
  deps: RouteDeps,
): Lesson {
  const isExploring = tenant.exploration !== undefined;
  const asked = { tenant: tenant.id, weights, demand: reading.demand, isExploring };
  return deps.lessons?.of(asked) ?? NO_LESSON;
}

/** The model that an order names, where it names one, and its policy within what its caller may use. Throws as `route` does. */
export function askedOf(
  { request, policy, allowed }: Order,
  deps: Pick<RouteDeps, "scorer" | "embeddings">,
): { readonly pinned: string | undefined; readonly policy: Policy } {
  const name = parseModelName(request.model);
  const named = name.kind === "pinned" ? requireChatModel(name.model, deps) : undefined;
  if (named !== undefined) requireAllowed([named], allowed);
  for (const id of policy.allow_models ?? []) requireKnown(id, deps.scorer.catalog, "allow_models");
  return { pinned: named?.id, policy: withinAllowed(policy, allowed) };
}

/** Input tokens of a prompt, counted as for a vendor that reports none. Throws RouterError 404. */
export function estimateTokens(
  request: ChatRequest,
  deps: Pick<RouteDeps, "scorer" | "embeddings">,
): number {
  const name = parseModelName(request.model);
  if (name.kind === "pinned") requireChatModel(name.model, deps);
  return countPrompt(request);
}

function requireChatModel(
  name: string,
  { scorer, embeddings }: Pick<Deps, "scorer" | "embeddings">,
): CatalogModel {
  const model = findNamed(name, scorer.catalog);
  if (model !== undefined) return model;
  if (findNamed(name, embeddings) === undefined) return requireNamed(name, scorer.catalog);
  throw new RouterError(
    "not_found_error",
    `${name} answers no chats, it makes embeddings; POST /v1/embeddings asks it`,
    { code: "model_not_found", param: "model" },
  );
}

/** Throws RouterError 404 where the model could serve if its vendor had a key. */
function requireKeyFor(model: string, excluded: readonly Excluded[], deps: RouteDeps): void {
  const why = excluded.find((entry) => entry.model === model)?.why;
  if (why === "no_vendor_key") throw noKeyFor(model, deps);
}

/** The router reads text and counts pictures; what else there is to be paid for comes on top. */
function withMedia(scored: CertifiedPrompt, { messages }: ChatRequest): CertifiedPrompt {
  const { forecast } = scored;
  const inputTokens = forecast.inputTokens + mediaTokensOf(messages);
  return { ...scored, forecast: { ...forecast, inputTokens } };
}

async function score(
  prompt: ReturnType<typeof promptOf>,
  asking: Asking,
  { scorer }: Pick<RouteDeps, "scorer">,
): Promise<CertifiedPrompt> {
  try {
    return await scorer.score(prompt, asking);
  } catch (cause) {
    if (cause instanceof RouterError) throw cause;
    throw new RouterError("server_error", "The router cannot score prompts at the moment", {
      code: "router_unavailable",
      status: 503,
      isRetryable: true,
      cause,
    });
  }
}

/** Throws RouterError 503 where the deployment can call nobody. */
export function requireSomeKey({ keys, scorer }: Pick<Deps, "scorer" | "keys">): void {
  if (keys.size > 0) return;
  const vendors = new Set(scorer.catalog.map(({ id }) => vendorOf(id)));
  const secrets = [...vendors].flatMap((vendor) => keys.secretOf(vendor) ?? []);
  throw new RouterError(
    "server_error",
    `This deployment has no vendor's key. Its owner sets at least one of ${secrets.join(", ")} ` +
      "with `npx wrangler secret put <NAME>`",
    { code: "no_vendor_key", status: 503 },
  );
}

/** The refusal of a model whose vendor's key is missing. */
export function noKeyFor(model: string, { keys }: Pick<Deps, "keys">): RouterError {
  const secret = keys.secretOf(vendorOf(model));
  const remedy =
    secret === undefined ? "its vendor is not known" : `the secret ${secret} is not set`;
  return new RouterError(
    "not_found_error",
    `This deployment cannot call ${model}: ${remedy}. GET /v1/models lists what it can`,
    { code: "no_vendor_key", param: "model" },
  );
}

const MAX_LISTED = 8;

function noCandidate(excluded: readonly Excluded[]): RouterError {
  // Models that the client itself ruled out, or that nobody has a key for, explain the least.
  const telling = excluded.toSorted((a, b) => weightOf(b) - weightOf(a));
  const listed = telling.slice(0, MAX_LISTED).map(({ model, why }) => `${model} ${why}`);
  const rest = excluded.length - listed.length;
  const more = rest > 0 ? `, and ${rest} more` : "";
  return new RouterError(
    "invalid_request_error",
    `No model can serve this request: ${listed.join(", ")}${more}`,
    { code: "no_candidate" },
  );
}

function weightOf({ why }: Excluded): number {
  return why === "not_allowed" ? 0 : why === "no_vendor_key" ? 1 : 2;
}

/**
 * Has a model grade a sample of a tenant's answers, where the tenant wants that: somebody has to say a word of answers
 * that nobody complains of, or the router learns from complaints alone.
 *
 * Grading is a request of its own, after the client has its answer: for the tenant's money and within its budgets and
 * limits, with a line of log, neither recorded nor graded itself. The grade goes into the event log as feedback of the
 * source `judge`, which counts half of a person's (domain/reward.ts). Where nobody grades, or what is said has no
 * grade in it, nothing is learnt. Long prompts, and those with more than text, are left out.
 */
import type { ChatMessage } from "../domain/chat.ts";
import { RouterError } from "../domain/errors.ts";
import { policySchema } from "../domain/policy.ts";
import { isRecord } from "../lib/json.ts";
import { promptOf } from "../routing/prompt-of.ts";
import type { Answer } from "./answer.ts";
import { tagRequest, type Deps } from "./ports.ts";
import type { Recollection } from "./recollection.ts";
import type { Route } from "./route.ts";
import type { CompleteOrder } from "./settlement.ts";

/** UTF-16 units of prompt and answer together. */
const LONGEST = 24_000;
/** Room for a model that thinks before it grades. */
const MAX_OUTPUT_TOKENS = 2_000;

/** Answers a chat request, as `complete` does. */
type Ask = (order: CompleteOrder, deps: Deps) => Promise<Answer>;

/** What is graded: an answer, in its order's whole. */
interface Ended {
  readonly routed: Route;
  readonly said: Recollection;
}

/** Grades an answer that has ended well, if it is one of the sample. Never rejects. */
export async function judge(
  order: CompleteOrder,
  ended: Ended,
  { deps, ask }: { deps: Deps; ask: Ask },
): Promise<void> {
  const { judge: terms, events } = order.caller.tenant;
  if (terms === undefined || events === "off" || deps.random() >= terms.share) return;
  try {
    await grade(order, { ...ended, model: terms.model }, { deps, ask });
  } catch (error) {
    const code = error instanceof RouterError ? error.code : "internal_error";
    deps.log.write("info", "judging_failed", { request_id: order.tag.id, code });
  }
}

async function grade(
  order: CompleteOrder,
  {
    routed,
    said: heard,
    model = routed.decision.reference.model,
  }: Ended & { model: string | undefined },
  { deps, ask }: { deps: Deps; ask: Ask },
): Promise<void> {
  const judged = judgedIn(order, heard.body());
  if (judged === undefined) return;
  const messages = deps.judge.messages(judged);
  const given = await ask(gradingOf(order, { model, messages }, deps), deps);
  const said = given.kind === "whole" && !given.isStopped ? textOf(given.body) : undefined;
  const score = said === undefined ? undefined : deps.judge.score(said);
  if (score === undefined) return;
  const { tag, caller } = order;
  const atMs = deps.clock.nowMs();
  const of = { id: tag.id, tenant: caller.tenant.id, atMs };
  await deps.events?.record([{ kind: "feedback", ...of, source: "judge", score }], caller.tenant);
}

function judgedIn(
  { request }: CompleteOrder,
  body: Record<string, unknown> | undefined,
): { readonly prompt: string; readonly answer: string } | undefined {
  const answer = body && textOf(body);
  const { turns, imageCount, toolCount } = promptOf(request);
  if (answer === undefined || answer === "" || imageCount + toolCount > 0) return undefined;
  const prompt = turns.map(({ role, text }) => `${role}: ${text}`).join("\n\n");
  return prompt.length + answer.length > LONGEST ? undefined : { prompt, answer };
}

interface Grading {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
}

/** The client's hanging up does not end it, and what it is allowed to use stays the same. */
function gradingOf(order: CompleteOrder, { model, messages }: Grading, deps: Deps): CompleteOrder {
  const { caller, allowed, keepAlive } = order;
  const { judge: _, ...tenant } = caller.tenant;
  return {
    request: { model, messages: [...messages], max_completion_tokens: MAX_OUTPUT_TOKENS },
    policy: policySchema.parse({}),
    ...(allowed !== undefined && { allowed }),
    caller: { ...caller, tenant: { ...tenant, events: "off" } },
    keepAlive,
    tag: tagRequest(deps),
    signal: new AbortController().signal,
  };
}

function textOf(body: Record<string, unknown>): string | undefined {
  const [choice] = Array.isArray(body["choices"]) ? body["choices"] : [];
  const message = isRecord(choice) && isRecord(choice["message"]) ? choice["message"] : {};
  const { content } = message;
  return typeof content === "string" ? content : undefined;
}

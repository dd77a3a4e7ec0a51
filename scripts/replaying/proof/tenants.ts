/** Whom the proof's traffic comes from: what is kept of a prompt, how much is tried, what money may be spent. */
import { issuedAnswer } from "../../administration/answers.ts";
import type { Connection } from "../../administration/connection.ts";

/** Two of them explore, two have a paced budget, one keeps neither prompts nor features. */
export const TENANTS: readonly (Readonly<Record<string, unknown>> & { readonly id: string })[] = [
  { id: "plain", events: "features" },
  { id: "words", events: "prompts" },
  { id: "scores", events: "decisions" },
  { id: "explorer", events: "features", exploration: { sharpness: 20 } },
  {
    id: "adventurer",
    events: "prompts",
    exploration: { sharpness: 2, floor: 0.05, max_cost_ratio: 50 },
    policy: { quality: 0.8 },
  },
  {
    id: "paced",
    events: "features",
    budgets: [{ window: "day", limit_usd: 2, is_paced: true }],
  },
  {
    id: "paced-explorer",
    events: "features",
    exploration: {},
    budgets: [{ window: "month", limit_usd: 50, is_paced: true }],
    policy: { preset: "fast" },
  },
];

/** Makes them all; their keys, in the same order. */
export async function makeTenants(operator: Connection): Promise<string[]> {
  const keys: string[] = [];
  for (const tenant of TENANTS) {
    await operator.ask("POST", "/admin/tenants", tenant);
    const answer = await operator.ask("POST", `/admin/tenants/${tenant.id}/keys`, {});
    keys.push(issuedAnswer.parse(answer).secret);
  }
  return keys;
}

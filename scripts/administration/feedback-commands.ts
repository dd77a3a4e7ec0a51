/** `npm run admin -- feedback …`: what a tenant has said of its answers. */
import { feedbackPage, readAnswer, type FeedbackAnswer, type FeedbackPage } from "./answers.ts";
import { pathOf, tenantIn, type Command } from "./command.ts";
import type { Connection } from "./connection.ts";
import { textOfFeedback } from "./tables.ts";

export const FEEDBACK: readonly Command[] = [
  {
    noun: "feedback",
    verb: "list",
    summary: "what a tenant has said of its answers, the latest last",
    flags: ["tenant"],
    async run({ connection, given }) {
      const data = await allFeedback(connection, tenantIn(given));
      return { json: { object: "list", data }, text: () => textOfFeedback(data) };
    },
  },
  {
    noun: "feedback",
    verb: "erase",
    summary: "forgets all of it",
    flags: ["tenant"],
    async run({ connection, given }) {
      const tenant = tenantIn(given);
      const json = await connection.ask("DELETE", `${pathOf("tenants", tenant)}/feedback`);
      return { json, text: () => `What ${tenant} has said is forgotten.` };
    },
  },
];

/** Page after page. */
async function allFeedback(connection: Connection, tenant: string): Promise<FeedbackAnswer[]> {
  const all: FeedbackAnswer[] = [];
  let after: number | undefined = 0;
  while (after !== undefined) {
    const path = `${pathOf("tenants", tenant)}/feedback?after=${after}`;
    const page: FeedbackPage = readAnswer(feedbackPage, await connection.ask("GET", path));
    all.push(...page.data);
    after = page.next ?? undefined;
  }
  return all;
}

/** `npm run admin -- budget …`: what is spent, and what waits for its bill. */
import { readFile } from "node:fs/promises";
import { readNumber } from "../command-line/values.ts";
import { createProgress } from "../report/progress.ts";
import { budgetAnswer, readAnswer, readList, unbilledAnswer } from "./answers.ts";
import { pathOf, tenantIn, type Command } from "./command.ts";
import { addBill, reconcile } from "./reconciliation.ts";
import { textOfBudgets, textOfReconciliation, textOfUnbilled } from "./tables.ts";

export const BUDGETS: readonly Command[] = [
  {
    noun: "budget",
    verb: "show",
    summary: "what a tenant has spent and may spend",
    flags: ["tenant"],
    async run({ connection, given }) {
      const json = await connection.ask("GET", `${pathOf("tenants", tenantIn(given))}/budget`);
      return { json, text: () => textOfBudgets(readAnswer(budgetAnswer, json)) };
    },
  },
  {
    noun: "budget",
    verb: "unbilled",
    operand: "ID",
    summary: "an organisation's calls that were cut or lost, and what is booked for them",
    flags: [],
    async run({ connection, id }) {
      const json = await connection.ask("GET", `${pathOf("organisations", id)}/unbilled`);
      return { json, text: () => textOfUnbilled(readList(unbilledAnswer, json)) };
    },
  },
  {
    noun: "budget",
    verb: "settle",
    operand: "REQUEST",
    summary: "puts the vendor's bill in the place of what is booked for such a call",
    flags: ["organisation", "usd"],
    async run({ connection, id, given }) {
      const { organisation: payer, usd } = given;
      if (payer === undefined || usd === undefined)
        throw new Error("--organisation says who pays, --usd what the vendor has billed");
      const costUsd = readNumber("--usd", usd);
      const path = `${pathOf("organisations", payer)}/settlements`;
      const json = await connection.ask("POST", path, { request_id: id, cost_usd: costUsd });
      return { json, text: () => `${id} has cost $${costUsd}` };
    },
  },
  {
    noun: "budget",
    verb: "reconcile",
    operand: "FILE,…",
    summary: "the same for all calls on the bills of all vendors, CSV with request_id and cost_usd",
    flags: ["organisation"],
    async run({ connection, id: paths, given: { organisation } }) {
      if (organisation === undefined) throw new Error("--organisation says who pays");
      const bill = new Map<string, number>();
      for (const path of paths.split(",")) addBill(bill, await readFile(path, "utf8"), path);
      const progress = createProgress("settled", 0);
      const result = await reconcile(connection, { organisation, bill }, (settled, total) =>
        progress.update(settled, "", total),
      );
      progress.finish();
      const { settled, billedUsd: billed_usd, waiting } = result;
      const json = { object: "reconciliation", organisation, settled, billed_usd, waiting };
      return { json, text: () => textOfReconciliation(result) };
    },
  },
];

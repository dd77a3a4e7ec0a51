/** A bill against what waits for it: what is read of it, what is settled, what is left alone. */
import { describe, it } from "vitest";
import { z } from "zod";
import type { Connection } from "../../../scripts/administration/connection.ts";
import { addBill, reconcile } from "../../../scripts/administration/reconciliation.ts";

function readBill(...texts: string[]): [string, number][] {
  const bill = new Map<string, number>();
  for (const text of texts) addBill(bill, text, "bill.csv");
  return [...bill];
}

describe("a bill", () => {
  it("has a sum for each request, whatever else is in it", ({ expect }) => {
    const text = `model,cost_usd,request_id\r\n"a, b",0.5,req_1\r\nc,0.25,req_1\r\nd,0,req_2\r\n`;
    expect(readBill(text)).toEqual([
      ["req_1", 0.75],
      ["req_2", 0],
    ]);
    expect(readBill(text, "request_id,cost_usd\nreq_2,2\n")).toEqual([
      ["req_1", 0.75],
      ["req_2", 2],
    ]);
  });

  it.for([
    ["request_id,usd\nreq_1,1", /^bill\.csv: a bill has the columns request_id and cost_usd$/],
    ["request_id,cost_usd\nreq_1,-1", /^bill\.csv:2: cost_usd "-1" is no sum of dollars$/],
    ["request_id,cost_usd\nreq_1,1\nreq_2,", /^bill\.csv:3: cost_usd "" is no sum/],
    ["request_id,cost_usd\nreq_1,1e999", /1e999/],
    ["", /no line of column names/],
  ] as const)("that reads %j is refused", ([text, message], { expect }) => {
    expect(() => readBill(text)).toThrow(message);
  });
});

const settlement = z.object({ request_id: z.string() });

/** A deployment with so many requests that wait, which shows `page` of them at a time. */
function deployment(waiting: string[], page = 1_000) {
  const settled: unknown[] = [];
  const connection: Connection = {
    async ask(method, path, body) {
      if (method === "GET") {
        const data = waiting.slice(0, page).map((id) => ({ request_id: id, why: "estimated" }));
        return { data: data.map((call) => ({ ...call, since: "2026-11-22", amounts: [] })) };
      }
      const { request_id: id } = settlement.parse(body);
      waiting.splice(waiting.indexOf(id), 1);
      settled.push([path, body]);
      return {};
    },
  };
  return { connection, settled };
}

describe("reconcile", () => {
  it("settles what is on the bill and waits, and nothing else", async ({ expect }) => {
    const { connection, settled } = deployment(["req_1", "req_2", "req_3"]);
    const bill = new Map([
      ["req_1", 0.5],
      ["req_3", 0],
      ["req_of_a_whole_answer", 9],
    ]);
    const reported: [number, number][] = [];
    const result = await reconcile(connection, { organisation: "acme", bill }, (...progress) =>
      reported.push(progress),
    );
    expect(result).toEqual({ settled: 2, billedUsd: 0.5, waiting: 1 });
    expect(reported).toEqual([
      [1, 2],
      [2, 2],
    ]);
    const path = "/admin/organisations/acme/settlements";
    expect(settled).toEqual([
      [path, { request_id: "req_1", cost_usd: 0.5 }],
      [path, { request_id: "req_3", cost_usd: 0 }],
    ]);
  });

  it("says so where a full list is on no bill", async ({ expect }) => {
    const ids = Array.from({ length: 1_001 }, (_, at) => `req_${at}`);
    const { connection, settled } = deployment([...ids]);
    const bill = new Map([["req_1000", 1]]);
    await expect(reconcile(connection, { organisation: "acme", bill }, () => {})).rejects.toThrow(
      /^0 calls are settled; the oldest 1000 that wait/,
    );
    expect(settled).toEqual([]);
  });

  it("goes on where more wait than one list shows", async ({ expect }) => {
    const ids = Array.from({ length: 7 }, (_, at) => `req_${at}`);
    const { connection, settled } = deployment([...ids], 3);
    const bill = new Map(ids.map((id) => [id, 1]));
    const result = await reconcile(connection, { organisation: "acme", bill }, () => {});
    expect(result).toEqual({ settled: 7, billedUsd: 7, waiting: 0 });
    expect(settled).toHaveLength(7);
  });
});

/** The day's tickets, pulled from a queue over HTTP and acknowledged afterwards. */
import { createServer } from "node:http";
import { afterEach, beforeEach, it } from "vitest";
import { waitForTickets, type QueueAddress } from "../../../scripts/retraining/tickets.ts";

const TICKET = { kind: "retrain", day: "2026-11-23", atMs: 1 };

interface Asked {
  readonly path: string;
  readonly body: string;
  readonly authorization: string | undefined;
}

let address: QueueAddress;
let asked: Asked[];
let batches: string[][];
let close: () => Promise<unknown>;
beforeEach(async () => {
  [asked, batches] = [[], []];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const path = request.url!;
      asked.push({ path, body, authorization: request.headers.authorization });
      response.end(JSON.stringify({ success: true, result: answerTo(path) }));
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const bound = server.address();
  if (typeof bound !== "object" || bound === null) throw new Error("No port");
  address = {
    api: `http://127.0.0.1:${bound.port}`,
    account: "acc",
    token: "made-up",
    queue: "sluice-retrain",
  };
  close = () => new Promise((done) => server.close(done));
});
afterEach(() => close());

function answerTo(path: string): unknown {
  if (path.endsWith("/queues"))
    return [
      { queue_id: "other", queue_name: "other" },
      { queue_id: "q1", queue_name: "sluice-retrain" },
    ];
  if (path.endsWith("/ack")) return { ackCount: 1 };
  const bodies = batches.shift() ?? [];
  return { messages: bodies.map((body, i) => ({ lease_id: `lease ${i}`, body })) };
}

function quiet(lines: string[] = []) {
  return { everyMs: 1, say: (line: string) => void lines.push(line) };
}

function base64(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64");
}

it("waits for a ticket, plain or in base64, and acknowledges when told", async ({ expect }) => {
  batches = [[], [], [JSON.stringify(TICKET), base64(TICKET)]];
  const { tickets, acknowledge } = await waitForTickets(address, quiet());
  expect(tickets).toEqual([TICKET, TICKET]);
  const paths = asked.map(({ path }) => path);
  expect(paths).toEqual([
    "/accounts/acc/queues",
    ...Array(3).fill("/accounts/acc/queues/q1/messages/pull"),
  ]);
  expect(asked[1]!.authorization).toBe("Bearer made-up");
  await acknowledge();
  expect(asked.at(-1)!.path).toBe("/accounts/acc/queues/q1/messages/ack");
  expect(JSON.parse(asked.at(-1)!.body)).toEqual({
    acks: [{ lease_id: "lease 0" }, { lease_id: "lease 1" }],
    retries: [],
  });
});

it("names what is no ticket, and has it away", async ({ expect }) => {
  batches = [["noise"], [base64({ ...TICKET, kind: "other" })], [base64(TICKET)]];
  const lines: string[] = [];
  await waitForTickets(address, quiet(lines));
  expect(lines).toHaveLength(2);
  expect(lines[0]).toContain("no tickets: noise");
  expect(asked.filter(({ path }) => path.endsWith("/ack"))).toHaveLength(2);
});

it("says so where the account has no such queue", async ({ expect }) => {
  const wrong = waitForTickets({ ...address, queue: "missing" }, quiet());
  await expect(wrong).rejects.toThrow("no queue missing");
});

/**
 * An alert from the settlement to the receiver: real workerd, wrangler's own queue, a server on the loopback interface.
 * The receiver says by `Retry-After` when to come again, so nothing waits for the usual delays.
 */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, it } from "vitest";
import { startLocalWorker, type LocalWorker } from "../../scripts/simulation/local-worker.ts";
import { webhookReceiver } from "../../scripts/simulation/webhook-receiver.ts";
import { budgetSchema } from "../../worker/domain/budget.ts";

/** What the receiver answers in turn. */
const ANSWERS = [500, 204] as const;
const SECRET = `whsec_${btoa("a secret of thirty-two letters.!")}`;

let worker: LocalWorker;
let server: Server;
const printed: string[] = [];
const arrived: { headers: IncomingHttpHeaders; status: number }[] = [];
const delivered = Promise.withResolvers<void>();

beforeAll(async () => {
  const receive = webhookReceiver({ secret: SECRET, print: (line) => printed.push(line) });
  server = createServer((request, response) => {
    void answer(request, response, receive);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  worker = await startLocalWorker({
    entrypoint: fileURLToPath(new URL("../support/alert-worker.ts", import.meta.url)),
    vendorUrl: "http://127.0.0.1:9",
    vars: {
      ALERT_WEBHOOK_URL: `http://127.0.0.1:${address.port}/alerts?key=1`,
      ALERT_WEBHOOK_SECRET: SECRET,
      LOG_LEVEL: "error",
    },
    persist: false,
    logLevel: "none",
  });
});
afterAll(async () => {
  await worker?.close();
  server?.closeAllConnections();
  server?.close();
});

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  receive: ReturnType<typeof webhookReceiver>,
): Promise<void> {
  const verdict = await receive(request);
  const status = verdict === 204 ? (ANSWERS[arrived.length] ?? 204) : verdict;
  arrived.push({ headers: request.headers, status });
  response.writeHead(status, { "retry-after": "1" }).end();
  if (status === 204) delivered.resolve();
}

describe("an alert", () => {
  it("is delivered, signed anew each time under one id, until the receiver has it", async ({
    expect,
  }) => {
    const name = "tenant:sales/usd/month";
    const budget = budgetSchema.parse({ window: "month", limit_usd: 10, alerts: [0.8] });
    const standing = { scope: "tenant", id: "sales", limit: 10_000_000, budget };
    const response = await fetch(worker.directUrl, {
      method: "POST",
      body: JSON.stringify({
        whose: { organisation: { id: "acme" }, tenant: { id: "sales" }, key: { id: "key_1" } },
        entries: [{ account: { name, slotMs: 0 }, standing }],
        settled: { balances: [{ name, spentBefore: 0, spent: 8_500_000, held: 0 }] },
      }),
    });
    expect(response.status).toBe(200);
    await delivered.promise;
    expect(arrived.map(({ status }) => status)).toEqual(ANSWERS);
    expect(new Set(arrived.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    const times = arrived.map(({ headers }) => headers["webhook-timestamp"]);
    expect(new Set(times).size).toBe(ANSWERS.length);
    expect(printed).toEqual([
      "Webhook budget.threshold: acme / sales, month: $8.5 of $10 (85 %), signature verified",
    ]);
  });
});

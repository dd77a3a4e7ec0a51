/** Batches of the queue: what is acknowledged, what is put back and for how long, and what is no alert. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { deliverAlerts, type AlertDelivered } from "../../../worker/budget/alert-queue.ts";
import type { Delivery } from "../../../worker/budget/webhook.ts";
import { ALERT } from "./made-up-alert.ts";

interface Given {
  /** Each message's body, in order; its id is its index. */
  readonly bodies?: readonly unknown[];
  readonly attempts?: number;
  readonly random?: () => number;
  /** What each attempt comes to; all are delivered where this is left out. */
  readonly deliveries?: readonly Delivery[] | "no webhook";
}

async function handle(given: Given) {
  const { bodies = [ALERT], attempts = 1, random = () => 0, deliveries = [] } = given;
  const acked: string[] = [];
  const retried: { id: string; delaySeconds: number | undefined }[] = [];
  const messages = bodies.map((body, index) => {
    const id = String(index);
    return {
      id,
      attempts,
      body,
      ack: () => void acked.push(id),
      retry: ({ delaySeconds }: QueueRetryOptions = {}) => void retried.push({ id, delaySeconds }),
    };
  });
  const log: AlertDelivered[] = [];
  const delivered: unknown[] = [];
  const webhook = {
    async deliver(alert: typeof ALERT): Promise<Delivery> {
      delivered.push(alert);
      const outcomes = deliveries === "no webhook" ? [] : deliveries;
      return outcomes[delivered.length - 1] ?? { kind: "delivered" };
    },
  };
  await deliverAlerts(
    { messages },
    {
      webhook: deliveries === "no webhook" ? undefined : webhook,
      random,
      log: (event) => void log.push(event),
    },
  );
  return { acked, retried, log, delivered };
}

describe("a batch", () => {
  it("is delivered one by one; one that fails keeps no other back", async ({ expect }) => {
    const { acked, retried, delivered, log } = await handle({
      bodies: [ALERT, { ...ALERT, id: `evt_${"f".repeat(32)}` }, ALERT],
      deliveries: [{ kind: "delivered" }, { kind: "failed", reason: "status 500" }],
    });
    expect(acked).toEqual(["0", "2"]);
    expect(retried).toEqual([{ id: "1", delaySeconds: 10 }]);
    expect(delivered).toHaveLength(3);
    expect(log).toEqual([
      { event: "alert_delivered", id: ALERT.id, attempts: 1 },
      {
        event: "alert_put_back",
        id: `evt_${"f".repeat(32)}`,
        attempts: 1,
        reason: "status 500",
        delay_s: 10,
      },
      { event: "alert_delivered", id: ALERT.id, attempts: 1 },
    ]);
  });

  it.for<[string, unknown]>([
    ["nothing", null],
    ["a text", "budget.threshold"],
    ["somebody else's message", { type: "user.created" }],
    ["another kind of alert", { ...ALERT, type: "budget.doubled" }],
    ["an id with a full stop", { ...ALERT, id: "evt_1.2" }],
    ["no data", { ...ALERT, data: undefined }],
  ])("with %s lets that go and delivers the rest", async ([, body], { expect }) => {
    const { acked, retried, delivered, log } = await handle({ bodies: [body, ALERT] });
    expect(acked).toEqual(["0", "1"]);
    expect(retried).toEqual([]);
    expect(delivered).toEqual([ALERT]);
    expect(log[0]).toEqual({
      event: "alert_dropped",
      id: "0",
      attempts: 1,
      reason: "not an alert",
    });
  });

  it("hands on fields of a version that it does not know", async ({ expect }) => {
    const newer = { ...ALERT, source: "eu", data: { ...ALERT.data, forecast_usd: 12 } };
    expect((await handle({ bodies: [newer] })).delivered).toEqual([newer]);
  });

  it("lets go what the receiver refuses, and what nobody wants any more", async ({ expect }) => {
    const refused = await handle({ deliveries: [{ kind: "refused", reason: "status 410" }] });
    expect(refused).toMatchObject({ acked: ["0"], retried: [], log: [{ reason: "status 410" }] });
    const unwanted = await handle({ deliveries: "no webhook" });
    expect(unwanted).toMatchObject({ acked: ["0"], retried: [], delivered: [] });
    expect(unwanted.log).toMatchObject([{ event: "alert_dropped", reason: /no webhook/ }]);
  });
});

async function delayS(attempts: number, jitter: number, retryAfterMs?: number): Promise<number> {
  const delivery = {
    kind: "failed",
    reason: "x",
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  } as const;
  const { retried } = await handle({ attempts, random: () => jitter, deliveries: [delivery] });
  return retried[0]?.delaySeconds ?? Number.NaN;
}

describe("the delay", () => {
  it("doubles up to an hour", async ({ expect }) => {
    const delays = [1, 2, 3, 9, 10, 13, 100].map((attempts) => delayS(attempts, 0));
    expect(await Promise.all(delays)).toEqual([10, 20, 40, 2_560, 3_600, 3_600, 3_600]);
  });

  it("is what the receiver asks for", async ({ expect }) => {
    const delays = [0, 1, 1_001, 30_000, 9e9].map((retryAfterMs) => delayS(5, 0.5, retryAfterMs));
    expect(await Promise.all(delays)).toEqual([1, 1, 2, 30, 3_600]);
  });

  it("is a whole number between half of it and all of it", async () => {
    const jitter = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 13 }), jitter, async (attempts, random) => {
        const delay = await delayS(attempts, random);
        const most = Math.min(10 * 2 ** (attempts - 1), 3_600);
        return Number.isInteger(delay) && most / 2 <= delay && delay <= most;
      }),
    );
  });
});

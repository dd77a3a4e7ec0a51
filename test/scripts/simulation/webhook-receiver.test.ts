/** The receiver that `npm start` offers: what it takes in, what it refuses, and what it says. */
import { afterAll, beforeAll, describe, it } from "vitest";
import { webhookReceiver } from "../../../scripts/simulation/webhook-receiver.ts";
import { startVendor, type Vendor } from "../../../scripts/vendor.ts";
import { signWebhook } from "../../../worker/lib/webhook-signature.ts";

const SECRET = `whsec_${btoa("a secret of thirty-two letters.!")}`;
const BODY = JSON.stringify({
  type: "budget.exceeded",
  data: { organisation: "acme", key: "key_1", window: "day", limit_usd: 2, spent_usd: 2.5 },
});

let vendor: Vendor;
let printed: string[] = [];

beforeAll(async () => {
  vendor = await startVendor({
    webhooks: webhookReceiver({ secret: SECRET, print: (line) => printed.push(line) }),
  });
});
afterAll(() => vendor.close());

interface Sent {
  readonly id?: string;
  readonly body?: string;
  /** Before now. */
  readonly ageS?: number;
  readonly secret?: string;
}

async function send({ id = "evt_1", body = BODY, ageS = 0, secret = SECRET }: Sent = {}) {
  printed = [];
  const timestampS = Math.floor(Date.now() / 1_000) - ageS;
  const headers = await signWebhook({ id, timestampS, body }, [secret]);
  const { status } = await fetch(`${vendor.url}/webhooks`, { method: "POST", headers, body });
  return { status, printed };
}

describe("the receiver", () => {
  it("says what an alert says, once", async ({ expect }) => {
    expect(await send({ id: "evt_once" })).toEqual({
      status: 204,
      printed: [
        "Webhook budget.exceeded: acme / key_1, day: $2.5 of $2 (125 %), signature verified",
      ],
    });
    expect(await send({ id: "evt_once" })).toEqual({ status: 204, printed: [] });
  });

  it.for<[string, Sent, number]>([
    ["another secret", { secret: `whsec_${btoa("quite another secret, 32 letters")}` }, 401],
    ["a time long ago", { ageS: 400 }, 401],
    ["no alert", { body: "[]" }, 400],
    ["no JSON", { body: "{" }, 400],
    ["too long a body", { body: " ".repeat((64 << 10) + 1) }, 413],
  ])("refuses %s", async ([, sent, status], { expect }) => {
    expect((await send(sent)).status).toBe(status);
  });
});

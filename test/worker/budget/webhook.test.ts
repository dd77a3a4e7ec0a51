/** One attempt at a webhook: what is sent, what each answer means, and that nothing hangs. */
import { describe, it } from "vitest";
import { Webhook } from "../../../worker/budget/webhook.ts";
import { verifyWebhook } from "../../../worker/lib/webhook-signature.ts";
import { manualTimers } from "../fixture/timers.ts";
import { ALERT } from "./made-up-alert.ts";

const URL = "https://hooks.example.com/T0/secret-path";
const SECRETS = [1, 2].map((n) => `whsec_${btoa(`secret number ${n}, 32 letters long`)}`);

function webhookTo(send: (url: string, init: RequestInit) => Promise<Response>) {
  const timers = manualTimers();
  timers.advance(Date.parse(ALERT.timestamp));
  return { webhook: new Webhook({ url: URL, secrets: SECRETS, ...timers, send }), timers };
}

function answering(status: number, headers: Record<string, string> = {}) {
  return webhookTo(async () => new Response(null, { status, headers })).webhook;
}

describe("an attempt", () => {
  it("posts the alert, signed by each secret for this very moment", async ({ expect }) => {
    const sent: [string, RequestInit][] = [];
    const { webhook, timers } = webhookTo(async (...call) => {
      sent.push(call);
      return new Response(null, { status: 204 });
    });
    expect(await webhook.deliver(ALERT)).toEqual({ kind: "delivered" });
    expect(timers.pending).toBe(0);
    const [url, init] = sent[0]!;
    expect(url).toBe(URL);
    expect(init).toMatchObject({ method: "POST", redirect: "manual" });
    const headers = new Headers(init.headers);
    const body = await new Response(init.body).text();
    expect(headers.get("webhook-id")).toBe(ALERT.id);
    expect(JSON.parse(body)).toEqual(ALERT);
    const nowMs = Date.parse(ALERT.timestamp);
    for (const secret of SECRETS)
      expect(await verifyWebhook(headers, body, { secret, nowMs })).toBe("genuine");
  });

  it.for<[number, string]>([
    [200, "delivered"],
    [204, "delivered"],
    [301, "failed"],
    [307, "failed"],
    [400, "refused"],
    [401, "refused"],
    [404, "refused"],
    [408, "failed"],
    [410, "refused"],
    [429, "failed"],
    [500, "failed"],
    [503, "failed"],
  ])("that is answered %i is %s", async ([status, kind], { expect }) => {
    const delivery = await answering(status, {
      location: "https://elsewhere.example.com/",
    }).deliver(ALERT);
    expect(delivery.kind).toBe(kind);
    if (kind !== "delivered") expect(delivery).toHaveProperty("reason", `status ${status}`);
  });

  it("hears when to come again, at most in an hour", async ({ expect }) => {
    expect(await answering(503, { "retry-after": "7" }).deliver(ALERT)).toMatchObject({
      retryAfterMs: 7_000,
    });
    expect(await answering(429, { "retry-after": "99999" }).deliver(ALERT)).toMatchObject({
      retryAfterMs: 3_600_000,
    });
    expect(await answering(500).deliver(ALERT)).not.toHaveProperty("retryAfterMs");
  });

  it("gives up after ten seconds, and ends the call", async ({ expect }) => {
    const asked = Promise.withResolvers<AbortSignal | null | undefined>();
    const { webhook, timers } = webhookTo((_url, { signal }) => {
      asked.resolve(signal);
      return new Promise(() => {});
    });
    const delivery = webhook.deliver(ALERT);
    const signal = await asked.promise;
    timers.advance(9_999);
    expect(signal?.aborted).toBe(false);
    timers.advance(1);
    expect(await delivery).toEqual({ kind: "failed", reason: "timeout" });
    expect(signal?.aborted).toBe(true);
  });

  it("that fails says nothing of the address", async ({ expect }) => {
    const { webhook } = webhookTo(() => Promise.reject(new TypeError(`No route to ${URL}`)));
    expect(await webhook.deliver(ALERT)).toEqual({ kind: "failed", reason: "unreachable" });
  });

  it("cancels what the answer says, even where it never ends", async ({ expect }) => {
    const cancelled = Promise.withResolvers<void>();
    const body = new ReadableStream({ cancel: () => cancelled.resolve() });
    const { webhook } = webhookTo(async () => new Response(body));
    expect(await webhook.deliver(ALERT)).toEqual({ kind: "delivered" });
    await cancelled.promise;
  });
});

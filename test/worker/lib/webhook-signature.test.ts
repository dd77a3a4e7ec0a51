/**
 * Signatures of webhooks: the example that the specification's own libraries are tested with, what a receiver must
 * not take, and the rotation of secrets. The key of the example is public.
 */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import {
  isWebhookSecret,
  signWebhook,
  verifyWebhook,
} from "../../../worker/lib/webhook-signature.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER = `whsec_${btoa("another secret of 32 letters, ok")}`;
const MESSAGE = {
  id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
  timestampS: 1_614_265_330,
  body: '{"test": 2432232314}',
};
const SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
const NOW = { secret: SECRET, nowMs: MESSAGE.timestampS * 1_000 };
const NOT_OURS = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=";

function headersWith(changed: Record<string, string | undefined>): Headers {
  const all = {
    "webhook-id": MESSAGE.id,
    "webhook-timestamp": String(MESSAGE.timestampS),
    "webhook-signature": SIGNATURE,
    ...changed,
  };
  const given = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as [string, string]],
  );
  return new Headers(given);
}

describe("a signature", () => {
  it("is that of the specification's example", async ({ expect }) => {
    expect(await signWebhook(MESSAGE, [SECRET])).toEqual({
      "webhook-id": MESSAGE.id,
      "webhook-timestamp": "1614265330",
      "webhook-signature": SIGNATURE,
    });
    expect(await verifyWebhook(headersWith({}), MESSAGE.body, NOW)).toBe("genuine");
  });

  it.for<[string, Record<string, string | undefined>, string]>([
    ["no id", { "webhook-id": undefined }, "incomplete"],
    ["no time", { "webhook-timestamp": undefined }, "incomplete"],
    ["no signature", { "webhook-signature": undefined }, "incomplete"],
    ["a time that is none", { "webhook-timestamp": "hello" }, "incomplete"],
    ["another id", { "webhook-id": "msg_other" }, "forged"],
    ["another time", { "webhook-timestamp": "1614265331" }, "forged"],
    ["another signature", { "webhook-signature": NOT_OURS }, "forged"],
    ["half a signature", { "webhook-signature": SIGNATURE.slice(0, 20) }, "forged"],
    ["an empty signature", { "webhook-signature": "v1," }, "forged"],
    ["another version", { "webhook-signature": SIGNATURE.replace("v1", "v2") }, "forged"],
    ["the right one among others", { "webhook-signature": `${NOT_OURS} ${SIGNATURE}` }, "genuine"],
    [
      "the right one far too late in the list",
      { "webhook-signature": `${NOT_OURS} `.repeat(9) + SIGNATURE },
      "forged",
    ],
  ])("with %s", async ([, changed, verdict], { expect }) => {
    expect(await verifyWebhook(headersWith(changed), MESSAGE.body, NOW)).toBe(verdict);
  });

  it("is no good for another body or five minutes from now", async ({ expect }) => {
    const headers = headersWith({});
    expect(await verifyWebhook(headers, `${MESSAGE.body} `, NOW)).toBe("forged");
    const verdicts = [-301, -300, 300, 301].map((offsetS) =>
      verifyWebhook(headers, MESSAGE.body, { ...NOW, nowMs: NOW.nowMs + offsetS * 1_000 }),
    );
    expect(await Promise.all(verdicts)).toEqual(["stale", "genuine", "genuine", "stale"]);
  });

  it("of two secrets is good for who knows either of them, and nobody else", async ({ expect }) => {
    const signed = new Headers(await signWebhook(MESSAGE, [SECRET, OTHER]));
    const third = `whsec_${btoa("a third secret, known to nobody.")}`;
    const verdicts = [SECRET, OTHER, third].map((secret) =>
      verifyWebhook(signed, MESSAGE.body, { ...NOW, secret }),
    );
    expect(await Promise.all(verdicts)).toEqual(["genuine", "genuine", "forged"]);
  });

  it("is genuine for whatever was signed", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: "grapheme" }),
        fc.uint8Array({ minLength: 24, maxLength: 64 }),
        fc.nat(),
        async (body, bytes, timestampS) => {
          const secret = `whsec_${btoa(String.fromCharCode(...bytes))}`;
          const headers = new Headers(
            await signWebhook({ id: "evt_1", timestampS, body }, [secret]),
          );
          const given = { secret, nowMs: timestampS * 1_000 };
          return (await verifyWebhook(headers, body, given)) === "genuine";
        },
      ),
    );
  });
});

describe("a secret", () => {
  it.for<[string, boolean]>([
    [SECRET, true],
    [`whsec_${"A".repeat(86)}==`, true],
    [`whsec_${"A".repeat(87)}=`, false],
    ["whsec_", false],
    [`whsec_${btoa("twenty-three letters ok")}`, false],
    [SECRET.slice("whsec_".length), false],
    [SECRET.slice(0, -1), false],
    [`${SECRET.slice(0, -1)}-`, false],
  ])("%s: %s", ([text, isSecret], { expect }) => {
    expect(isWebhookSecret(text)).toBe(isSecret);
  });
});

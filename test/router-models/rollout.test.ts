/** Rollouts: what is sealed is opened again, and whatever is not to the letter what was signed is refused. */
import * as fc from "fast-check";
import { beforeAll, describe, it } from "vitest";
import {
  keyIdOf,
  openRollout,
  readPublicKey,
  sealRollout,
  signersIn,
  writePublicKey,
  type Rollout,
  type Signer,
} from "../../router-models/rollout.ts";
import { madeUpSigner } from "../support/made-up-signer.ts";

const release = fc.record({
  id: fc.stringMatching(/^[0-9a-f]{64}$/),
  version: fc.stringMatching(/^[0-9A-Za-z.-]{1,32}$/),
});
const serial = fc.integer({ min: 1, max: 2 ** 40 });
const share = fc.double({ min: 0, max: 1, noNaN: true }).filter((value) => !Object.is(value, -0));
const tenant = fc.oneof(
  fc.constantFrom("constructor", "tostring", "0"),
  fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,62}$/),
);
const rollouts: fc.Arbitrary<Rollout> = fc.record(
  {
    format: fc.constant(1 as const),
    serial,
    at: fc.constant("2026-11-23T10:00:00Z"),
    serving: release,
    previous: release,
    trial: fc
      .tuple(
        release,
        fc.record(
          { serial, share, tenants: fc.dictionary(tenant, share, { noNullPrototype: true }) },
          { requiredKeys: ["serial", "share"], noNullPrototype: true },
        ),
      )
      .map(([named, rest]) => ({ ...named, ...rest })),
    pins: fc.dictionary(tenant, release, { noNullPrototype: true }),
  },
  { requiredKeys: ["format", "serial", "at", "serving"], noNullPrototype: true },
);

const EXAMPLE: Rollout = {
  format: 1,
  serial: 7,
  at: "2026-11-23T10:00:00Z",
  serving: { id: "ab".repeat(32), version: "1.2.0" },
};

let own: Signer;
let other: Signer;
beforeAll(async () => {
  [own, other] = [await madeUpSigner(), await madeUpSigner()];
});

describe("a rollout", () => {
  it("is what was sealed, signed or not", async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(rollouts, fc.boolean(), async (rollout, signs) => {
        const text = await sealRollout(rollout, signs ? [own] : []);
        expect(signersIn(text)).toEqual(signs ? [await keyIdOf(own.publicKey)] : []);
        expect(await openRollout(text, signs ? [own.publicKey] : [])).toEqual(rollout);
      }),
    );
  });

  it("is refused where any character of it was changed", async ({ expect }) => {
    const text = await sealRollout(EXAMPLE, [own]);
    const trusted = [own.publicKey];
    expect(await openRollout(text, trusted)).toEqual(EXAMPLE);
    const { statement } = Object(JSON.parse(text));
    const end = text.length - '"}]}'.length; // What follows is JSON's, and means the same with a blank more.
    const start = '{"statement":"'.length;
    expect(JSON.stringify(statement).length).toBeLessThan(end);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: start, max: end - 1 }),
        fc.integer({ min: 0, max: 0x2ff }),
        async (at, unit) => {
          const changed = text.slice(0, at) + String.fromCharCode(unit) + text.slice(at + 1);
          fc.pre(changed !== text && envelopeOf(changed) !== envelopeOf(text));
          await expect(openRollout(changed, trusted)).rejects.toThrow(/^Refused rollout: /);
        },
      ),
    );
  });

  it("is refused where any bit of its signature was changed", async ({ expect }) => {
    const { statement, signatures } = Object(JSON.parse(await sealRollout(EXAMPLE, [own])));
    const [{ key, signature }] = signatures;
    for (let bit = 0; bit < 512; bit++) {
      const bytes = Uint8Array.from(atob(signature), (char) => char.charCodeAt(0));
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      const forged = btoa(String.fromCharCode(...bytes));
      const text = JSON.stringify({ statement, signatures: [{ key, signature: forged }] });
      await expect(openRollout(text, [own.publicKey])).rejects.toThrow(/signature by .* is wrong/);
    }
  });

  it("is not signed by a signature of the same text without the prefix", async ({ expect }) => {
    const { statement } = Object(JSON.parse(await sealRollout(EXAMPLE)));
    const bytes = new TextEncoder().encode(statement);
    const signed = new Uint8Array(
      await crypto.subtle.sign("Ed25519", own.privateKey, new Uint8Array(bytes)),
    );
    const signature = btoa(String.fromCharCode(...signed));
    const key = await keyIdOf(own.publicKey);
    const text = JSON.stringify({ statement, signatures: [{ key, signature }] });
    await expect(openRollout(text, [own.publicKey])).rejects.toThrow(/is wrong/);
  });

  it("wants one signature that is right, by a key that is trusted", async ({ expect }) => {
    const both = await sealRollout(EXAMPLE, [own, other]);
    for (const trusted of [[own], [other], [own, other]])
      expect(
        await openRollout(
          both,
          trusted.map(({ publicKey }) => publicKey),
        ),
      ).toEqual(EXAMPLE);
    const alone = await sealRollout(EXAMPLE, [other]);
    const signer = await keyIdOf(other.publicKey);
    await expect(openRollout(alone, [own.publicKey])).rejects.toThrow(
      `it is signed by ${signer}, which is no key that is trusted`,
    );
    const unsigned = await sealRollout(EXAMPLE);
    await expect(openRollout(unsigned, [own.publicKey])).rejects.toThrow("nobody has signed it");
    expect(await openRollout(unsigned, [])).toEqual(EXAMPLE);
  });

  it.for([
    { serial: 0 },
    { serial: 1.5 },
    { format: 2 },
    { at: "today" },
    { serving: { id: "../x", version: "1" } },
    { trial: { ...EXAMPLE.serving, serial: 1, share: 1.1 } },
    { trial: { ...EXAMPLE.serving, share: 0.5 } },
    { pins: { __Proto__: EXAMPLE.serving } },
    { more: 1 },
  ])("cannot say %j", async (wrong, { expect }) => {
    const statement = JSON.stringify({ ...EXAMPLE, ...wrong });
    const text = JSON.stringify({ statement, signatures: [] });
    await expect(openRollout(text, [])).rejects.toThrow(/weights\/current is malformed/);
    expect(signersIn(statement)).toEqual([]);
  });
});

describe("a public key", () => {
  it("is base64 of 32 bytes, in its one spelling", ({ expect }) => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const key = new Uint8Array(bytes);
        const text = writePublicKey(key);
        expect(readPublicKey(text)).toEqual(key);
        for (const wrong of [text.slice(1), `${text}A`, ` ${text}`, text.replace("=", "")])
          expect(readPublicKey(wrong)).toBeUndefined();
      }),
    );
    expect(readPublicKey(`${"A".repeat(42)}B=`)).toBeUndefined();
  });
});

/** What an envelope says, whatever its JSON looks like. */
function envelopeOf(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return "none";
  }
}

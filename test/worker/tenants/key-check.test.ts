/**
 * Who a key proves to be, against the directory's own rules in memory: every refusal, the grace of a rotation, how soon a revocation
 * is seen, and that a guess costs as much as a key.
 */
import { describe, it, type ExpectStatic } from "vitest";
import { RouterError } from "../../../worker/domain/errors.ts";
import type { Caller, KeyTerms, Tenant } from "../../../worker/domain/tenant.ts";
import {
  entryOf,
  issue,
  revoke,
  rotate,
  standingOf,
  type KeyRow,
} from "../../../worker/tenants/directory-state.ts";
import type { Lookups } from "../../../worker/tenants/directory.ts";
import { createKeyCheck } from "../../../worker/tenants/key-check.ts";
import { KEY_BYTES, mintKey } from "../../../worker/tenants/keys.ts";
import { KnownTenants } from "../../../worker/tenants/known-tenants.ts";
import { DIGESTS, tenant, terms } from "../fixture/directory.ts";
import { manualTimers } from "../fixture/timers.ts";

/** Well formed, and nobody's. */
const UNKNOWN = mintKey(new Uint8Array(KEY_BYTES)).key;

function wrongSecretOf(key: string): string {
  return `${key.slice(0, 17)}${mintKey(new Uint8Array(KEY_BYTES).fill(1)).key.slice(17)}`;
}

async function mint(id?: string) {
  const minted = mintKey(crypto.getRandomValues(new Uint8Array(KEY_BYTES)), id);
  return { ...minted, hash: await DIGESTS.hash(minted.key), hint: "" };
}

/** A directory without its host, so that nothing has to be started. */
function freshDirectory() {
  const rows = new Map<string, KeyRow>();
  const tenants = new Map<string, Tenant>();
  const directory = {
    async lookup(id: string) {
      const row = rows.get(id);
      return row && entryOf(row, standingOf(tenants.get(row.tenant)!, undefined));
    },
    standing: async () => undefined,
    hasTenants: async () => true,
    async createKey(of: Tenant, keyTerms: KeyTerms) {
      tenants.set(of.id, of);
      const { key: secret, ...mark } = await mint();
      rows.set(mark.id, issue({ ...mark, tenant: of.id, terms: keyTerms }, Date.now()));
      return { id: mark.id, secret };
    },
    async rotateKey(id: string, graceMs: number) {
      const { key: secret, hash, hint } = await mint(id);
      const nowMs = Date.now();
      rows.set(id, rotate(rows.get(id)!, { hash, hint }, { nowMs, graceMs })!);
      return { secret, rotatedMs: nowMs };
    },
    revokeKey: async (id: string) => void rows.set(id, revoke(rows.get(id)!, Date.now())),
  };
  return { directory };
}

function keyIn(
  directory: ReturnType<typeof freshDirectory>["directory"],
  fields: Parameters<typeof terms>[0] = {},
  of: Parameters<typeof tenant>[0] = { id: "acme" },
) {
  return directory.createKey(tenant(of), terms(fields));
}

/** A check in an isolate of its own, whose clock stands at now. */
function isolateOf(directory: Lookups, startMs = Date.now()) {
  const timers = manualTimers();
  const { timer } = timers;
  const clock = { nowMs: () => startMs + timers.clock.nowMs() };
  const counts = { hash: 0, isSame: 0 };
  const known = new KnownTenants({ directory, clock, timer });
  const checkKey = createKeyCheck({
    known,
    clock,
    digests: {
      hash: async (key) => (counts.hash++, DIGESTS.hash(key)),
      isSame: (a, b) => (counts.isSame++, DIGESTS.isSame(a, b)),
    },
  });
  const background: Promise<unknown>[] = [];
  return {
    counts,
    advance: (ms: number) => timers.advance(ms),
    check: (key: string) => checkKey(key, (work) => void background.push(work)),
    settled: () => Promise.all(background.splice(0)),
  };
}

function expectRefusal(expect: ExpectStatic, answer: Caller | RouterError, code: string): void {
  expect(answer).toBeInstanceOf(RouterError);
  expect(answer).toMatchObject({ code });
}

describe("the check of a key", () => {
  it("answers with the key, its tenant and who pays", async ({ expect }) => {
    const { directory } = freshDirectory();
    const { id, secret } = await keyIn(directory, { scopes: ["models"] });
    expect(await isolateOf(directory).check(secret)).toEqual({
      organisation: { id: "acme", name: "", budgets: [] },
      tenant: tenant({ id: "acme" }),
      key: { ...terms({ scopes: ["models"] }), id },
    });
  });

  it("refuses an unknown id, a wrong secret and what is no key in the same words", async ({
    expect,
  }) => {
    const { directory } = freshDirectory();
    const { secret } = await keyIn(directory);
    const { check } = isolateOf(directory);
    const answers = await Promise.all([UNKNOWN, wrongSecretOf(secret), "sk-none"].map(check));
    for (const answer of answers) {
      expectRefusal(expect, answer, "invalid_api_key");
      expect(answer).toMatchObject({ status: 401 });
    }
    expect(new Set(answers.map(String)).size).toBe(1);
  });

  it("hashes once and compares twice, whatever was sent", async ({ expect }) => {
    const { directory } = freshDirectory();
    const { id, secret } = await keyIn(directory);
    const renewed = (await directory.rotateKey(id, 60_000)).secret;
    for (const key of [UNKNOWN, wrongSecretOf(secret), secret, renewed]) {
      const { check, counts } = isolateOf(directory);
      await check(key);
      expect(counts).toEqual({ hash: 1, isSame: 2 });
    }
  });

  it("tells only who has the secret that the key was revoked, has expired or is disabled", async ({
    expect,
  }) => {
    const { directory } = freshDirectory();
    const revoked = await keyIn(directory);
    await directory.revokeKey(revoked.id);
    const expired = await keyIn(directory, { expires_ms: 1 });
    const off = await keyIn(directory, {}, { id: "off", is_disabled: true });
    const { check } = isolateOf(directory);
    for (const [{ id, secret }, code, status] of [
      [revoked, "revoked_api_key", 401],
      [expired, "expired_api_key", 401],
      [off, "tenant_disabled", 403],
    ] as const) {
      const answer = await check(secret);
      expectRefusal(expect, answer, code);
      const named: unknown = expect.stringContaining(code === "tenant_disabled" ? "off" : id);
      expect(answer).toMatchObject({ status, message: named });
      expectRefusal(expect, await check(wrongSecretOf(secret)), "invalid_api_key");
    }
  });

  it("takes a key until the millisecond at which it expires", async ({ expect }) => {
    const { directory } = freshDirectory();
    const startMs = 1_000_000;
    const { secret, id } = await keyIn(directory, { expires_ms: startMs + 10_000 });
    const { check, advance } = isolateOf(directory, startMs);
    advance(9_999);
    expect(await check(secret)).toMatchObject({ key: { id } });
    advance(1);
    expectRefusal(expect, await check(secret), "expired_api_key");
  });

  it("takes the secret before a rotation until its grace is over, and the new one throughout", async ({
    expect,
  }) => {
    const { directory } = freshDirectory();
    const { id, secret } = await keyIn(directory);
    const { secret: renewed, rotatedMs } = await directory.rotateKey(id, 45_000);
    const { check, advance } = isolateOf(directory, rotatedMs);
    expect(await check(secret)).toMatchObject({ key: { id } });
    advance(44_999);
    expect(await check(secret)).toMatchObject({ key: { id } });
    advance(1);
    expectRefusal(expect, await check(secret), "invalid_api_key");
    expect(await check(renewed)).toMatchObject({ key: { id } });
  });

  it("takes a new secret within 2 s, and from then on the old one no longer than its grace", async ({
    expect,
  }) => {
    const { directory } = freshDirectory();
    const startMs = Date.now();
    const { id, secret } = await keyIn(directory);
    const { check, advance } = isolateOf(directory, startMs);
    await check(secret);
    const { secret: renewed, rotatedMs } = await directory.rotateKey(id, 10_000);
    advance(2_000);
    expect(await check(renewed)).toMatchObject({ key: { id } });
    advance(rotatedMs - startMs + 7_999);
    expect(await check(secret)).toMatchObject({ key: { id } });
    advance(1);
    expectRefusal(expect, await check(secret), "invalid_api_key");
    expect(await check(renewed)).toMatchObject({ key: { id } });
  });

  it("asks the directory no oftener than every 2 s for who guesses a known key's secret", async ({
    expect,
  }) => {
    const { directory } = freshDirectory();
    const { secret } = await keyIn(directory);
    let asked = 0;
    const { check, advance } = isolateOf({
      ...directory,
      lookup: (id) => (asked++, directory.lookup(id)),
    });
    await check(secret);
    for (let ms = 0; ms < 10_000; ms += 50) {
      expectRefusal(expect, await check(wrongSecretOf(secret)), "invalid_api_key");
      advance(50);
    }
    expect(asked).toBe(5);
  });

  it("sees a revocation within 30 s, and at once in an isolate that did not know the key", async ({
    expect,
  }) => {
    const { directory } = freshDirectory();
    const { id, secret } = await keyIn(directory);
    const busy = isolateOf(directory);
    const idle = isolateOf(directory);
    await busy.check(secret);
    await idle.check(secret);
    await directory.revokeKey(id);
    expectRefusal(expect, await isolateOf(directory).check(secret), "revoked_api_key");
    busy.advance(20_000);
    expect(await busy.check(secret)).toMatchObject({ key: { id } });
    await busy.settled();
    expectRefusal(expect, await busy.check(secret), "revoked_api_key");
    idle.advance(30_000);
    expectRefusal(expect, await idle.check(secret), "revoked_api_key");
  });

  it("takes nobody's word for longer than 60 s while the directory cannot be reached", async ({
    expect,
  }) => {
    const { directory } = freshDirectory();
    const { id, secret } = await keyIn(directory);
    let isDown = false;
    const { check, advance } = isolateOf({
      ...directory,
      lookup: async (keyId) => {
        if (isDown) throw new Error("down");
        return directory.lookup(keyId);
      },
    });
    await check(secret);
    isDown = true;
    await directory.revokeKey(id);
    advance(59_999);
    expect(await check(secret)).toMatchObject({ key: { id } });
    advance(1);
    await expect(check(secret)).rejects.toThrow("down");
  });
});

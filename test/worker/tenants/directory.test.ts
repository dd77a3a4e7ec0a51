/** The directory in its real Durable Object: what was put is what is read, also after the object has been evicted. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, it } from "vitest";
import { organisationSchema } from "../../../worker/domain/tenant.ts";
import { createDirectory } from "../../../worker/tenants/directory.ts";
import { keyIdIn } from "../../../worker/tenants/keys.ts";
import { DIGESTS, freshDirectory, keyIn, tenant, terms } from "../fixture/directory.ts";

const UNKNOWN = "key_aaaaaaaaaaaa";

describe("organisations", () => {
  it("are put, replaced, listed and removed, but not while a tenant names them", async ({
    expect,
  }) => {
    const { directory } = freshDirectory();
    const holding = organisationSchema.parse({ id: "holding", name: "Holding" });
    expect(await directory.organisations()).toEqual([]);
    expect(await directory.removeOrganisation("holding")).toBe("unknown");
    await directory.putOrganisation({ ...holding, name: "Old" });
    await directory.putOrganisation(holding);
    expect(await directory.organisations()).toEqual([holding]);
    const acme = tenant({ id: "acme", organisation: "holding" });
    expect(await directory.putTenant(acme)).toBe("saved");
    expect(await directory.removeOrganisation("holding")).toBe("in_use");
    expect(await directory.putTenant(tenant({ id: "acme" }))).toBe("saved");
    expect(await directory.removeOrganisation("holding")).toBe("removed");
    expect(await directory.putTenant(acme)).toBe("unknown_organisation");
  });
});

describe("tenants", () => {
  it("keep every field", async ({ expect }) => {
    const { directory } = freshDirectory();
    const acme = tenant({
      id: "acme",
      name: "Acme’s “quoted” name",
      policy: { preset: "cost", max_cost_usd: 0.5 },
      allow_models: ["openai/gpt-5.4"],
      budgets: [{ window: "month", limit_usd: 12.345678, time_zone: "Europe/Lisbon" }],
      limits: [{ unit: "requests", limit: 5 }],
      is_disabled: true,
    });
    expect(await directory.hasTenants()).toBe(false);
    await directory.putTenant(acme);
    expect(await directory.tenant("acme")).toEqual(acme);
    expect(await directory.tenants()).toEqual([acme]);
    expect(await directory.hasTenants()).toBe(true);
    expect(await directory.tenant("other")).toBeUndefined();
  });

  it("are made once, and changed only from what somebody has read", async ({ expect }) => {
    const { directory } = freshDirectory();
    const [first, second] = ["first", "second"].map((name) => tenant({ id: "acme", name }));
    const made = await Promise.all([first!, second!].map((one) => directory.createTenant(one)));
    expect(made.toSorted()).toEqual(["exists", "saved"]);
    const there = (await directory.tenant("acme"))!;
    const stale = there.name === "first" ? second! : first!;
    const third = { ...there, name: "third" };
    expect(await directory.putTenant(third, stale)).toBe("changed_meanwhile");
    expect(await directory.tenant("acme")).toEqual(there);
    expect(await directory.putTenant(third, there)).toBe("saved");
    await directory.removeTenant("acme");
    expect(await directory.putTenant(third, third)).toBe("changed_meanwhile");
    expect(await directory.createTenant(tenant({ id: "x", organisation: "nobody" }))).toBe(
      "unknown_organisation",
    );
    expect(await directory.hasTenants()).toBe(false);
  });

  it("go with all of their keys and nobody else's", async ({ expect }) => {
    const { directory } = freshDirectory();
    const mine = await keyIn(directory);
    const others = await keyIn(directory, {}, { id: "other" });
    expect(await directory.removeTenant("acme")).toBe("removed");
    expect(await directory.removeTenant("acme")).toBe("unknown");
    expect(await directory.keys("acme")).toBeUndefined();
    expect(await directory.key(mine.id)).toBeUndefined();
    expect(await directory.lookup(mine.id)).toBeUndefined();
    expect((await directory.keys("other"))?.map(({ id }) => id)).toEqual([others.id]);
  });
});

describe("keys", () => {
  it("are made, changed, rotated and revoked, and say so", async ({ expect }) => {
    const { directory } = freshDirectory();
    expect(await directory.createKey("acme", terms())).toBeUndefined();
    const { id, secret } = await keyIn(directory, { name: "first" });
    expect(keyIdIn(secret)).toBe(id);
    const made = (await directory.key(id))!;
    expect(made).toEqual({
      id,
      tenant: "acme",
      terms: terms({ name: "first" }),
      hint: secret.slice(-4),
      createdMs: expect.any(Number),
    });
    const changed = await directory.changeKey(id, terms({ scopes: ["models"] }));
    expect(changed).toEqual({ ...made, terms: terms({ scopes: ["models"] }) });
    const rotated = await directory.rotateKey(id, 60_000);
    expect(keyIdIn(rotated?.secret ?? "")).toBe(id);
    expect(rotated?.secret).not.toBe(secret);
    const { rotatedMs = 0, graceUntilMs = 0 } = rotated?.record ?? {};
    expect(graceUntilMs - rotatedMs).toBe(60_000);
    const revoked = await directory.revokeKey(id);
    expect(revoked?.revokedMs).toBeGreaterThan(0);
    expect(await directory.revokeKey(id)).toEqual(revoked);
    expect(await directory.rotateKey(id, 0)).toBeUndefined();
    expect(await directory.keys("acme")).toEqual([revoked]);
  });

  it("are changed only from what somebody has read", async ({ expect }) => {
    const { directory } = freshDirectory();
    const { id } = await keyIn(directory, { name: "first" });
    const [before, after] = ["first", "second"].map((name) => terms({ name }));
    expect(await directory.changeKey(id, after!, before)).toMatchObject({ terms: after });
    expect(await directory.changeKey(id, before!, before)).toBe("changed_meanwhile");
    expect(await directory.key(id)).toMatchObject({ terms: after });
  });

  it("that do not exist are undefined", async ({ expect }) => {
    const { directory } = freshDirectory();
    expect(await directory.key(UNKNOWN)).toBeUndefined();
    expect(await directory.changeKey(UNKNOWN, terms())).toBeUndefined();
    expect(await directory.rotateKey(UNKNOWN, 1)).toBeUndefined();
    expect(await directory.revokeKey(UNKNOWN)).toBeUndefined();
    expect(await directory.lookup(UNKNOWN)).toBeUndefined();
  });

  it("keep no grace where none was given, and one at most", async ({ expect }) => {
    const { directory } = freshDirectory();
    const { id } = await keyIn(directory);
    const first = (await directory.lookup(id))!.hash;
    await directory.rotateKey(id, 60_000);
    const second = (await directory.lookup(id))!;
    expect(second.previous?.hash).toBe(first);
    await directory.rotateKey(id, 60_000);
    expect((await directory.lookup(id))?.previous?.hash).toBe(second.hash);
    await directory.rotateKey(id, 0);
    expect((await directory.lookup(id))?.previous).toBeUndefined();
  });

  it("cannot be made without a secret to hash them with", async ({ expect }) => {
    const name = crypto.randomUUID();
    const directory = createDirectory({
      object: () => env.DIRECTORY.getByName(name),
      digests: undefined,
      randomBytes: (count) => new Uint8Array(count),
    });
    await directory.putTenant(tenant({ id: "acme" }));
    await expect(directory.createKey("acme", terms())).rejects.toMatchObject({
      code: "no_key_secret",
      status: 503,
    });
  });
});

describe("a lookup", () => {
  it("brings the key with its tenant and who pays, the tenant itself where it names nobody", async ({
    expect,
  }) => {
    const { directory } = freshDirectory();
    const { id, secret } = await keyIn(directory, { name: "one" }, { id: "acme", name: "Acme" });
    const entry = await directory.lookup(id);
    expect(entry).toEqual({
      caller: {
        organisation: { id: "acme", name: "Acme", budgets: [] },
        tenant: tenant({ id: "acme", name: "Acme" }),
        key: { ...terms({ name: "one" }), id },
      },
      hash: await DIGESTS.hash(secret),
    });
    const holding = organisationSchema.parse({
      id: "holding",
      budgets: [{ window: "total", limit_usd: 1 }],
    });
    await directory.putOrganisation(holding);
    await directory.putTenant(tenant({ id: "acme", organisation: "holding" }));
    expect((await directory.lookup(id))?.caller.organisation).toEqual(holding);
    expect(await directory.standing("acme")).toMatchObject({ organisation: holding });
    expect(await directory.standing("nobody")).toBeUndefined();
  });
});

describe("the object", () => {
  it("knows everything again after it was evicted", async ({ expect }) => {
    const { directory, stub } = freshDirectory();
    const { id } = await keyIn(directory);
    await directory.rotateKey(id, 60_000);
    const before = await directory.lookup(id);
    await evictDurableObject(stub);
    expect(await directory.lookup(id)).toEqual(before);
    await directory.revokeKey(id);
    await evictDurableObject(stub);
    expect((await directory.lookup(id))?.revokedMs).toBeGreaterThan(0);
  });

  it("has no secret anywhere in its storage", async ({ expect }) => {
    const { directory, stub } = freshDirectory();
    const { id, secret } = await keyIn(directory);
    const renewed = (await directory.rotateKey(id, 60_000))?.secret ?? "";
    const stored = await runInDurableObject(stub, (_, { storage }) =>
      ["organisations", "tenants", "keys"].flatMap((table) =>
        storage.sql.exec(`SELECT * FROM ${table}`).toArray(),
      ),
    );
    const text = JSON.stringify(stored);
    expect(text).toContain(id);
    for (const key of [secret, renewed]) expect(text).not.toContain(key.slice(-32));
  });
});

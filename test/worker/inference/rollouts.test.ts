/**
 * Rollouts on real sessions: who is served which of several releases, which rollouts are not followed, and that what
 * served before serves on then.
 */
import { beforeAll, describe, it } from "vitest";
import { promptOfText } from "../../../router-models/features/prompt.ts";
import { openRelease, weightsLabel } from "../../../router-models/release.ts";
import { keyIdOf, type Rollout, type Signer } from "../../../router-models/rollout.ts";
import { RouterError } from "../../../worker/domain/errors.ts";
import type { HostedForecast } from "../../../worker/inference/router-host.ts";
import { madeUpSigner } from "../../support/made-up-signer.ts";
import { tinyRelease } from "../../support/tiny-release.ts";
import { startHost } from "./tiny-host.ts";

const PROMPT = promptOfText("Which of these two is the older one?");
const REQUESTS = Array.from({ length: 200 }, (_, i) => `req_${i}`);

async function labelOf(seed: number): Promise<string> {
  return weightsLabel(await openRelease(await tinyRelease({ seed })));
}

type Harness = Awaited<ReturnType<typeof startHost>>;

/** As many refreshes as it may take until all is loaded. */
async function settle({ host }: Harness): Promise<void> {
  for (let i = 0; i < 6; i++) await host.refresh(i);
}

/** Keeps releases 2 to `count`, and publishes a rollout of them. */
async function rollOut(
  harness: Harness,
  change: (of: (seed: number) => Rollout["serving"]) => Partial<Rollout>,
  count = 3,
): Promise<Rollout> {
  const { store } = harness;
  const named = new Map<number, Rollout["serving"]>();
  for (let seed = 1; seed <= count; seed++) {
    const id = await store.keep(await tinyRelease({ seed }));
    named.set(seed, { id, version: `0.0.${seed}` });
  }
  return store.point(
    named.get(1)!.id,
    change((seed) => named.get(seed)!),
  );
}

function ask(
  { host }: Harness,
  asking: { tenant?: string; requestId?: string; asked?: string },
): Promise<HostedForecast> {
  return host.score(PROMPT, { tenant: "shop", requestId: "req_1", ...asking });
}

describe("a trial", () => {
  it("gives a share of requests to the candidate, each the same again, and says so", async ({
    expect,
  }) => {
    const harness = await startHost();
    await rollOut(harness, (of) => ({ trial: { ...of(2), serial: 1, share: 0.3 } }));
    await settle(harness);
    const [serving, candidate] = [await labelOf(1), await labelOf(2)];
    let hits = 0;
    for (const requestId of REQUESTS) {
      const first = await ask(harness, { requestId });
      const again = await ask(harness, { requestId, tenant: "other" });
      expect(again).toEqual(first);
      const isCandidate = first.trial?.side === "candidate";
      expect(first.trial?.serial).toBe(1);
      expect(first.weights).toBe(isCandidate ? candidate : serving);
      expect(first.weights.endsWith(first.release.slice(0, 12))).toBe(true);
      if (isCandidate) hits++;
    }
    expect(Math.abs(hits - 60)).toBeLessThan(4 * Math.sqrt(200 * 0.3 * 0.7));
  });

  it("heeds a tenant's own share, and is none for a tenant without one", async ({ expect }) => {
    const harness = await startHost();
    const tenants = { all: 1, none: 0 };
    await rollOut(harness, (of) => ({ trial: { ...of(2), serial: 1, share: 0, tenants } }));
    await settle(harness);
    for (const requestId of REQUESTS.slice(0, 20)) {
      const all = await ask(harness, { requestId, tenant: "all" });
      expect(all).toMatchObject({ weights: await labelOf(2), trial: { side: "candidate" } });
      for (const tenant of ["none", "shop", "constructor"]) {
        const none = await ask(harness, { requestId, tenant });
        expect(none.weights).toBe(await labelOf(1));
        expect(none).not.toHaveProperty("trial");
      }
    }
  });

  it("is over at once when its serial is halted, and stays so in later rollouts", async ({
    expect,
  }) => {
    const halted = new Set<number>();
    const harness = await startHost(0, { halted: () => halted });
    const { trial } = await rollOut(harness, (of) => ({
      trial: { ...of(2), serial: 1, share: 1 },
    }));
    await settle(harness);
    expect((await ask(harness, {})).trial).toEqual({ serial: 1, side: "candidate" });
    halted.add(1);
    const after = await ask(harness, {});
    expect(after.weights).toBe(await labelOf(1));
    expect(after).not.toHaveProperty("trial");
    await rollOut(harness, (of) => ({ trial, pins: { other: of(3) } }));
    await settle(harness);
    expect((await ask(harness, { tenant: "other" })).weights).toBe(await labelOf(3));
    expect(await ask(harness, {})).not.toHaveProperty("trial");
  });

  it.for(["serving", "trial"] as const)(
    "waits until its %s is loaded",
    async (side, { expect }) => {
      const harness = await startHost();
      const { blobs } = harness.store;
      const rollout = await rollOut(harness, (of) => ({
        serving: of(2),
        trial: { ...of(3), serial: 1, share: 1 },
      }));
      const { id } = rollout[side]!;
      const blob = blobs.get(id)!;
      blobs.delete(id);
      await settle(harness);
      const before = await ask(harness, {});
      expect(before).not.toHaveProperty("trial");
      expect(before.weights).toBe(await labelOf(side === "serving" ? 1 : 2));
      blobs.set(id, blob);
      await settle(harness);
      expect(await ask(harness, {})).toMatchObject({
        weights: await labelOf(3),
        trial: { serial: 1, side: "candidate" },
      });
    },
  );
});

describe("a pin", () => {
  it("comes before a trial, and what cannot be had falls back, with one line of log", async ({
    expect,
  }) => {
    const harness = await startHost();
    const lost = { id: "f".repeat(64), version: "9" };
    await rollOut(harness, (of) => ({
      trial: { ...of(2), serial: 1, share: 1 },
      pins: { shop: of(3), lost },
    }));
    await settle(harness);
    const pinned = await ask(harness, {});
    expect(pinned.weights).toBe(await labelOf(3));
    expect(pinned).not.toHaveProperty("trial");
    for (const requestId of REQUESTS.slice(0, 5)) {
      const unpinned = await ask(harness, { requestId, tenant: "lost" });
      expect(unpinned.weights).toBe(await labelOf(1));
      expect(unpinned).not.toHaveProperty("trial");
    }
    expect(harness.events.filter(({ event }) => event !== "weights_loaded")).toEqual([
      { event: "weights_refused", id: lost.id, reason: "it is missing" },
      { event: "pin_not_served", tenant: "lost", id: lost.id },
    ]);
  });

  it("is loaded one release a refresh, each refresh at once after the last", async ({ expect }) => {
    const harness = await startHost(1000);
    const { host, store } = harness;
    await rollOut(harness, (of) => ({ pins: { a: of(2), b: of(3), c: of(4), d: of(5) } }), 5);
    for (const blobs of [1, 2, 3, 3, 3]) {
      await host.refresh(0);
      expect(store.reads.blob).toBe(blobs);
    }
    expect((await ask(harness, { tenant: "c" })).weights).toBe(await labelOf(4));
    expect((await ask(harness, { tenant: "d" })).weights).toBe(await labelOf(1));
  });
});

describe("weights that a request asks for", () => {
  it("are those, by version or label, or it is refused by name", async ({ expect }) => {
    const harness = await startHost();
    await rollOut(harness, (of) => ({
      trial: { ...of(2), serial: 1, share: 0.5 },
      pins: { shop: of(3) },
    }));
    await settle(harness);
    for (const seed of [1, 2, 3])
      for (const asked of [`0.0.${seed}`, await labelOf(seed)]) {
        const answer = await ask(harness, { asked });
        expect(answer.weights).toBe(await labelOf(seed));
        expect(answer).not.toHaveProperty("trial");
      }
    const refusal = await ask(harness, { asked: "0.0.4" }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(RouterError);
    expect(refusal).toMatchObject({ status: 400, code: "weights_unknown", param: "weights" });
    const labels = [await labelOf(1), await labelOf(2), await labelOf(3)].join(", ");
    expect(String(refusal)).toContain(labels);
  });
});

describe("a rollback", () => {
  it("needs no second load of what served before", async ({ expect }) => {
    const harness = await startHost();
    const { host, store } = harness;
    await rollOut(harness, (of) => ({ serving: of(2), previous: of(1) }));
    await settle(harness);
    expect(host.weights).toBe(await labelOf(2));
    await rollOut(harness, () => ({}));
    await settle(harness);
    expect(host.weights).toBe(await labelOf(1));
    expect(store.reads.blob).toBe(1);
  });
});

describe("a rollout that must not be followed", () => {
  let own: Signer;
  let stranger: Signer;
  beforeAll(async () => {
    [own, stranger] = [await madeUpSigner(), await madeUpSigner()];
  });

  it("is one that no trusted key has signed; the log says why, once", async ({ expect }) => {
    const harness = await startHost(0, { trusted: [own.publicKey] });
    const { host, store, events } = harness;
    const strangerId = await keyIdOf(stranger.publicKey);
    store.signers = [own];
    await store.publish(await tinyRelease({ seed: 2 }));
    await host.refresh(0);
    const good = store.pointer!;
    events.length = 0;
    const wrong = good.replace("0.0.0", "0.0.9");
    const ownId = await keyIdOf(own.publicKey);
    for (const [signers, pointer, reason] of [
      [[], undefined, "nobody has signed it"],
      [[stranger], undefined, `it is signed by ${strangerId}, which is no key that is trusted`],
      [[own], wrong, `its signature by ${ownId} is wrong`],
    ] as const) {
      store.signers = [...signers];
      await store.publish(await tinyRelease({ seed: 3 }));
      store.pointer = pointer ?? store.pointer;
      for (const nowMs of [1, 2, 3]) await host.refresh(nowMs);
      expect(events.splice(0)).toEqual([
        { event: "weights_refused", reason: `Refused rollout: ${reason}` },
      ]);
      expect(host.weights).toBe(await labelOf(2));
    }
    store.signers = [stranger, own];
    await store.publish(await tinyRelease({ seed: 3 }));
    await host.refresh(4);
    expect(host.weights).toBe(await labelOf(3));
  });

  it("is one that is older than one before", async ({ expect }) => {
    const { host, store, events } = await startHost();
    await store.publish(await tinyRelease({ seed: 2 }));
    const older = store.pointer;
    await store.publish(await tinyRelease({ seed: 3 }));
    await host.refresh(0);
    store.pointer = older;
    for (const nowMs of [1, 2]) await host.refresh(nowMs);
    expect(host.weights).toBe(await labelOf(3));
    expect(events.slice(1)).toEqual([
      {
        event: "weights_refused",
        reason: "Refused rollout: serial 1 is older than 2, which was followed before",
      },
    ]);
  });

  it("leaves all as it is where only its candidate is unsound", async ({ expect }) => {
    const harness = await startHost();
    const { store, events } = harness;
    const files = await tinyRelease({ seed: 2 });
    const id = await store.keep(files, (blob) => blob.slice(0, -10));
    await rollOut(harness, () => ({ trial: { id, version: "0.0.2", serial: 1, share: 1 } }), 1);
    await settle(harness);
    expect(await ask(harness, {})).not.toHaveProperty("trial");
    expect(events).toEqual([
      { event: "weights_refused", id, reason: expect.stringContaining("its header promises") },
    ]);
  });
});

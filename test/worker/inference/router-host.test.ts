/** The host in workerd, on real sessions: what it serves, what it moves to, and what it refuses. */
import { describe, it } from "vitest";
import { FEATURE_VERSION } from "../../../router-models/features/extract.ts";
import { promptOfText } from "../../../router-models/features/prompt.ts";
import { writeModel } from "../../../router-models/graph/onnx.ts";
import { placeCatalog } from "../../../router-models/placement.ts";
import { openRelease, sha256Hex, weightsLabel } from "../../../router-models/release.ts";
import { Scorer } from "../../../router-models/scorer.ts";
import {
  poisonedModel,
  tinyGraph,
  tinyRelease,
  type TinyReleaseOptions,
} from "../../support/tiny-release.ts";
import { CATALOG, startHost } from "./tiny-host.ts";

const PROMPT = promptOfText("How many roots does this polynomial have, and why?");

async function labelOf(seed: number): Promise<string> {
  return weightsLabel(await openRelease(await tinyRelease({ seed })));
}

describe("score", () => {
  it("answers for every catalogue model, as the plain interpreter does", async ({ expect }) => {
    const { host } = await startHost();
    const { forecast, weights } = await host.score(PROMPT);
    const { manifest } = await openRelease(await tinyRelease());
    const plain = new Scorer(manifest, placeCatalog(manifest, CATALOG.models));
    const expected = await plain.score(PROMPT, tinyGraph());
    expect(weights).toBe(await labelOf(1));
    expect(forecast.models.map(({ id }) => id)).toEqual(CATALOG.models.map(({ id }) => id));
    forecast.models.forEach(({ score }, m) =>
      expect(score).toBeCloseTo(expected.models[m]!.score, 4),
    );
  });
});

describe("the certificate", () => {
  const [first] = CATALOG.models;
  const data = { name: "own", sha256: "0".repeat(64), rows: 200, reference: first!.id };
  const floors = [{ floor: 0.9, confidence: 0.9, margin: 0, rows: 150 }];

  it("is that of the release in service, unless a price has changed since", async ({ expect }) => {
    const { host, store } = await startHost();
    expect((await host.score(PROMPT)).certificate).toBeUndefined();
    const { inputUsdPerMTok, outputUsdPerMTok } = first!.price;
    for (const [seed, dearerUsd] of [
      [2, 0],
      [3, 1],
    ] as const) {
      const price = { inputUsdPerMTok: inputUsdPerMTok + dearerUsd, outputUsdPerMTok };
      const certificate = { data: [{ ...data, models: { [first!.id]: price } }], floors };
      await store.publish(
        await tinyRelease({ seed, changeManifest: (manifest) => ({ ...manifest, certificate }) }),
      );
      await host.refresh(seed);
      expect((await host.score(PROMPT)).certificate).toEqual(
        dearerUsd === 0 ? certificate : undefined,
      );
    }
  });
});

describe("refresh", () => {
  it("does nothing until something is published", async ({ expect }) => {
    const { host, events } = await startHost();
    await host.refresh(0);
    expect(host.weights).toBe(await labelOf(1));
    expect(events).toEqual([]);
  });

  it("moves to the published release, says so, and stays", async ({ expect }) => {
    const { host, store, events } = await startHost();
    await store.publish(await tinyRelease({ seed: 2 }));
    await host.refresh(0);
    await host.refresh(1);
    expect((await host.score(PROMPT)).weights).toBe(await labelOf(2));
    const [from, weights] = [await labelOf(1), await labelOf(2)];
    expect(events).toEqual([{ event: "weights_swapped", from, weights }]);
    expect(store.reads).toEqual({ pointer: 2, blob: 1 });
  });

  it("moves back when an older release is published again", async ({ expect }) => {
    const { host, store } = await startHost();
    for (const [nowMs, seed] of [2, 3, 2].entries()) {
      await store.publish(await tinyRelease({ seed }));
      await host.refresh(nowMs);
      expect(host.weights).toBe(await labelOf(seed));
    }
  });

  it("swaps under running requests, each of which has one release's answer", async ({ expect }) => {
    const { host, store } = await startHost();
    const scores = new Map<string, number>();
    const running: Promise<{
      forecast: { models: readonly { score: number }[] };
      weights: string;
    }>[] = [];
    for (const seed of [2, 3, 4, 5]) {
      await store.publish(await tinyRelease({ seed }));
      for (let i = 0; i < 50; i++) {
        running.push(host.score(PROMPT));
        if (i === 25) running.push(host.refresh(seed).then(() => host.score(PROMPT)));
      }
      await Promise.all(running);
    }
    for (const { forecast, weights } of await Promise.all(running)) {
      const score = forecast.models[0]!.score;
      expect(scores.get(weights) ?? score).toBe(score);
      scores.set(weights, score);
    }
    expect(scores.size).toBe(5);
    expect(new Set(scores.values()).size).toBe(5);
  });

  it("reads the pointer at most once per TTL", async ({ expect }) => {
    const { host, store } = await startHost(1000);
    for (const nowMs of [0, 1, 999, 1000, 1500, 2000]) await host.refresh(nowMs);
    expect(store.reads.pointer).toBe(3);
  });

  it("is under way once per isolate", async ({ expect }) => {
    const { host, store } = await startHost();
    await store.publish(await tinyRelease({ seed: 2 }));
    await Promise.all([host.refresh(0), host.refresh(1), host.refresh(2)]);
    expect(store.reads).toEqual({ pointer: 1, blob: 1 });
  });

  it("gives up on a refresh that never ends, and ignores it if it does", async ({ expect }) => {
    const { host, store } = await startHost();
    const { promise, resolve } = Promise.withResolvers<void>();
    store.gate = promise;
    await store.publish(await tinyRelease({ seed: 2 }));
    const stuck = host.refresh(0);
    await host.refresh(59_000);
    expect(store.reads.pointer).toBe(1);
    store.gate = Promise.resolve();
    await store.publish(await tinyRelease({ seed: 3 }));
    await host.refresh(60_000);
    expect(host.weights).toBe(await labelOf(3));
    resolve();
    await stuck;
    expect(host.weights).toBe(await labelOf(3));
  });

  it("survives a store that fails, complains once, and recovers", async ({ expect }) => {
    const { host, store, events } = await startHost();
    await store.publish(await tinyRelease({ seed: 2 }));
    store.gate = Promise.reject(new Error("KV is away"));
    await host.refresh(0);
    await host.refresh(1);
    expect(events).toEqual([{ event: "weights_unreadable", reason: "KV is away" }]);
    store.gate = Promise.resolve();
    await host.refresh(2);
    expect(host.weights).toBe(await labelOf(2));
  });

  it("survives a malformed rollout", async ({ expect }) => {
    const { host, store, events } = await startHost();
    for (const pointer of ["", "{", "{}", '{"statement":"{}","signatures":[]}']) {
      store.pointer = pointer;
      await host.refresh(0);
    }
    expect(events).toEqual([
      {
        event: "weights_refused",
        reason: "Refused rollout: weights/current is malformed; publish again",
      },
    ]);
    expect(host.weights).toBe(await labelOf(1));
  });
});

type Damage = (blob: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;

function changedAt(share: number): Damage {
  return (blob) => {
    const changed = blob.slice();
    changed[Math.floor(share * (blob.length - 1))]! ^= 1;
    return changed;
  };
}

/** A valid model of that many bytes; a session needs several times as many. */
function modelOf(bytes: number): Uint8Array<ArrayBuffer> {
  const dims = [bytes / 32, 32];
  return writeModel({
    nodes: [{ operator: "Identity", inputs: ["table"], output: "logits", attributes: {} }],
    constants: [{ name: "table", type: "int8", dims, data: new Int8Array(bytes) }],
    inputs: [{ name: "ids", type: "int32", dims: ["n"] }],
    outputs: [{ name: "logits", type: "int8", dims }],
  });
}

const BAD: [string, TinyReleaseOptions, Damage | undefined, RegExp][] = [
  ["an empty blob", {}, () => new Uint8Array(), /does not begin as one/],
  ["a truncated blob", {}, (blob) => blob.slice(0, -100), /its header promises/],
  ["a blob with a changed header", {}, changedAt(0), /does not begin as one/],
  ["a changed model", {}, changedAt(1), /model\.onnx has SHA-256/],
  ["a changed manifest", {}, changedAt(0.01), /its manifest has SHA-256/],
  [
    "a manifest that the schema refuses",
    { changeManifest: (m) => ({ ...m, tasks: [] }) },
    undefined,
    /manifest\.json: tasks/,
  ],
  [
    "features of another version",
    {
      changeManifest: (m) => ({ ...m, features: { ...m.features, version: FEATURE_VERSION + 1 } }),
    },
    undefined,
    /features of version /,
  ],
  [
    "features of another hash",
    {
      changeManifest: (m) => ({ ...m, features: { ...m.features, hash: "0".repeat(64) } }),
    },
    undefined,
    /features with hash 0{64}, this program makes [0-9a-f]{64}/,
  ],
  [
    "a placement that gives no number",
    {
      changeManifest: (m) => ({
        ...m,
        placement: {
          ...m.placement,
          covariance: m.placement.covariance.map(() => 1e308),
          anchors: {
            mmlu_pro: { intercept: 0, gradient: [1, 1, 1, 1], deviation: 1, models: 3 },
          },
        },
      }),
    },
    undefined,
    /has no place, its score is NaN/,
  ],
  [
    "abilities of another width",
    { changeManifest: (m) => ({ ...m, shape: { ...m.shape, abilityWidth: 5 } }) },
    undefined,
    /placement\.mean has 4 numbers, not 6/,
  ],
  ["a model that the heap cannot hold", { model: modelOf(24 * 2 ** 20) }, undefined, /bad_alloc/],
  ["a model that does not load", { model: new Uint8Array([8, 10, 18]) }, undefined, /./],
  [
    "a model that answers wrongly",
    { changeGolden: (g) => ({ ...g, vectors: g.vectors.map((v) => ({ ...v, difficulty: 0 })) }) },
    undefined,
    /Wrong answer: golden vector 0: difficulty/,
  ],
  [
    "a model that answers no number",
    { model: poisonedModel("answer.bias", NaN) },
    undefined,
    /Wrong answer: golden vector 0: .* is NaN/,
  ],
];

describe("a release that must not serve", () => {
  it.for(BAD)("is refused once: %s", async ([, options, damage, reason], { expect }) => {
    const { host, store, events } = await startHost();
    const before = (await host.score(PROMPT)).forecast;
    const id = await store.publish(
      await tinyRelease({ seed: 1, version: "9", ...options }),
      damage,
    );
    for (const nowMs of [0, 1, 2]) await host.refresh(nowMs);
    expect(events).toEqual([
      { event: "weights_refused", id, reason: expect.stringMatching(reason) },
    ]);
    expect(store.reads.blob).toBe(1);
    expect(host.weights).toBe(await labelOf(1));
    expect((await host.score(PROMPT)).forecast).toEqual(before);
  });

  it("does not stand in the way of the next one", async ({ expect }) => {
    const { host, store } = await startHost();
    await store.publish(await tinyRelease({ seed: 2 }), (blob) => blob.slice(1));
    await host.refresh(0);
    await store.publish(await tinyRelease({ seed: 3 }));
    await host.refresh(1);
    expect(host.weights).toBe(await labelOf(3));
  });

  it("is tried again when it is published again", async ({ expect }) => {
    const { host, store } = await startHost();
    const files = await tinyRelease({ seed: 2 });
    const id = await store.publish(files, (blob) => blob.slice(1));
    await host.refresh(0);
    await store.keep(files);
    await host.refresh(1);
    expect(host.weights).toBe(await labelOf(1));
    await store.point(id);
    await host.refresh(2);
    expect(host.weights).toBe(await labelOf(2));
  });

  it("is waited for while only its pointer can be seen", async ({ expect }) => {
    const { host, store, events } = await startHost();
    const files = await tinyRelease({ seed: 2 });
    const id = await sha256Hex(files.manifest);
    await store.point(id);
    await host.refresh(0);
    await host.refresh(1);
    expect(events).toEqual([{ event: "weights_refused", id, reason: "it is missing" }]);
    await store.keep(files);
    await host.refresh(2);
    expect(host.weights).toBe(await labelOf(2));
  });
});

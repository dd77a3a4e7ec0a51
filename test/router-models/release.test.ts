/** A release as a blob: what goes in comes out, and nothing damaged or foreign gets through. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { featureBytes } from "../../router-models/features/feature-bytes.ts";
import {
  canary,
  MAX_BLOB_BYTES,
  openRelease,
  packRelease,
  sha256Hex,
  unpackRelease,
  weightsLabel,
} from "../../router-models/release.ts";
import type { GraphRunner } from "../../router-models/scorer.ts";
import { tinyGraph, tinyRelease, type TinyReleaseOptions } from "../support/tiny-release.ts";

const file = fc
  .uint8Array({ maxLength: 64 })
  .map((bytes): Uint8Array<ArrayBuffer> => new Uint8Array(bytes));

describe("packRelease and unpackRelease", () => {
  it("are inverse", ({ expect }) => {
    fc.assert(
      fc.property(file, file, file, (manifest, golden, model) => {
        const files = unpackRelease(packRelease({ manifest, golden, model }));
        expect(files).toEqual({ manifest, golden, model });
      }),
    );
  });

  it("refuse more than KV can hold", ({ expect }) => {
    const none = new Uint8Array();
    const model = new Uint8Array(MAX_BLOB_BYTES);
    expect(() => packRelease({ manifest: none, golden: none, model })).toThrow(/KV holds/);
    expect(() => unpackRelease(new Uint8Array(MAX_BLOB_BYTES + 1))).toThrow(/more than/);
  });

  it("refuse every shortened, lengthened or foreign blob", ({ expect }) => {
    fc.assert(
      fc.property(file, fc.nat(), fc.uint8Array({ maxLength: 80 }), (model, cut, foreign) => {
        const blob = packRelease({ manifest: model, golden: model, model });
        expect(() => unpackRelease(blob.slice(0, cut % blob.length))).toThrow(/release/);
        expect(() => unpackRelease(new Uint8Array([...blob, 0]))).toThrow(/Damaged release/);
        expect(() => unpackRelease(new Uint8Array(foreign))).toThrow(/Not a release/);
      }),
    );
  });
});

function hashed(hash: string): TinyReleaseOptions {
  return { changeManifest: (m) => ({ ...m, features: { ...m.features, hash } }) };
}

describe("openRelease", () => {
  it("opens what was released, under the hash of its manifest", async ({ expect }) => {
    const files = await tinyRelease({ version: "1.2.3" });
    const release = await openRelease(files);
    expect(release.id).toBe(await sha256Hex(files.manifest));
    expect(release.model).toEqual(files.model);
    expect(weightsLabel(release)).toBe(`1.2.3@${release.id.slice(0, 12)}`);
    await expect(openRelease(files, release.id)).resolves.toEqual(release);
  });

  it("opens what was made for features of this hash, and no other", async ({ expect }) => {
    const prompts: string[] = [];
    await tinyRelease({
      changeGolden: (golden) => {
        prompts.push(...golden.vectors.map(({ prompt }) => prompt));
        return golden;
      },
    });
    const own = await sha256Hex(featureBytes(prompts, 1024));
    const { manifest } = await openRelease(await tinyRelease(hashed(own)));
    expect(manifest.features.hash).toBe(own);
    const other = await sha256Hex(featureBytes(prompts, 2048));
    await expect(tinyRelease(hashed(other)).then((files) => openRelease(files))).rejects.toThrow(
      `it reads features with hash ${other}, this program makes ${own}`,
    );
  });

  it("refuses a blob with any one byte changed", async ({ expect }) => {
    const files = await tinyRelease();
    const id = await sha256Hex(files.manifest);
    const blob = packRelease(files);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(blob.length - 1),
        fc.integer({ min: 1, max: 255 }),
        async (at, change) => {
          const damaged = blob.slice();
          damaged[at]! ^= change;
          await expect(open(damaged, id)).rejects.toThrow(/release/);
        },
      ),
    );
  });

  const unusable: [string, TinyReleaseOptions, RegExp][] = [
    [
      "features of another version",
      { changeManifest: (m) => ({ ...m, features: { ...m.features, version: 99 } }) },
      /features of version 99/,
    ],
    [
      "another number of statistics",
      { changeManifest: (m) => ({ ...m, features: { ...m.features, statistics: 3 } }) },
      /3 statistics/,
    ],
    [
      "a table that no hash fits",
      { changeManifest: (m) => ({ ...m, features: { ...m.features, tableRows: 1000 } }) },
      /1000 table rows/,
    ],
    [
      "a manifest of another schema",
      { changeManifest: (m) => Object.assign({ ...m }, { format: 2 }) },
      /manifest\.json: format/,
    ],
    [
      "golden vectors of another schema",
      { changeGolden: (g) => ({ ...g, tolerance: -1 }) },
      /golden\.json: tolerance/,
    ],
    [
      "an ability of another width",
      {
        changeManifest: (m) => ({
          ...m,
          models: { ...m.models, "beta/medium": { ...m.models["beta/medium"]!, ability: [1] } },
        }),
      },
      /the ability of beta\/medium has 1 numbers, not 4/,
    ],
    [
      "a placement of another width",
      { changeManifest: (m) => ({ ...m, placement: { ...m.placement, demand: [1] } }) },
      /placement\.demand has 1 numbers, not 4/,
    ],
    [
      "a covariance that is not square",
      { changeManifest: (m) => ({ ...m, placement: { ...m.placement, covariance: [1] } }) },
      /placement\.covariance has 1 numbers, not 16/,
    ],
  ];
  it.for(unusable)("refuses %s", async ([, options, reason], { expect }) => {
    await expect(openRelease(await tinyRelease(options))).rejects.toThrow(reason);
  });

  it("refuses a manifest that is not JSON", async ({ expect }) => {
    const files = await tinyRelease();
    const opened = openRelease({ ...files, manifest: new Uint8Array([0xff, 0xfe]) });
    await expect(opened).rejects.toThrow(/manifest\.json is not JSON/);
  });
});

describe("canary", () => {
  it("passes the release on its own graph, and says how close", async ({ expect }) => {
    const release = await openRelease(await tinyRelease());
    const { worst, failure } = await canary(release, tinyGraph());
    expect(failure).toBeUndefined();
    expect(worst).toBeLessThan(1e-6);
  });

  it("fails another graph, and names the first wrong answer", async ({ expect }) => {
    const release = await openRelease(await tinyRelease());
    const { worst, failure } = await canary(release, tinyGraph(2));
    expect(failure).toMatch(/^golden vector 0: difficulty is /);
    expect(worst).toBeGreaterThan(release.golden.tolerance);
  });

  it("fails a score that is not a number", async ({ expect }) => {
    const release = await openRelease(await tinyRelease());
    const good = tinyGraph();
    const bad: GraphRunner = {
      async run(feeds) {
        const answer = await good.run(feeds);
        answer[0] = NaN; // The demand for the first ability: every score, and nothing else.
        return answer;
      },
    };
    expect((await canary(release, bad)).failure).toMatch(/the score of alpha\/large is NaN/);
  });

  it("fails a golden model that the release does not have", async ({ expect }) => {
    const files = await tinyRelease({ changeGolden: (g) => ({ ...g, models: ["no/such"] }) });
    const { failure } = await canary(await openRelease(files), tinyGraph());
    expect(failure).toMatch(/no\/such is NaN/);
  });
});

async function open(blob: Uint8Array<ArrayBuffer>, id: string): Promise<unknown> {
  return openRelease(unpackRelease(blob), id);
}

/** The head in workerd: the vectors that the interpreter made, beside a router that is at work. */
import { describe, it } from "vitest";
import { promptOfText } from "../../../router-models/features/prompt.ts";
import { openKinRelease } from "../../../router-models/kin/release.ts";
import { similarity, vectorOf } from "../../../router-models/kin/vector.ts";
import { Embedder } from "../../../worker/inference/embedder.ts";
import { TINY_KIN, tinyKin, tinyRunner } from "../../support/tiny-kin.ts";
import { startHost } from "./tiny-host.ts";

describe("Embedder", () => {
  it("gives the vectors of the plain interpreter, but for roundings", async ({ expect }) => {
    await startHost();
    const release = await openKinRelease(await tinyKin());
    const embedder = await Embedder.open(release);
    expect(embedder.id).toBe(release.id);
    expect(embedder.dimensions).toBe(TINY_KIN.dimensions);
    const text = "A text that no golden vector has: 東京, naïve, can't";
    const vector = await embedder.embed(text);
    expect(similarity(vector, await vectorOf(text, TINY_KIN, tinyRunner()))).toBeGreaterThan(0.999);
    expect(await embedder.embed("")).toEqual(new Int8Array(TINY_KIN.dimensions));
  });

  it("answers many at once, beside the router", async ({ expect }) => {
    const { host } = await startHost();
    const embedder = await Embedder.open(await openKinRelease(await tinyKin()));
    const texts = Array.from({ length: 40 }, (_, i) => `question ${i % 20}`);
    const [vectors] = await Promise.all([
      Promise.all(texts.map((text) => embedder.embed(text))),
      ...texts.map((text) => host.score(promptOfText(text))),
    ]);
    expect(vectors.slice(0, 20)).toEqual(vectors.slice(20));
    expect(new Set(vectors.map(String)).size).toBe(20);
  });

  it("is not opened on a release that answers otherwise than it promises", async ({ expect }) => {
    await startHost();
    const files = await tinyKin({
      changeGolden: (golden) => ({
        ...golden,
        vectors: golden.vectors.map(({ text, vector }) => ({ text, vector: vector.toReversed() })),
      }),
    });
    await expect(Embedder.open(await openKinRelease(files))).rejects.toThrow(/golden vector 0/);
  });
});

/** The store on a real KV namespace. */
import { env } from "cloudflare:workers";
import { describe, it } from "vitest";
import { blobKey, POINTER_KEY } from "../../../router-models/release.ts";
import { kvWeightsStore } from "../../../worker/inference/weights-store.ts";

describe("kvWeightsStore", () => {
  it("answers undefined before anything was published", async ({ expect }) => {
    await env.WEIGHTS.delete(POINTER_KEY);
    const store = kvWeightsStore(env.WEIGHTS);
    expect(await store.readPointer()).toBeUndefined();
    expect(await store.readBlob("0".repeat(64))).toBeUndefined();
  });

  it("reads the pointer and the blob under its id", async ({ expect }) => {
    await env.WEIGHTS.put(POINTER_KEY, "pointer");
    await env.WEIGHTS.put(blobKey("a"), new Uint8Array([1, 2, 255]));
    const store = kvWeightsStore(env.WEIGHTS);
    expect(await store.readPointer()).toBe("pointer");
    expect(await store.readBlob("a")).toEqual(new Uint8Array([1, 2, 255]));
  });
});

/**
 * onnxruntime-web inside workerd. The last test holds the reason for the imported module under
 * observation: if it fails, the platform has changed and code may go. That a run fails whose session
 * is released meanwhile, the reason for slot.ts, is not tried here: it leaves the heap undefined, and
 * later runs may never end.
 */
import { describe, it } from "vitest";
import { extractFeatures } from "../../../router-models/features/extract.ts";
import { promptOfText } from "../../../router-models/features/prompt.ts";
import { canary } from "../../../router-models/release.ts";
import { heapBytes } from "../../../worker/inference/runtime.ts";
import { tinyGraph, tinyRelease } from "../../support/tiny-release.ts";
import { loadTiny } from "./tiny-host.ts";

function feedsOf(text: string) {
  return extractFeatures(promptOfText(text), 1024);
}

describe("the runtime", () => {
  it("starts on an ordinary heap, within its bounds", async ({ expect }) => {
    await loadTiny(await tinyRelease());
    expect(heapBytes()).toBeGreaterThan(0);
    expect(heapBytes()).toBeLessThan(96 * 2 ** 20);
  });

  it("leaves no trace on the global objects", async ({ expect }) => {
    await loadTiny(await tinyRelease());
    expect("instantiateWasm" in {}).toBe(false);
    expect(WebAssembly.Memory.name).toBe("Memory");
    expect(typeof (Atomics as { waitAsync?: unknown }).waitAsync).toBe("function");
  });

  it("answers the golden vectors, which the interpreter made", async ({ expect }) => {
    const { release, graph } = await loadTiny(await tinyRelease({ seed: 7 }));
    const { worst, failure } = await canary(release, graph);
    expect(failure).toBeUndefined();
    expect(worst).toBeLessThan(1e-5);
  });

  it("computes every number as the interpreter does", async ({ expect }) => {
    const { graph } = await loadTiny(await tinyRelease({ seed: 3 }));
    const feeds = feedsOf("Translate this sentence into French and explain each verb.");
    const actual = await graph.run(feeds);
    const expected = await tinyGraph(3).run(feeds);
    expect(actual.length).toBe(expected.length);
    expected.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, 4));
  });

  it("refuses a model that is none, and works on", async ({ expect }) => {
    const { graph } = await loadTiny(await tinyRelease());
    const model = new Uint8Array([1, 2, 3]);
    await expect(loadTiny(await tinyRelease({ model }))).rejects.toThrow();
    await expect(graph.run(feedsOf("still there?"))).resolves.toBeDefined();
  });
});

describe("workerd", () => {
  it("compiles no WebAssembly from bytes", ({ expect }) => {
    const empty = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    expect(() => Reflect.construct(WebAssembly.Module, [empty])).toThrow(/disallowed/);
  });
});

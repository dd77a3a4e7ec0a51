/** What every shelf of the cache does, whoever keeps it. */
import * as fc from "fast-check";
import { it } from "vitest";
import type { Shelf } from "../../worker/cache/answers/shelf.ts";

/** @param open A shelf; all that it gives are the same one. */
export function shelfContract(open: () => Shelf): void {
  let names = 0;
  function nameOf(): string {
    return (++names).toString(16).padStart(64, "0");
  }

  it("gives back the bytes that were put there, any bytes", async ({ expect }) => {
    const shelf = open();
    const bytes = fc.uint8Array({ maxLength: 20_000, size: "max" });
    await fc.assert(
      fc.asyncProperty(bytes, async (given) => {
        const name = nameOf();
        await shelf.put(name, given, 60);
        expect(new Uint8Array((await shelf.get(name))!)).toEqual(new Uint8Array(given));
      }),
      { numRuns: 20 },
    );
  });

  it("has nothing under a name that nothing was put under", async ({ expect }) => {
    expect(await open().get(nameOf())).toBeUndefined();
  });

  it("has the latest of what was put under one name", async ({ expect }) => {
    const [shelf, name] = [open(), nameOf()];
    await shelf.put(name, new Uint8Array([1]), 60);
    await shelf.put(name, new Uint8Array([2, 3]), 120);
    expect([...(await shelf.get(name))!]).toEqual([2, 3]);
  });

  it("holds an entry of a mebibyte", async ({ expect }) => {
    const [shelf, name] = [open(), nameOf()];
    const large = new Uint8Array((1 << 20) + 100).map((_, at) => at * 31);
    await shelf.put(name, large, 60);
    const found = await shelf.get(name);
    expect(found?.length).toBe(large.length);
    expect(found!.every((byte, at) => byte === large[at])).toBe(true);
  });
}

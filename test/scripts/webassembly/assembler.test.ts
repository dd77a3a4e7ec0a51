/** The bytes of instructions, held against the specification's own examples and against the engine. */
import * as fc from "fast-check";
import { describe, it } from "vitest";
import {
  i32,
  I32,
  local,
  loopWhile,
  moduleOf,
  v128,
  V128,
} from "../../../scripts/webassembly/assembler.ts";
import { instanceOf } from "./instance.ts";

describe("the assembler", () => {
  it.for([
    [0, [0]],
    [63, [0x3f]],
    [64, [0xc0, 0]],
    [-1, [0x7f]],
    [-64, [0x40]],
    [-65, [0xbf, 0x7f]],
    [-123_456, [0xc0, 0xbb, 0x78]], // The example of the DWARF standard and of Wikipedia.
  ] as const)("writes the number %s", ([value, bytes], { expect }) => {
    expect(i32.const(value)).toEqual([0x41, bytes]);
  });

  it.for([
    [127, [127]],
    [128, [0x80, 1]],
    [624_485, [0xe5, 0x8e, 0x26]],
  ] as const)("writes the offset %s", ([value, bytes], { expect }) => {
    expect(i32.load(value)).toEqual([0x28, 2, bytes]);
  });

  it("makes a module that counts and copies as it is told", ({ expect }) => {
    const [FROM, TO, COUNT, VECTOR] = [0, 1, 2, 3];
    const bytes = moduleOf({
      name: "copy",
      parameters: [I32, I32, I32],
      locals: [[1, V128]],
      body: loopWhile(
        [local.get(FROM), v128.load(0), local.set(VECTOR)],
        [local.get(TO), local.get(VECTOR), v128.store(0)],
        [local.get(FROM), i32.const(16), i32.add, local.set(FROM)],
        [local.get(TO), i32.const(16), i32.add, local.set(TO)],
        [local.get(COUNT), i32.const(-1), i32.add, local.tee(COUNT)],
      ),
      pages: 2,
    });
    const { run: copy, buffer } = instanceOf(bytes, "copy");
    expect(buffer.byteLength).toBe(2 * 65_536);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.uint8Array({ minLength: 200 }),
        (count, given) => {
          const view = new Uint8Array(buffer).fill(0);
          view.set(given.subarray(0, 160));
          copy(0, 1_024, count);
          expect(view.slice(1_024, 1_024 + 16 * count)).toEqual(view.slice(0, 16 * count));
          expect(view[1_024 + 16 * count]).toBe(0);
        },
      ),
    );
  });
});

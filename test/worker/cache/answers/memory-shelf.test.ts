/** An isolate's own copies: the same as on the shelf behind, sooner, for a minute, and within bounds. */
import { describe, it } from "vitest";
import {
  BELIEVED_S,
  MAX_BYTES,
  MAX_ENTRY_BYTES,
  MemoryShelf,
} from "../../../../worker/cache/answers/memory-shelf.ts";
import { shelfContract } from "../../../contract/shelf-contract.ts";
import { manualTimers } from "../../fixture/timers.ts";

/** A shelf behind, and how often it was asked for what. */
function setup() {
  const { clock, advance } = timersOf();
  const behind = new Map<string, Uint8Array>();
  const asked: string[] = [];
  const shelf = new MemoryShelf(
    {
      async get(name) {
        asked.push(name);
        return behind.get(name);
      },
      put: async (name, bytes) => void behind.set(name, bytes),
    },
    clock,
  );
  return { shelf, behind, asked, advance };
}

function timersOf() {
  const timers = manualTimers();
  return { clock: timers.clock, advance: (ms: number) => timers.advance(ms) };
}

describe("an isolate's own shelf", () => {
  const { shelf } = setup();
  shelfContract(() => shelf);

  it("asks the shelf behind once a minute for what it has", async ({ expect }) => {
    const { shelf: own, behind, asked, advance } = setup();
    behind.set("a", new Uint8Array([1]));
    for (let i = 0; i < 3; i++) expect(await own.get("a")).toEqual(new Uint8Array([1]));
    expect(asked).toEqual(["a"]);
    behind.set("a", new Uint8Array([2]));
    advance(BELIEVED_S * 1_000);
    expect(await own.get("a")).toEqual(new Uint8Array([2]));
    await own.put("a", new Uint8Array([3]), 3_600);
    advance(BELIEVED_S * 1_000 - 1);
    expect(await own.get("a")).toEqual(new Uint8Array([3]));
    expect(asked).toEqual(["a", "a"]);
    advance(1);
    await own.get("a");
    expect(asked).toHaveLength(3);
  });

  it("asks every time for what is not there", async ({ expect }) => {
    const { shelf: own, asked } = setup();
    for (let i = 0; i < 2; i++) expect(await own.get("a")).toBeUndefined();
    expect(asked).toHaveLength(2);
  });

  it("lets go of what was not used for longest, and holds nothing large", async ({ expect }) => {
    const { shelf: own, asked } = setup();
    const bytes = new Uint8Array(MAX_ENTRY_BYTES);
    const room = MAX_BYTES / MAX_ENTRY_BYTES;
    for (let n = 0; n < room; n++) await own.put(`${n}`, bytes, 60);
    await own.get("0");
    await own.put("one more", bytes, 60);
    await own.get("0");
    expect(asked).toEqual([]);
    await own.get("1");
    expect(asked).toEqual(["1"]);
    await own.put("large", new Uint8Array(MAX_ENTRY_BYTES + 1), 60);
    await own.get("large");
    expect(asked).toEqual(["1", "large"]);
  });
});

/** The storm of `npm run storm:events`, small: two kills in the middle, and every law holds. */
import { describe, it } from "vitest";
import { stormOfEvents } from "../../scripts/storming/event-storm.ts";

/** Three workers are started one after the other, on a machine that may have other work. */
const TIMEOUT_MS = 300_000;

describe("a worker that is killed twice", () => {
  it(
    "loses no event that was acknowledged, has none twice, and each at the bill's price",
    { timeout: TIMEOUT_MS },
    async ({ expect }) => {
      const { books, facts } = await stormOfEvents({
        requests: 150,
        kills: 2,
        concurrency: 16,
        streams: 0.5,
        seed: 1,
        report() {},
      });
      expect(books.brokenLaws).toEqual([]);
      expect(facts.kills).toHaveLength(2);
      expect(books.broken).toBeGreaterThan(0);
      expect(books.equal).toBeGreaterThan(50);
      expect(books.acknowledged).toBeGreaterThan(50);
      expect(books.others).toBeGreaterThan(0);
    },
  );
});

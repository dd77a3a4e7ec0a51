/** The release that has to be beaten, and the version of the one that would take its place. */
import { it } from "vitest";
import { manifestSchema } from "../../../router-models/manifest.ts";
import { nextVersion } from "../../../scripts/retraining/incumbent.ts";

const NOW = new Date("2026-11-23T06:10:59Z");

it("a new version follows the incumbent's and says when it was begun", ({ expect }) => {
  expect(nextVersion("1.0.0", NOW)).toBe("1.0.1-20261123T0610");
  expect(nextVersion("1.0.1-20261122T0000", NOW)).toBe("1.0.2-20261123T0610");
  expect(nextVersion("nightly", NOW)).toBe("1.0.1-20261123T0610");
  const longest = nextVersion("999.999.9998", NOW);
  expect(manifestSchema.shape.version.parse(longest)).toBe("999.999.9999-20261123T0610");
});

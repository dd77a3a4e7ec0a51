/** What commands understand of a value, and what they say of one that they do not. */
import { describe, it } from "vitest";
import {
  readChoice,
  readNumber,
  readPort,
  readWhole,
} from "../../../scripts/command-line/values.ts";

describe("values of flags", () => {
  it("are read", ({ expect }) => {
    expect(readNumber("--speed", "0.5")).toBe(0.5);
    expect(readNumber("--draws", "1", 1)).toBe(1);
    expect(readWhole("--folds", "2", 2)).toBe(2);
    expect(readPort("--port", "65535")).toBe(65_535);
    expect(readChoice("--device", "webgpu", ["cpu", "webgpu"])).toBe("webgpu");
  });

  it.for(["", " ", "x", "Infinity", "0.9"])(
    "are refused as a number from 1: %j",
    (value, { expect }) => {
      expect(() => readNumber("--draws", value, 1)).toThrow(
        `--draws ${JSON.stringify(value)} must be a number from 1.`,
      );
    },
  );

  it.for(["", "x", "2.5", "1", "1e300"])(
    "are refused as a whole number from 2: %j",
    (value, { expect }) => {
      expect(() => readWhole("--folds", value, 2)).toThrow(
        `--folds ${JSON.stringify(value)} must be a whole number from 2.`,
      );
    },
  );

  it.for(["-1", "1.5", "65536"])("are refused as a port: %s", (value, { expect }) => {
    expect(() => readPort("--port", value)).toThrow(/^--port/);
  });

  it("are refused beside the choices", ({ expect }) => {
    expect(() => readChoice("--device", "gpu", ["cpu", "webgpu"])).toThrow(
      '--device "gpu" must be one of cpu, webgpu.',
    );
  });
});

/** What an error is by default, and that nothing but the four public fields leaves in its body. */
import { describe, it } from "vitest";
import {
  errorBody,
  RouterError,
  STATUS_OF,
  type ErrorType,
} from "../../../worker/domain/errors.ts";

const TYPES: readonly ErrorType[] = [
  "invalid_request_error",
  "authentication_error",
  "permission_error",
  "not_found_error",
  "rate_limit_error",
  "insufficient_quota",
  "server_error",
  "timeout_error",
];

describe("RouterError", () => {
  it("goes out under its type's status, and is not retried, unless told otherwise", ({
    expect,
  }) => {
    for (const type of TYPES) {
      const error = new RouterError(type, "m", { code: "c" });
      expect([error.status, error.isRetryable, error.retryAfterMs]).toEqual([
        STATUS_OF[type],
        false,
        undefined,
      ]);
    }
    const moved = new RouterError("invalid_request_error", "m", {
      code: "too_large",
      status: 413,
      isRetryable: true,
      retryAfterMs: 5,
    });
    expect([moved.status, moved.isRetryable, moved.retryAfterMs]).toEqual([413, true, 5]);
    expect(Object.keys(STATUS_OF).toSorted()).toEqual(TYPES.toSorted());
  });

  it("says that the money has run out by a status that no SDK tries again", ({ expect }) => {
    expect(STATUS_OF.insufficient_quota).toBe(402);
  });

  it("is an error with a name, a message and a cause", ({ expect }) => {
    const cause = new Error("secret");
    const error = new RouterError("server_error", "It broke.", { code: "c", cause });
    expect(error).toBeInstanceOf(Error);
    expect([error.name, error.message, error.cause]).toEqual(["RouterError", "It broke.", cause]);
  });
});

describe("errorBody", () => {
  it("holds what the client may know and nothing else", ({ expect }) => {
    const error = new RouterError("invalid_request_error", "Too hot.", {
      code: "bad_value",
      param: "temperature",
      cause: new Error("secret"),
      retryAfterMs: 7,
    });
    expect(JSON.parse(JSON.stringify(errorBody(error)))).toEqual({
      error: {
        message: "Too hot.",
        type: "invalid_request_error",
        param: "temperature",
        code: "bad_value",
      },
    });
  });

  it("names no field where none is at fault", ({ expect }) => {
    const error = new RouterError("server_error", "m", { code: "c" });
    expect(errorBody(error).error.param).toBeNull();
  });
});

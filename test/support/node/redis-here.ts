/** Whether tests on a real Redis are left out here, and what their titles say then. */
import { hasRedis, NO_REDIS } from "../../../scripts/simulation/redis-server.ts";

/** CI has a Redis, and where it has none that is a failure and nothing to skip. */
export const isRedisLeftOut = !hasRedis() && process.env["CI"] !== "true";

export const WHY_LEFT_OUT = isRedisLeftOut ? `, skipped: ${NO_REDIS}` : "";

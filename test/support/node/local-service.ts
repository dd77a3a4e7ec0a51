/**
 * The whole service for a test file: the worker in real workerd and the simulated vendor behind it, both on free ports
 * and without delays, KV in memory. Started once per file, because the runtime's module takes a second to load.
 */
import OpenAI, { type ClientOptions } from "openai";
import { startLocalWorker } from "../../../scripts/simulation/local-worker.ts";
import { startVendor, type Vendor } from "../../../scripts/vendor.ts";

/** Short, so that a vendor that stalls costs a test little; long beside any scheduling delay. */
const LIMITS = {
  CONNECT_TIMEOUT_MS: "1500",
  FIRST_BYTE_TIMEOUT_MS: "1500",
  ANSWER_TIMEOUT_MS: "1500",
  IDLE_TIMEOUT_MS: "1500",
  LOG_LEVEL: "error",
  // Or the faults of one test would be held against the vendor in the next.
  CIRCUITS: "off",
} as const;

export interface LocalService {
  /** `http://127.0.0.1:PORT`, without wrangler's development proxy in between. */
  readonly url: string;
  readonly vendor: Vendor;
  /** The official SDK, pointed at the worker, without retries of its own unless asked. */
  client(options?: ClientOptions): OpenAI;
  close(): Promise<void>;
}

/** Starts worker and vendor; `vars` are set on the worker beside the test's short time limits. */
export async function startLocalService(
  vars: Readonly<Record<string, string>> = {},
): Promise<LocalService> {
  const vendor = await startVendor();
  const worker = await startLocalWorker({
    vendorUrl: vendor.url,
    vars: { ...LIMITS, ...vars },
    persist: false,
    logLevel: "error",
  });
  const url = worker.directUrl;
  return {
    url,
    vendor,
    client: (options) =>
      new OpenAI({ apiKey: "sk-none", baseURL: `${url}/v1`, maxRetries: 0, ...options }),
    async close() {
      await worker.close();
      await vendor.close();
    },
  };
}

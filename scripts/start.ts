/**
 * `npm start`: the whole of Sluice on this machine, with no account, key or network. Starts the simulated vendor and
 * the worker, says when both answer, and prints three commands to try. Alerts about budgets come back to the vendor's
 * `/webhooks` and are printed. Ctrl-C ends both.
 *
 * KV lives in .wrangler/state, where `npm run publish -- --local` writes too, so published weights arrive here.
 */
import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { readNumber, readPort } from "./command-line/values.ts";
import { checkPortIsFree, startLocalWorker } from "./simulation/local-worker.ts";
import { webhookReceiver } from "./simulation/webhook-receiver.ts";
import { startVendor } from "./vendor.ts";

const HELP = `Starts the worker and a simulated vendor on 127.0.0.1.

  --port N          port of the worker; 0 takes any free one (default 8787)
  --vendor-port N   port of the simulated vendor; 0 takes any free one (default 8788)
  --speed N         vendor speed, times faster than the catalogue's latency; 0 is without delays (default 10)
  --help            this text`;

/** Made up, and the same each time, so that keys outlive a restart. The worker listens on 127.0.0.1 only. */
const OPERATOR = {
  SLUICE_ADMIN_KEY: "local-admin-key-of-npm-start",
  SLUICE_KEY_SECRET: "made-up-for-this-machine-and-known-to-everybody",
};

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "8787" },
      "vendor-port": { type: "string", default: "8788" },
      speed: { type: "string", default: "10" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const vendorPort = readPort("--vendor-port", values["vendor-port"]);
  const port = readPort("--port", values.port);
  await checkPortIsFree(port, "--port");
  await checkPortIsFree(vendorPort, "--vendor-port");
  console.log("Starting the simulated vendor and the worker …");
  const secret = `whsec_${randomBytes(32).toString("base64")}`;
  const vendor = await startVendor({
    port: vendorPort,
    speed: readNumber("--speed", values.speed),
    webhooks: webhookReceiver({ secret, print: (line) => console.log(line) }),
  });
  try {
    const vars = {
      ...OPERATOR,
      ALERT_WEBHOOK_URL: `${vendor.url}/webhooks`,
      ALERT_WEBHOOK_SECRET: secret,
    };
    const worker = await startLocalWorker({ port, vendorUrl: vendor.url, vars });
    console.log(banner(worker.url, vendor.url));
    await interrupted();
    await worker.close();
  } finally {
    await vendor.close();
  }
}

function banner(worker: string, vendor: string): string {
  const json = `-H 'content-type: application/json'`;
  return `
Sluice is ready at ${worker}/v1 (simulated vendors at ${vendor}). Ctrl-C stops both. Three things to try:

  curl -i ${worker}/v1/chat/completions ${json} \\
    -d '{"model":"auto","messages":[{"role":"user","content":"What is the capital of Portugal?"}]}'

  curl -iN ${worker}/v1/chat/completions ${json} \\
    -d '{"model":"auto:quality","stream":true,"messages":[{"role":"user","content":"Prove that there are infinitely many primes."}]}'

  curl ${worker}/v1/route ${json} \\
    -d '{"model":"auto:cost","messages":[{"role":"user","content":"Translate into French: the tide is turning."}]}'

No key is needed until there is a tenant. Operators send: ${worker}/admin -H 'x-api-key: ${OPERATOR.SLUICE_ADMIN_KEY}'
`;
}

async function interrupted(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    // wrangler's own listeners would end the process before both servers are closed.
    process.removeAllListeners(signal);
    process.once(signal, () => resolve());
  }
  await promise;
}

main().then(
  // wrangler leaves handles open after it has been disposed of.
  () => process.exit(process.exitCode ?? 0),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);

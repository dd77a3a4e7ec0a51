/**
 * The worker in a process of its own, so that a test can read everything that it writes. Run with the options of
 * startLocalWorker as JSON; prints the direct address in a line, and ends when its input does.
 */
import { startLocalWorker } from "../../../scripts/simulation/local-worker.ts";

const worker = await startLocalWorker(JSON.parse(process.argv[2] ?? "{}"));
console.log(`listening at ${worker.directUrl}`);
process.stdin.resume().once("end", () => {
  // wrangler leaves handles open after it has been disposed of.
  void worker.close().then(() => process.exit(0));
});

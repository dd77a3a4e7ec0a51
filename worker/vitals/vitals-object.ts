/**
 * The Durable Object through which isolates hear of one another's open circuits. One for the deployment.
 *
 * It keeps its list in memory only: an opening is worth seconds to minutes, every isolate that made one
 * still has it, and an object that starts anew learns the rest from the next failures. So nothing is
 * written, and nothing has to be deleted.
 */
import { DurableObject } from "cloudflare:workers";
import { systemClock } from "../lib/clock.ts";
import { merge, noticesOf, readNotices, type Notice, type OpenCircuits } from "./notices.ts";

export class VitalsObject extends DurableObject {
  #open: OpenCircuits = new Map();

  /** Takes in what an isolate tells, and answers all that is open now. */
  exchange(told: unknown): Notice[] {
    this.#open = merge(this.#open, readNotices(told), systemClock.nowMs());
    return noticesOf(this.#open);
  }
}

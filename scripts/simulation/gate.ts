/**
 * A door that holds requests back until somebody opens it for a moment. It is how a test proves what arrives while
 * the vendor has not sent the rest, without measuring time. A release wakes those who wait now; it is not
 * remembered for those who come later.
 */
export class Gate {
  #waiting: (() => void)[] = [];

  /** Resolves at the next release; rejects when the signal aborts first. */
  async wait(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    signal.addEventListener("abort", () => reject(new Error("The client left.")), { once: true });
    await promise;
  }

  release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}

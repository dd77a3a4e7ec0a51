/**
 * What a request has cost after all, when an operator has found it on the vendor's bill.
 *
 * The isolate that made the call is gone, so what is known is what is booked: of money the bill takes its place, on
 * accounts of one model in proportion; requests and tokens stay as they were counted.
 */
import type { Draw, Unbilled } from "../domain/ledger.ts";
import { isMoney } from "./accounts.ts";

/** @param costMicroUsd What all vendors together have billed for the request. */
export function drawsOfBill({ amounts }: Unbilled, costMicroUsd: number): Draw[] {
  const whole = Math.max(
    ...amounts.map(({ account, amount }) => (isMoney(account) ? amount : 0)),
    1,
  );
  return amounts.map(({ account: name, amount }) => ({
    // The ledger knows the slots by what is booked there.
    account: {
      name,
      unit: isMoney(name) ? "usd" : "requests",
      slotMs: 0,
      sinceMs: 0,
      isHard: false,
    },
    amount: isMoney(name) ? Math.round((costMicroUsd * amount) / whole) : amount,
  }));
}

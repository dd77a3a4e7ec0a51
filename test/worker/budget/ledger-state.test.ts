/** The ledger's rules over plain maps, and that each rule is one. */
import { describe } from "vitest";
import { ledgerContract } from "../../contract/ledger-contract.ts";
import { memoryLedger } from "../../contract/memory-ledger.ts";

describe("the ledger's core", () => {
  ledgerContract(async () => memoryLedger());
});

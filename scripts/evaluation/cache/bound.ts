/**
 * The bound that serves, as a rule of the evaluation: worker/cache/trust, with its state kept from request to request.
 *
 * Audits come at once here; where they come late, one of an earlier generation tells nothing, which is not played.
 */
import { emptyTrust, observe, verdict } from "../../../worker/cache/trust/trust.ts";
import type { Rule } from "./rules.ts";

export const BOUND: Rule = {
  name: "bound",
  start(budget) {
    const allowance = { budget };
    let trust = emptyTrust(allowance);
    return {
      verdict({ similarity, entry }) {
        const { serve, auditShare } = verdict(
          trust,
          { similarity, cluster: String(entry) },
          allowance,
        );
        return { serve, audit: auditShare };
      },
      observe({ similarity, entry, isRight, wasServed, probability }) {
        const audit = { similarity, cluster: String(entry), isRight, wasServed };
        const { generation } = trust;
        trust = observe(trust, { ...audit, auditShare: probability, generation }, allowance);
      },
    };
  },
};

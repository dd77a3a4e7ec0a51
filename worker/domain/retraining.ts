/**
 * The word by which the service asks for a new router: a ticket in a queue that whoever trains pulls from, on a machine
 * of its own. It says that it is time; what there is to learn lies in the files of events.
 */
import { z } from "zod";

export const retrainTicketSchema = z.strictObject({
  kind: z.literal("retrain"),
  /** The UTC day that it is for; of two tickets for one day the second says nothing. */
  day: z.iso.date(),
  /** When it was sent, milliseconds since 1970. */
  atMs: z.int().nonnegative(),
});
export type RetrainTicket = z.output<typeof retrainTicketSchema>;

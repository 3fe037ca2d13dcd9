export interface WebhookTables {
  readonly webhook_deliveries: WebhookDeliveriesTable;
}

/** An event on its way to one receiver. It comes with the change that it tells of, and goes when the receiver took it. */
interface WebhookDeliveriesTable {
  /** The event's id, the same for every receiver. */
  event_id: string;
  /** The receiver's name in the operator's list. */
  receiver: string;
  /** The body: a CloudEvent in JSON. */
  event: string;
  created_at: number;
  /** When it is tried next. */
  next_at: number;
  /** How often it was tried. */
  attempts: number;
  /** Why the last attempt failed; empty before it. */
  last_error: string;
  /** Since when nobody tries it any more; null while somebody does. */
  dead_at: number | null;
}

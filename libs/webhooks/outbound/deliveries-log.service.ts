import { Injectable } from '@nestjs/common';
import { Database } from '#platform/database';
import { Problem } from '#platform/errors';
import { type Identifier, renderUuid } from '#platform/identifiers';
import { EventRenderer, type Posting } from './event-renderer.js';
import { EventStore } from './event-store.js';
import {
  type DeliveryState,
  WebhookAttemptEntity,
  WebhookDeliveryEntity,
  type WebhookEndpointEntity,
} from './webhook.entity.js';

export interface LoggedDelivery {
  delivery: WebhookDeliveryEntity;
  attempts: WebhookAttemptEntity[];
  /** As it would be posted now; undefined once the event is no longer kept. */
  posting?: Posting;
}

/** What was delivered, what was not, and what is on its way: for the tenant to look at. */
@Injectable()
export class DeliveriesLog {
  constructor(
    private readonly database: Database,
    private readonly events: EventStore,
    private readonly renderer: EventRenderer,
  ) {}

  /** Newest first; `before` is the last one of the page before. */
  async list(
    endpoint: WebhookEndpointEntity,
    { state, limit, before }: { state?: DeliveryState; limit: number; before?: Identifier },
  ): Promise<WebhookDeliveryEntity[]> {
    const query = this.database
      .repository(WebhookDeliveryEntity)
      .createQueryBuilder('delivery')
      .where('delivery.endpoint_id = :endpoint', { endpoint: renderUuid(endpoint.id) })
      .orderBy('delivery.position', 'DESC')
      .limit(limit);
    if (state !== undefined) query.andWhere('delivery.state = :state', { state });
    if (before !== undefined)
      query.andWhere('delivery.position < (SELECT position FROM webhook_deliveries WHERE id = :before)', {
        before: renderUuid(before),
      });
    return query.getMany();
  }

  async get(tenantId: Identifier, id: Identifier): Promise<LoggedDelivery> {
    const delivery = await this.find(tenantId, id);
    const attempts = await this.database
      .repository(WebhookAttemptEntity)
      .find({ where: { deliveryId: id }, order: { number: 'ASC' } });
    const [event] = await this.events.find([delivery.eventId]);
    const rows: { format: string }[] = await this.database.manager.query(
      'SELECT format FROM webhook_endpoints WHERE id = $1',
      [renderUuid(delivery.endpointId)],
    );
    const posting = event && rows[0] ? await this.renderer.post(event, rows[0].format) : undefined;
    return { delivery, attempts, posting };
  }

  async find(tenantId: Identifier, id: Identifier): Promise<WebhookDeliveryEntity> {
    const delivery = await this.database.repository(WebhookDeliveryEntity).findOneBy({ id, tenantId });
    if (!delivery) throw new Problem('webhook.delivery_not_found');
    return delivery;
  }
}

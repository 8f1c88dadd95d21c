import { createServer, type Server } from 'node:http';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { Config } from '#platform/config';

/**
 * What Prometheus reads, on its own port: never on the public listener (ATK-39). No receiver, challenge or
 * tenant id is a label.
 */
@Injectable()
export class Metrics {
  readonly registry = new Registry();
  readonly requests = new Counter({
    name: 'countersign_http_requests_total',
    help: 'Answered HTTP requests',
    labelNames: ['route', 'method', 'status'],
    registers: [this.registry],
  });
  readonly requestSeconds = new Histogram({
    name: 'countersign_http_request_seconds',
    help: 'Time from the first byte of a request to the end of its answer',
    labelNames: ['route'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: [this.registry],
  });
  readonly checks = new Counter({
    name: 'countersign_checks_total',
    help: 'Answers checked, by verdict',
    labelNames: ['verdict'],
    registers: [this.registry],
  });
  readonly opens = new Counter({
    name: 'countersign_challenges_total',
    help: 'Requests to open a challenge, by outcome',
    labelNames: ['outcome'],
    registers: [this.registry],
  });
  readonly receiverAlerts = new Counter({
    name: 'countersign_receiver_alerts_total',
    help: 'Receivers that gave ten wrong answers in a row',
    registers: [this.registry],
  });
  readonly sends = new Counter({
    name: 'countersign_sends_total',
    help: 'Tries to hand a message to a provider, by outcome',
    labelNames: ['provider', 'channel', 'outcome'],
    registers: [this.registry],
  });
  readonly chatReplies = new Counter({
    name: 'countersign_chat_replies_total',
    help: 'Tries to answer people in a conversation, by outcome',
    labelNames: ['provider', 'channel', 'outcome'],
    registers: [this.registry],
  });
  readonly receipts = new Counter({
    name: 'countersign_receipts_total',
    help: 'Statuses received from providers, by what became of them',
    labelNames: ['provider', 'status', 'outcome'],
    registers: [this.registry],
  });
  readonly limitEvents = new Counter({
    name: 'countersign_limit_events_total',
    help: 'What shared limits, budgets, switches and fraud detectors decided or noticed',
    labelNames: ['type', 'limit'],
    registers: [this.registry],
  });
  readonly tenantEvents = new Counter({
    name: 'countersign_tenant_events_total',
    help: 'What happened to accounts, senders and templates',
    labelNames: ['type'],
    registers: [this.registry],
  });
  readonly webhookAttempts = new Counter({
    name: 'countersign_webhook_attempts_total',
    help: 'Attempts to post an event to an endpoint of a tenant, by outcome',
    labelNames: ['outcome'],
    registers: [this.registry],
  });
  readonly queueDepth = new Gauge({
    name: 'countersign_queue_depth',
    help: 'Jobs waiting or delayed',
    labelNames: ['queue'],
    registers: [this.registry],
  });
  readonly queueAgeSeconds = new Gauge({
    name: 'countersign_queue_oldest_seconds',
    help: 'Age of the oldest waiting job',
    labelNames: ['queue'],
    registers: [this.registry],
  });
  readonly redisMemoryRatio = new Gauge({
    name: 'countersign_redis_memory_ratio',
    help: 'Memory that Redis uses, of its maxmemory; 0 when that is not set. Sends are refused from 0.85',
    registers: [this.registry],
  });
  readonly redisRollbacks = new Counter({
    name: 'countersign_redis_rollbacks_total',
    help: 'Times this process found that Redis had forgotten writes it had confirmed',
    registers: [this.registry],
  });
  readonly redisProblems = new Gauge({
    name: 'countersign_redis_problems',
    help: 'Settings of Redis, or its role, under which live codes would be lost; not ready above zero',
    registers: [this.registry],
  });
  readonly journalLag = new Gauge({
    name: 'countersign_journal_lag_entries',
    help: 'Transitions in Redis that are not in PostgreSQL yet, over the partitions this process reads',
    registers: [this.registry],
  });

  readonly breakersOpen = new Gauge({
    name: 'countersign_breakers_open',
    help: 'Provider accounts whose breaker is not closed, as this process sees it',
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry, prefix: 'countersign_' });
  }
}

/** Serves the registry on METRICS_PORT; 0 takes any free port. */
@Injectable()
export class MetricsServer implements OnApplicationBootstrap, OnApplicationShutdown {
  private server: Server | undefined;

  constructor(
    private readonly metrics: Metrics,
    private readonly config: Config,
  ) {}

  /** The port that is really open. */
  get port(): number | undefined {
    const address = this.server?.address();
    return typeof address === 'object' && address ? address.port : undefined;
  }

  async onApplicationBootstrap(): Promise<void> {
    const { registry } = this.metrics;
    this.server = createServer((request, response) => {
      if (request.url !== '/metrics' || request.method !== 'GET') return void response.writeHead(404).end();
      registry.metrics().then(
        (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
        () => response.writeHead(500).end(),
      );
    });
    await new Promise<void>((resolve, reject) => {
      this.server!.once('error', reject);
      this.server!.listen(this.config.http.metricsPort, this.config.http.host, resolve);
    });
  }

  onApplicationShutdown(): void {
    this.server?.close();
  }
}

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Controller, Get, Injectable, SetMetadata } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  HealthCheck,
  type HealthCheckResult,
  HealthCheckService,
  HealthIndicatorService,
  type HealthIndicatorResult,
} from '@nestjs/terminus';
import { Database } from '#platform/database';
import { newId } from '#platform/identifiers';
import { RedisConnection, RedisWatch } from '#platform/redis';

const MAX_LAG_MS = 5_000;

/** What the process says of itself: set by its main file and by the drain. */
@Injectable()
export class ProcessState {
  started = false;
  draining = false;
}

@Injectable()
export class HealthChecks {
  private readonly pod = newId();
  private readonly lag = monitorEventLoopDelay({ resolution: 100 });

  constructor(
    private readonly indicator: HealthIndicatorService,
    private readonly redis: RedisConnection,
    private readonly database: Database,
    private readonly state: ProcessState,
    private readonly watch: RedisWatch,
  ) {
    this.lag.enable();
  }

  eventLoop(): HealthIndicatorResult {
    const lagMs = Math.round(this.lag.max / 1e6);
    this.lag.reset();
    const check = this.indicator.check('eventLoop');
    return lagMs > MAX_LAG_MS ? check.down({ lagMs }) : check.up({ lagMs });
  }

  accepting(): HealthIndicatorResult {
    const check = this.indicator.check('process');
    if (this.state.draining) return check.down({ reason: 'draining' });
    return this.state.started ? check.up() : check.down({ reason: 'starting' });
  }

  /** A small write: `PING` still answers on a Redis that is full, read-only or out of disk. */
  async redisWritable(): Promise<HealthIndicatorResult> {
    const check = this.indicator.check('redis');
    try {
      await this.redis.client.set(`{ready}:${this.pod}`, 1, 'PX', 10_000);
      const problems = await this.watch.problems();
      return problems.length === 0 ? check.up() : check.down({ reason: problems.join('; ') });
    } catch {
      return check.down({ reason: 'a write failed' });
    }
  }

  /** PostgreSQL away is a degradation: codes still go out and are checked. */
  async databaseReachable(): Promise<HealthIndicatorResult> {
    const check = this.indicator.check('postgres');
    try {
      await this.database.ping();
      return check.up();
    } catch {
      return check.up({ degraded: true, reason: 'administrative calls and history answer 503' });
    }
  }
}

/** Probes are asked without a key: by kubelet, on the pod's own port. */
const OpenToAll = (): MethodDecorator & ClassDecorator => SetMetadata('countersign:public', true);

@ApiTags('health')
@OpenToAll()
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly checks: HealthChecks,
  ) {}

  @Get('live')
  @HealthCheck()
  @ApiOperation({ summary: 'Is the process worth keeping? Looks at nothing but its own event loop.' })
  live(): Promise<HealthCheckResult> {
    return this.health.check([() => this.checks.eventLoop()]);
  }

  @Get('ready')
  @HealthCheck()
  @ApiOperation({
    summary:
      'May it get traffic? A Redis write, its settings and role, not draining. PostgreSQL away is reported as degraded.',
  })
  ready(): Promise<HealthCheckResult> {
    return this.health.check([
      () => this.checks.accepting(),
      () => this.checks.redisWritable(),
      () => this.checks.databaseReachable(),
    ]);
  }

  @Get('startup')
  @HealthCheck()
  @ApiOperation({ summary: 'Has it finished booting and warming up?' })
  startup(): Promise<HealthCheckResult> {
    return this.health.check([() => this.checks.accepting()]);
  }
}

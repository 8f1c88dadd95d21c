import { Transform, Type } from 'class-transformer';
import { IsIn, IsInt, IsNotIn, IsOptional, IsString, IsUrl, Matches, Max, Min } from 'class-validator';

/** The values shipped in `.env.example`. They are public, so they never protect anything. */
export const SAMPLE_SECRETS = [
  'c2FtcGxlLWluc3RhbGxhdGlvbi1rZXktY2hhbmdlbWU=',
  'k1:c2FtcGxlLWtleXJpbmcta2V5LWNoYW5nZS1tZS1ub3c=',
];

const BASE64_32_BYTES = '[A-Za-z0-9+/]{43}=';
const IsInstallationKey = Matches(new RegExp(`^${BASE64_32_BYTES}$`), {
  message: 'INSTALLATION_KEY must be 32 bytes in base64',
});
const IsKeyring = Matches(
  new RegExp(`^[a-z0-9]{1,4}:${BASE64_32_BYTES}(,[a-z0-9]{1,4}:${BASE64_32_BYTES})*$`),
  {
    message: 'KEYRING must be kid:base64[,kid:base64…], each key of 32 bytes',
  },
);
const anyUrl = { require_tld: false, require_protocol: true };
const toBoolean = Transform(({ value }) =>
  value === '1' || value === 'true' ? true : value === undefined ? undefined : false,
);

/**
 * Every variable the processes read. `process.env` is validated against this class once, at boot;
 * a bad value stops the process with the variable's name and the rule it breaks.
 */
export class EnvironmentDto {
  @IsOptional()
  @IsIn(['development', 'test', 'production'])
  NODE_ENV: 'development' | 'test' | 'production' = 'production';

  @IsOptional()
  @IsString()
  HOST = '0.0.0.0';

  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(65535)
  PORT = 3000;

  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(65535)
  WORKER_PORT = 3001;

  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(65535)
  METRICS_PORT = 9464;

  /**
   * Requests that one API process works on at the same time before it refuses sends. A process answers some 5,000 a
   * second; with 1,000 under way each waits 200 ms, which is as much as the event loop may lag.
   */
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100_000)
  MAX_IN_FLIGHT = 1_000;

  /** Milliseconds that the event loop may lag, over several samples, before sends are refused. */
  @Type(() => Number)
  @IsInt()
  @Min(10)
  @Max(60_000)
  MAX_LOOP_LAG_MS = 200;

  /** 0: queues are not looked at. */
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(600_000)
  MAX_QUEUE_AGE_MS = 10_000;

  /** Seconds after a template's TTL at which a message without a `delivered` is held for dropped. */
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(600)
  DROP_BUFFER_SECONDS = 15;

  @IsUrl({ ...anyUrl, protocols: ['postgres', 'postgresql'] })
  DATABASE_URL!: string;

  @IsUrl({ ...anyUrl, protocols: ['redis', 'rediss'] })
  REDIS_URL!: string;

  @IsUrl({ ...anyUrl, protocols: ['http', 'https'] })
  PUBLIC_URL!: string;

  @IsOptional()
  @IsUrl({ ...anyUrl, protocols: ['http', 'https'] })
  SIMULATOR_URL?: string;

  @IsOptional()
  @Matches(/^smtp:\/\/(?:[a-zA-Z0-9.-]+|\[[0-9a-fA-F:]+\]):\d{1,5}\/?$/, {
    message: 'SIMULATOR_SMTP_URL must look like smtp://host:port',
  })
  SIMULATOR_SMTP_URL?: string;

  /** Decides partitions. Never rotated: a receiver's keys would move to another slot. */
  @IsInstallationKey
  INSTALLATION_KEY!: string;

  /** `kid:base64[,kid:base64…]`; the first writes, the others only verify and open. */
  @IsKeyring
  KEYRING!: string;

  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(256)
  PARTITIONS = 64;

  @IsOptional()
  @IsString()
  WORKER_QUEUES?: string;

  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(50)
  WORKER_CONCURRENCY = 50;

  /** A folder; see docs/limits.md. */
  @IsOptional()
  @IsString()
  LIMIT_LISTS?: string;

  /** A folder; see docs/audit.md. */
  @IsOptional()
  @IsString()
  AUDIT_CHECKPOINTS?: string;

  /** Days after which history no longer tells to whom a challenge went; see docs/retention.md. */
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(3_650)
  RETAIN_PERSONAL_DAYS = 30;

  /** Days after which history is deleted. */
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(3_650)
  RETAIN_HISTORY_DAYS = 400;

  @IsIn(['fatal', 'error', 'warn', 'info', 'debug', 'silent'])
  LOG_LEVEL = 'info';

  @toBoolean
  ALLOW_VOLATILE_REDIS = false;

  @Type(() => Number)
  @IsInt()
  CLOCK_OFFSET_MS = 0;

  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(60_000)
  SHUTDOWN_DELAY_MS = 5_000;
}

/**
 * Rules that hold only in production. The inherited ones are repeated: class-validator drops those of a property
 * that is declared again.
 */
export class ProductionEnvironmentDto extends EnvironmentDto {
  @IsNotIn(SAMPLE_SECRETS, {
    message: 'INSTALLATION_KEY is the sample value: make one with `openssl rand -base64 32`',
  })
  @IsInstallationKey
  declare INSTALLATION_KEY: string;

  @IsNotIn(SAMPLE_SECRETS, {
    message: 'KEYRING is the sample value: make one with `openssl rand -base64 32`',
  })
  @IsKeyring
  declare KEYRING: string;
}

import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsIn,
  IsInt,
  IsISO8601,
  IsOptional,
  IsString,
  Length,
  Max,
  Min,
} from 'class-validator';
import { Problem } from '#platform/errors';
import { type Identifier, parseNative, renderNative } from '#platform/identifiers';
import { type KeyMode, SCOPES, type Scope } from '../api-key.js';
import type { ApiKeyEntity } from '../api-key.entity.js';
import { readNetwork } from '../key-networks.js';
import type { Principal } from '../principal.js';

const MOST_DAYS = 3_650;
const DAY_MS = 86_400_000;
const DEFAULT_OVERLAP_HOURS = 24;
const HOUR_MS = 3_600_000;

export class CreateKeyDto {
  @ApiProperty({ example: 'checkout service' })
  @IsString()
  @Length(1, 80)
  name!: string;

  @ApiProperty({ enum: ['live', 'test'], description: 'A test key makes test keys only.' })
  @IsIn(['live', 'test'])
  mode!: KeyMode;

  @ApiProperty({ enum: SCOPES, isArray: true, description: 'Each has to be one of the key that asks.' })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(SCOPES.length)
  @ArrayUnique()
  @IsIn(SCOPES, { each: true })
  scopes!: Scope[];

  @ApiPropertyOptional({
    description: 'ISO 8601, within ten years; in 180 days when absent.',
    example: '2027-05-01T00:00:00Z',
  })
  @IsOptional()
  @IsISO8601({ strict: true })
  expiresAt?: string;

  @ApiPropertyOptional({
    type: [String],
    description: 'From where it is accepted, in CIDR form; from everywhere when absent.',
    example: ['10.20.0.0/16'],
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(20)
  @IsString({ each: true })
  networks?: string[];
}

export class RotateKeyDto {
  @ApiPropertyOptional({
    minimum: 0,
    maximum: 168,
    default: DEFAULT_OVERLAP_HOURS,
    description: 'For how many hours the old key works on.',
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(168)
  overlapHours?: number;
}

/** What no decorator can say. */
export function readKeyInput(
  { expiresAt, networks, ...rest }: CreateKeyDto,
  now: number,
): Omit<CreateKeyDto, 'expiresAt'> & { expiresAt?: Date } {
  const wrong = networks?.findIndex((network) => !readNetwork(network)) ?? -1;
  if (wrong >= 0)
    throw Problem.field(`networks/${wrong}`, 'format', 'networks must be addresses with a prefix length');
  if (expiresAt === undefined) return { ...rest, networks };
  const lifeMs = Date.parse(expiresAt) - now;
  if (!(lifeMs > 0)) throw Problem.field('expiresAt', 'too_small', 'expiresAt must be in the future');
  if (lifeMs > MOST_DAYS * DAY_MS)
    throw Problem.field('expiresAt', 'too_large', `expiresAt must be within ${MOST_DAYS} days`);
  return { ...rest, networks, expiresAt: new Date(expiresAt) };
}

export function readOverlapMs({ overlapHours = DEFAULT_OVERLAP_HOURS }: RotateKeyDto): number {
  return overlapHours * HOUR_MS;
}

/** A key that could give more than it has would have everything. */
export function expectWithin(caller: Principal, key: { mode: string; scopes: readonly string[] }): void {
  const beyond = key.scopes.filter((scope) => !caller.scopes.has(scope));
  if (beyond.length > 0)
    throw new Problem('auth.insufficient_scope', { detail: 'A key gives only scopes that it has itself.' });
  if (caller.mode === 'test' && key.mode !== 'test')
    throw new Problem('auth.insufficient_scope', { detail: 'A test key gives test keys only.' });
}

export function readKeyId(text: string): Identifier {
  const id = parseNative('key', text);
  if (!id) throw new Problem('key.not_found');
  return id;
}

export function toKeyView(key: ApiKeyEntity): object {
  const { id, name, mode, scopes, networks, createdAt, expiresAt, revokedAt, lastUsedAt } = key;
  return {
    id: renderNative('key', id),
    name,
    mode,
    scopes,
    networks,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
    ...(revokedAt && { revokedAt: revokedAt.toISOString() }),
    ...(lastUsedAt && { lastUsedAt: lastUsedAt.toISOString() }),
  };
}

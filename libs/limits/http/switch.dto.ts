import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsISO8601, IsOptional, IsString, Length, MaxLength } from 'class-validator';
import { Problem } from '#platform/errors';
import { type Identifier, parseNative, renderNative } from '#platform/identifiers';
import type { SwitchEntity } from '../limit.entity.js';
import { SWITCH_SCOPES, type SwitchScope } from '../switch.js';
import type { SwitchInput } from '../switches.service.js';

export class PutSwitchDto {
  @ApiProperty({
    enum: SWITCH_SCOPES,
    description: 'What is switched off. `global` stops all sends of the tenant, as `tenant` does.',
  })
  @IsIn(SWITCH_SCOPES)
  scope!: SwitchScope;

  @ApiPropertyOptional({
    description:
      'A channel, a country (ISO 3166), a prefix (`+` and up to 11 digits), an account. None for global and tenant.',
    example: 'MX',
  })
  @IsOptional()
  @IsString()
  @MaxLength(40)
  target?: string;

  @ApiProperty({ example: 'pumping seen since noon' })
  @IsString()
  @Length(1, 200)
  reason!: string;

  @ApiPropertyOptional({ description: 'When it lets go by itself, ISO 8601.' })
  @IsOptional()
  @IsISO8601({ strict: true })
  until?: string;
}

const SHAPES: Record<Exclude<SwitchScope, 'account' | 'global' | 'tenant'>, RegExp> = {
  channel: /^[a-z]{2,16}$/,
  country: /^[A-Z]{2}$/,
  prefix: /^\+\d{1,11}$/,
};

/** `tenantId` null: an operator, who may name any tenant. A tenant's own switches stop nobody else. */
export function toSwitchInput(dto: PutSwitchDto, tenantId: Identifier | null): SwitchInput {
  return {
    scope: dto.scope,
    target: readTarget(dto, tenantId),
    reason: dto.reason,
    until: dto.until === undefined ? undefined : new Date(dto.until),
  };
}

function readTarget({ scope, target }: PutSwitchDto, tenantId: Identifier | null): string {
  if (scope === 'global' || (scope === 'tenant' && tenantId !== null)) {
    if (target !== undefined) throw Problem.field('target', 'not_allowed', `${scope} takes no target`);
    return scope === 'tenant' ? tenantId! : '';
  }
  if (scope === 'account' || scope === 'tenant') {
    const id = parseNative(scope, target);
    if (!id) throw Problem.field('target', 'format', `target must be the id of the ${scope}`);
    return id;
  }
  if (target === undefined || !SHAPES[scope].test(target))
    throw Problem.field(
      'target',
      target === undefined ? 'required' : 'format',
      `target must name a ${scope}`,
    );
  return target;
}

export function toSwitchView({ id, scope, target, reason, until, createdAt }: SwitchEntity): object {
  const named = scope === 'account' || scope === 'tenant' ? renderNative(scope, target) : target;
  return {
    id: renderNative('switch', id),
    scope,
    ...(named !== '' && { target: named }),
    reason,
    ...(until && { until: until.toISOString() }),
    createdAt: createdAt.toISOString(),
  };
}

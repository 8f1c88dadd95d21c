import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsISO8601, IsOptional, IsString, Matches } from 'class-validator';
import { AUDIT_ACTIONS, type AuditEventEntity } from '#journal';
import { PageDto } from '#platform/validation';

export class AuditQuery extends PageDto {
  @ApiPropertyOptional({ enum: AUDIT_ACTIONS })
  @IsOptional()
  @IsIn(AUDIT_ACTIONS)
  action?: (typeof AUDIT_ACTIONS)[number];

  @ApiPropertyOptional({
    description: 'What was changed, by its id.',
    example: 'gen_0123456789abcdefghjkmnpqrs',
  })
  @IsOptional()
  @IsString()
  @Matches(/^[a-z_]{3,20}(?:_[0-9a-z]{26})?$/)
  subject?: string;

  @ApiPropertyOptional({
    description: 'A key’s id, `cli` or `system`.',
    example: 'key_0123456789abcdefghjkmnpqrs',
  })
  @IsOptional()
  @IsString()
  @Matches(/^(?:key_[0-9a-z]{26}|cli|system)$/)
  actor?: string;

  @ApiPropertyOptional({ description: 'ISO 8601, inclusive.' })
  @IsOptional()
  @IsISO8601({ strict: true })
  since?: string;

  @ApiPropertyOptional({ description: 'ISO 8601, exclusive.' })
  @IsOptional()
  @IsISO8601({ strict: true })
  until?: string;
}

export function toAuditView(row: AuditEventEntity): object {
  const { id, seq, at, actor, action, subject, before, after, requestId, hash } = row;
  return {
    id,
    ...(seq !== null && { seq }),
    at: at.toISOString(),
    actor,
    action,
    subject,
    ...(before !== null && { before }),
    ...(after !== null && { after }),
    ...(requestId !== null && { requestId }),
    ...(hash !== null && { hash }),
  };
}

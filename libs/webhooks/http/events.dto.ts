import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Matches, Max, Min } from 'class-validator';
import { Satisfies } from '#platform/validation';
import { isEventPattern } from '../outbound/event-patterns.js';
import { POSITION } from './webhook-endpoint.dto.js';

export const DEFAULT_EVENTS = 100;
const MOST_PATTERNS = 20;

export class ListEventsDto {
  @ApiPropertyOptional({
    description: '`next` of the page before. Absent: from the oldest that is kept; on a stream, from now on.',
    example: '4711',
  })
  @IsOptional()
  @IsString()
  @Matches(POSITION, { message: 'after must be a cursor' })
  after?: string;

  @ApiPropertyOptional({
    type: String,
    description: 'Names of docs/events.md or `challenge.*`, with commas between.',
    example: 'challenge.*,message.failed',
  })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.split(',') : value))
  @Satisfies(
    (value) => Array.isArray(value) && value.length <= MOST_PATTERNS && value.every(isEventPattern),
    { code: 'not_allowed', message: 'types must be names of events or room.*, with commas between' },
  )
  types?: string[];

  @ApiPropertyOptional({ minimum: 1, maximum: 500, default: DEFAULT_EVENTS })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(500)
  limit?: number;
}

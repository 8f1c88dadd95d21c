import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Matches, Max, Min } from 'class-validator';

export const DEFAULT_PAGE = 25;

/** A page of a list that is numbered from its beginning and read from its end. */
export class PageDto {
  @ApiPropertyOptional({ minimum: 1, maximum: 100, default: DEFAULT_PAGE })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  limit?: number;

  @ApiPropertyOptional({ description: 'The id of the last one of the page before.' })
  @IsOptional()
  @IsString()
  @Matches(/^[1-9]\d{0,17}$/)
  before?: string;
}

import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsISO8601, IsOptional, IsString, Length, Max, MaxLength, Min } from 'class-validator';

export class ExportConsentsDto {
  @ApiPropertyOptional({ description: 'E.164 with +; percent-encode the plus.' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  receiver?: string;

  @ApiPropertyOptional({ description: 'Given at or after, ISO 8601.' })
  @IsOptional()
  @IsISO8601({ strict: true })
  since?: string;

  @ApiPropertyOptional({ description: 'Given before, ISO 8601.' })
  @IsOptional()
  @IsISO8601({ strict: true })
  until?: string;
}

export class ListConsentsDto extends ExportConsentsDto {
  @ApiPropertyOptional({ minimum: 1, maximum: 100, default: 25 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  limit?: number;

  @ApiPropertyOptional({ description: 'From the page before.' })
  @IsOptional()
  @IsString()
  @Length(1, 200)
  cursor?: string;
}

import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import { PURPOSES, type Purpose } from '../challenge.js';

export class UnblockReceiverDto {
  @ApiProperty({ description: 'E.164 with +.', example: '+525500000000' })
  @IsString()
  @MaxLength(64)
  receiver!: string;

  @ApiPropertyOptional({ enum: PURPOSES, default: 'authentication' })
  @IsOptional()
  @IsIn(PURPOSES)
  purpose?: Purpose;
}

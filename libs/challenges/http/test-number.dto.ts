import { ApiProperty } from '@nestjs/swagger';
import { IsISO8601, IsString, MaxLength } from 'class-validator';
import { renderNative } from '#platform/identifiers';
import type { TestNumberEntity } from '../test-number.entity.js';

export class AddTestNumberDto {
  @ApiProperty({
    description:
      'E.164 with +, its last digits as up to six stars, or an e-mail address. Name none that a person may have.',
    example: '+1202555****',
  })
  @IsString()
  @MaxLength(254)
  receiver!: string;

  @ApiProperty({
    description: 'What every challenge to it has as its code: 4 to 15 visible ASCII characters.',
    example: '424242',
  })
  @IsString()
  @MaxLength(64)
  code!: string;

  @ApiProperty({ description: 'ISO 8601, within 400 days.', example: '2027-01-31T00:00:00Z' })
  @IsISO8601({ strict: true })
  endsAt!: string;
}

/** The code is not shown again. */
export function toTestNumberView({ id, pattern, endsAt, createdAt }: TestNumberEntity): object {
  return {
    id: renderNative('testNumber', id),
    receiver: pattern,
    endsAt: endsAt.toISOString(),
    createdAt: createdAt.toISOString(),
  };
}

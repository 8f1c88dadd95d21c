import { ApiProperty } from '@nestjs/swagger';
import { IsString, MaxLength } from 'class-validator';
import { renderNative } from '#platform/identifiers';
import type { ErasureEntity } from '../erasure/erasure.entity.js';

export class EraseReceiverDto {
  @ApiProperty({
    description: 'A phone number or an e-mail address. One that cannot be read is taken like any other.',
    example: '+525500000000',
  })
  @IsString()
  @MaxLength(254)
  receiver!: string;
}

export interface ErasureView {
  id: string;
  status: 'pending' | 'done';
  requestedAt: string;
  completedAt?: string;
}

export function toErasureView({ id, requestedAt, doneAt }: ErasureEntity): ErasureView {
  return {
    id: renderNative('erasure', id),
    status: doneAt === null ? 'pending' : 'done',
    requestedAt: requestedAt.toISOString(),
    completedAt: doneAt?.toISOString(),
  };
}

import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsOptional, IsString, Matches } from 'class-validator';
import { renderNative } from '#platform/identifiers';
import { OptionalBody } from '#platform/validation';
import type { NumberInfo } from '../message-provider.js';
import { callsLeft } from '../registration-calls.js';
import { PIN_LIFE_MS, type Readiness, type SenderState } from '../senders.service.js';

const SIX_DIGITS = /^\d{6}$/;

export class SetPinDto {
  @ApiProperty({ description: 'Six digits. Never shown again.', example: '480713' })
  @IsString()
  @Matches(SIX_DIGITS, { message: 'pin must be six digits' })
  pin!: string;

  @ApiPropertyOptional({ default: false, description: 'Takes a PIN that is easy to guess.' })
  @IsOptional()
  @IsBoolean()
  allowWeakPin?: boolean;

  @ApiPropertyOptional({
    default: true,
    description:
      'Keeps the PIN sealed, so that registering needs none. Without it the PIN is asked for again.',
  })
  @IsOptional()
  @IsBoolean()
  storePin?: boolean;
}

export class RequestCodeDto {
  @ApiProperty({ enum: ['SMS', 'VOICE'] })
  @IsIn(['SMS', 'VOICE'])
  method!: 'SMS' | 'VOICE';

  @ApiProperty({ example: 'en_US' })
  @IsString()
  @Matches(/^[a-z]{2,3}(_[A-Z]{2})?$/, { message: 'language must look like en or en_US' })
  language!: string;
}

export class VerifyCodeDto {
  @ApiProperty({ description: 'The digits of the message or call, without a dash.', example: '480713' })
  @IsString()
  @Matches(SIX_DIGITS, { message: 'code must be six digits' })
  code!: string;
}

@OptionalBody()
export class RegisterDto {
  @ApiPropertyOptional({ description: 'Where the PIN was set with `storePin: false`.', example: '480713' })
  @IsOptional()
  @IsString()
  @Matches(SIX_DIGITS, { message: 'pin must be six digits' })
  pin?: string;
}

export class ListSendersDto {
  @ApiPropertyOptional({
    description:
      'Asks the provider of this account for its numbers; those that are no senders come as `others`.',
    example: 'acc_0123456789abcdefghjkmnpqrs',
  })
  @IsOptional()
  @IsString()
  account?: string;
}

/** Of the PIN it tells that there is one, since when, and whether it is kept. */
export function toSenderView(state: SenderState & Partial<Readiness>, now: number): object {
  const { account, sender, kept, info, administered, missing, unknown } = state;
  const pinSetAt = kept?.pinSetAt;
  return {
    id: renderNative('sender', sender.id),
    account: renderNative('account', account.id),
    provider: account.provider.id,
    channel: sender.channel,
    address: sender.address,
    externalId: sender.externalId,
    administered,
    ...(administered && {
      registered: kept?.registered ?? undefined,
      verified: kept?.verified ?? undefined,
      seenAt: kept?.seenAt?.toISOString(),
      name: info?.name,
      quality: info?.quality,
      messagesPerSecond: info?.messagesPerSecond,
      pinSetAt: pinSetAt?.toISOString(),
      pinDueAt: pinSetAt ? new Date(pinSetAt.getTime() + PIN_LIFE_MS).toISOString() : undefined,
      pinStored: typeof kept?.sealedPin === 'string',
      registrationCalls: toCallsView(state, now),
    }),
    missing,
    unknown,
  };
}

function toCallsView({ kept }: SenderState, now: number): object {
  const { left, nextAt } = callsLeft(
    {
      registrationCalls: kept?.registrationCalls ?? [],
      registrationBlockedUntil: kept?.registrationBlockedUntil ?? null,
    },
    now,
  );
  return { left, nextAt: nextAt === undefined ? undefined : new Date(nextAt).toISOString() };
}

export function toNumberView({ externalId, address, name, registered, verified }: NumberInfo): object {
  return { externalId, address, name, registered, verified };
}

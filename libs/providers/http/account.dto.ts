import { ApiProperty, PartialType, OmitType } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsIn,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Matches,
  ValidateNested,
} from 'class-validator';
import type { TenantEventEntity } from '#journal';
import { Problem } from '#platform/errors';
import { type Identifier, parseNative, renderNative } from '#platform/identifiers';
import type { AccountsService, LoadedAccount } from '../accounts.service.js';
import { type Channel, CHANNELS } from '../message-provider.js';

export class SenderDto {
  @ApiProperty({ enum: CHANNELS })
  @IsIn(CHANNELS)
  channel!: Channel;

  @ApiProperty({ description: 'As people see it; digits for phone channels.', example: '584111111111' })
  @IsString()
  @Matches(/^[A-Za-z0-9@._+-]{3,254}$/, {
    message: 'address must be digits, a short code or an e-mail address',
  })
  address!: string;

  @ApiProperty({
    required: false,
    description: "The provider's own id of the sender (a WhatsApp phone number id).",
  })
  @IsOptional()
  @IsString()
  @Length(1, 100)
  externalId?: string;
}

export class CreateAccountDto {
  @ApiProperty({ example: 'whatsapp-main' })
  @IsString()
  @Matches(/^[\p{L}\p{N} ._-]{1,80}$/u, {
    message: 'name must be 1 to 80 letters, digits, spaces, dots, dashes or underscores',
  })
  name!: string;

  @ApiProperty({ example: 'meta-cloud' })
  @IsString()
  @Length(1, 40)
  provider!: string;

  @ApiProperty({
    description: "The adapter's own settings and credentials; see the documentation of the provider.",
  })
  @IsObject()
  config!: Record<string, unknown>;

  @ApiProperty({
    type: [String],
    description: 'ISO 3166 alpha-2 codes it may send to; ["*"] for all, which has to be said.',
    example: ['MX', 'VE'],
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(250)
  @ArrayUnique()
  @Matches(/^([A-Z]{2}|\*)$/, { each: true, message: 'countries must be ISO 3166 alpha-2 codes, or *' })
  countries!: string[];

  @ApiProperty({ type: [SenderDto] })
  @IsArray()
  @ArrayMaxSize(100)
  @ValidateNested({ each: true })
  @Type(() => SenderDto)
  senders!: SenderDto[];
}

export class UpdateAccountDto extends PartialType(OmitType(CreateAccountDto, ['provider'] as const)) {}

export function toEventView({ id, at, type, subject, data }: TenantEventEntity): object {
  return { id, at: at.toISOString(), type, subject, data };
}

export function readAccountId(text: string): Identifier {
  const id = parseNative('account', text);
  if (!id) throw new Problem('account.not_found');
  return id;
}

/** What is shown of an account: secrets as their last four characters only (SEC-11). */
export function toAccountView(account: LoadedAccount, accounts: AccountsService): object {
  const webhookUrl = accounts.webhookUrl(account);
  const secrets = new Set(account.provider.secrets);
  const config = Object.fromEntries(
    Object.entries(account.config).map(([name, value]) => [
      name,
      secrets.has(name) ? mask(value) : (value as unknown),
    ]),
  );
  return {
    id: renderNative('account', account.id),
    name: account.name,
    provider: account.provider.id,
    channels: account.provider.channels,
    simulator: accounts.isSimulator(account),
    config,
    countries: [...account.countries],
    senders: account.senders.map(({ id, ...sender }) => ({ id: renderNative('sender', id), ...sender })),
    webhook:
      webhookUrl === undefined
        ? undefined
        : {
            url: webhookUrl,
            ...account.provider.webhookSettings?.(account.config),
          },
  };
}

function mask(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(mask);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, mask(member)]));
  return typeof value === 'string' ? `••••${value.slice(-4)}` : value;
}

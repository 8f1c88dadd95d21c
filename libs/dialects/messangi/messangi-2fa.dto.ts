import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  Equals,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import type { Challenge, ChallengeState } from '#challenges';
import {
  DEFAULT_COOL_DOWN_SECONDS,
  DEFAULT_MAX_ATTEMPTS,
  DEFAULT_MAX_MESSAGES,
  type GeneratorEntity,
  type GeneratorInput,
} from '#generators';
import { renderInteger, renderUuid } from '#platform/identifiers';
import { Compiled } from '#platform/validation';

const CHANNEL_TYPES = ['WHATSAPP', 'SMS', 'EMAIL'] as const;

const isServed = ({ type }: { type?: unknown }): boolean => type !== 'SMS' && type !== 'EMAIL';

class ChannelDto {
  @ApiProperty({ enum: ['WHATSAPP'] })
  @IsIn(['WHATSAPP'], { message: 'type must be WHATSAPP: generators do not send by SMS or EMAIL yet' })
  type!: 'WHATSAPP';

  @ApiProperty({ description: 'Sender, digits without +.', example: '584111111111' })
  @ValidateIf(isServed)
  @IsString()
  @Matches(/^\d{3,15}$/, { message: 'address must be digits, without +' })
  address!: string;

  @ApiProperty({ description: 'templateLanguages[].id of the template.', example: '3752812345987345' })
  @ValidateIf(isServed)
  @IsString()
  @Length(1, 64)
  templateId!: string;

  @ApiProperty({ example: 'code' })
  @ValidateIf(isServed)
  @IsString()
  @Length(1, 64)
  placeholder!: string;

  // The documented members of SMS and EMAIL: known, so that such a channel is refused for its type and nothing else.
  @ValidateIf(isServed)
  @Equals(undefined, { message: 'shortcode belongs to SMS' })
  shortcode?: undefined;

  @ValidateIf(isServed)
  @Equals(undefined, { message: 'from belongs to EMAIL' })
  from?: undefined;

  @ValidateIf(isServed)
  @Equals(undefined, { message: 'text belongs to SMS and EMAIL' })
  text?: undefined;
}

export class SaveMessangiGeneratorDto {
  @ApiProperty({ minimum: 6, maximum: 10 })
  @IsInt()
  @Min(6)
  @Max(10)
  codeLength!: number;

  @ApiProperty({ minimum: 1, maximum: 90 })
  @IsInt()
  @Min(1)
  @Max(90)
  expirationMinutes!: number;

  @ApiProperty({ type: [ChannelDto], description: 'Exactly one.' })
  @IsArray()
  @ArrayMinSize(1, { message: 'only one channel is allowed, and one is required' })
  @ArrayMaxSize(1, { message: 'only one channel is allowed' })
  @ValidateNested({ each: true })
  @Type(() => ChannelDto)
  channels!: ChannelDto[];
}

@Compiled()
export class SendMessangiCodeDto {
  @ApiProperty({ example: 'WHATSAPP' })
  @IsString()
  @IsIn(CHANNEL_TYPES)
  channel!: (typeof CHANNEL_TYPES)[number];

  @ApiProperty({ description: 'E.164 with +.', example: '+525500000000' })
  @IsString()
  @MaxLength(64)
  receiver!: string;
}

export const ACTIONS = ['status', 'verify', 'cancel'] as const;

/** One endpoint, three actions. Both spellings of the id occur in the documented calls. */
@Compiled()
export class MessangiActionDto {
  @ApiProperty({ enum: ACTIONS })
  @IsIn(ACTIONS)
  action!: (typeof ACTIONS)[number];

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(64)
  requestId?: string;

  @ApiPropertyOptional({ description: 'The other spelling of requestId.' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  requestID?: string;

  @ApiPropertyOptional({ description: 'For verify.' })
  @IsOptional()
  @IsString()
  @Length(1, 64)
  code?: string;
}

export function toGeneratorInput(dto: SaveMessangiGeneratorDto): GeneratorInput {
  return {
    name: 'messangi 2fa',
    codeLength: dto.codeLength,
    alphabet: 'numeric',
    lifeSeconds: dto.expirationMinutes * 60,
    maxAttempts: DEFAULT_MAX_ATTEMPTS,
    resend: { code: 'same', coolDownSeconds: DEFAULT_COOL_DOWN_SECONDS, maxMessages: DEFAULT_MAX_MESSAGES },
    revealCode: false,
    plan: dto.channels.map(({ type, address, templateId, placeholder }) => ({
      channel: type.toLowerCase(),
      sender: address,
      template: { externalId: templateId },
      placeholder,
    })),
  };
}

/** `templateIdOf`: the provider's id of the template language that a step sends in. */
export function toGeneratorData(
  { number, policy }: GeneratorEntity,
  templateIdOf: (templateId: string, language: string) => string,
): object {
  return {
    id: Number(number),
    codeLength: policy.codeLength,
    expirationMinutes: Math.round(policy.lifeSeconds / 60),
    channels: policy.plan.map((step) => ({
      placeholder: step.placeholder ?? 'code',
      address: step.senderAddress,
      templateId: step.templateId ? templateIdOf(step.templateId, step.language) : '',
      type: step.channel.toUpperCase(),
    })),
  };
}

const STATUS: Record<ChallengeState, string> = {
  pending: 'PENDING',
  approved: 'VALIDATED',
  expired: 'EXPIRED',
  canceled: 'CANCELED',
  denied: 'CANCELED',
  locked: 'FAILED',
  undeliverable: 'FAILED',
};

/** `token` is there in every answer, and null unless the code may be disclosed. */
export function toStatusData(challenge: Challenge, receiver: string, token: string | null): object {
  return {
    id: renderInteger(challenge.id),
    userID: receiver,
    token,
    requestID: renderUuid(challenge.id),
    expirationDate: localDate(challenge.expiresAt),
    validationDate:
      challenge.state === 'approved' && challenge.endedAt !== undefined ? localDate(challenge.endedAt) : null,
    validationChannel: (challenge.messages.at(-1)?.channel ?? 'whatsapp').toUpperCase(),
    status: STATUS[challenge.state],
  };
}

/** UTC with microseconds and no zone, as the documented answer writes it. */
function localDate(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 23)}000`;
}

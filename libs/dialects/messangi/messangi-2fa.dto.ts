import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsEmail,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateBy,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import type { Challenge, ChallengeState } from '#challenges';
import {
  type ChannelStep,
  DEFAULT_COOL_DOWN_SECONDS,
  DEFAULT_MAX_ATTEMPTS,
  DEFAULT_MAX_MESSAGES,
  type GeneratorEntity,
  type GeneratorInput,
  isCallbackUrl,
  type StepInput,
} from '#generators';
import { renderInteger, renderUuid } from '#platform/identifiers';
import { Compiled, Satisfies } from '#platform/validation';

/** Call-backs of generators that were made here speak this dialect's words. */
export const MESSANGI_FORMAT = 'messangi';
const DEFAULT_PLACEHOLDER = 'code';
const CHANNEL_TYPES = ['WHATSAPP', 'SMS', 'EMAIL'] as const;

type ChannelType = (typeof CHANNEL_TYPES)[number];

/** Which types have the member. A channel of no type at all is told so, and nothing about its members. */
function BelongsTo(...types: ChannelType[]): PropertyDecorator {
  const has = ({ type }: ChannelDto): boolean => types.includes(type);
  return (target, property) => {
    const name = String(property);
    ValidateIf(
      (channel: ChannelDto) => CHANNEL_TYPES.includes(channel.type) && (has(channel) || name in channel),
    )(target, property);
    ValidateBy({
      name: 'belongsTo',
      validator: {
        validate: (_value, info) => has(info!.object as ChannelDto),
        defaultMessage: () => `${name} belongs to ${types.join(' and ')}`,
      },
    })(target, property);
  };
}

class ChannelDto {
  @ApiProperty({ enum: CHANNEL_TYPES })
  @IsIn(CHANNEL_TYPES)
  type!: ChannelType;

  @ApiPropertyOptional({ description: 'WHATSAPP: sender, digits without +.', example: '584111111111' })
  @BelongsTo('WHATSAPP')
  @IsString()
  @Matches(/^\d{3,15}$/, { message: 'address must be digits, without +' })
  address?: string;

  @ApiPropertyOptional({
    description: 'WHATSAPP: templateLanguages[].id of the template.',
    example: '3752812345987345',
  })
  @BelongsTo('WHATSAPP')
  @IsString()
  @Length(1, 64)
  templateId?: string;

  @ApiPropertyOptional({ description: 'SMS: sender, a short code, number or name.', example: '50001' })
  @BelongsTo('SMS')
  @IsString()
  @Matches(/^[A-Za-z0-9]{3,15}$/, { message: 'shortcode must be 3 to 15 letters or digits' })
  shortcode?: string;

  @ApiPropertyOptional({ description: 'EMAIL: sender.', example: 'codes@example.com' })
  @BelongsTo('EMAIL')
  @IsEmail({}, { message: 'from must be an e-mail address' })
  from?: string;

  @ApiPropertyOptional({
    description: 'SMS and EMAIL: what it says, with the placeholder in double braces.',
    example: 'Your code is {{code}}',
  })
  @BelongsTo('SMS', 'EMAIL')
  @IsString()
  @Length(1, 1_000)
  text?: string;

  @ApiPropertyOptional({ default: DEFAULT_PLACEHOLDER, description: 'Required for WHATSAPP.' })
  @ValidateIf(({ type, placeholder }: ChannelDto) => type === 'WHATSAPP' || placeholder !== undefined)
  @IsString()
  @Length(1, 64)
  placeholder?: string;
}

/** A code by mail may live for a day, as the profile says; the others 90 minutes. */
function mostMinutes({ channels }: { channels?: unknown }): number {
  const [channel] = Array.isArray(channels) ? (channels as ({ type?: unknown } | null)[]) : [];
  return channel?.type === 'EMAIL' ? 1_440 : 90;
}

export class SaveMessangiGeneratorDto {
  @ApiProperty({ minimum: 6, maximum: 10 })
  @IsInt()
  @Min(6)
  @Max(10)
  codeLength!: number;

  @ApiProperty({ minimum: 1, maximum: 1_440, description: 'Up to 90, and up to 1,440 for EMAIL.' })
  @IsInt()
  @Min(1)
  @ValidateBy({
    name: 'max',
    validator: {
      validate: (value, info) => typeof value === 'number' && value <= mostMinutes(info!.object),
      defaultMessage: (info) => `expirationMinutes must not be greater than ${mostMinutes(info!.object)}`,
    },
  })
  expirationMinutes!: number;

  @ApiProperty({ type: [ChannelDto], description: 'Exactly one.' })
  @IsArray()
  @ArrayMinSize(1, { message: 'only one channel is allowed, and one is required' })
  @ArrayMaxSize(1, { message: 'only one channel is allowed' })
  @ValidateNested({ each: true })
  @Type(() => ChannelDto)
  channels!: ChannelDto[];

  @ApiPropertyOptional({
    description: 'Where to post what becomes of each code: http or https, without credentials or fragment.',
    example: 'https://shop.example/countersign',
  })
  @IsOptional()
  @Satisfies(isCallbackUrl, {
    code: 'url_required',
    message:
      'callbackUrl must be an http or https URL of up to 2048 characters without credentials or fragment',
  })
  callbackUrl?: string;
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
    ...(dto.callbackUrl !== undefined && { callbackUrl: dto.callbackUrl, callbackFormat: MESSANGI_FORMAT }),
    plan: dto.channels.map(toStep),
  };
}

/** The member that names the sender. */
export function senderMember({ type }: ChannelDto): string {
  return { WHATSAPP: 'address', SMS: 'shortcode', EMAIL: 'from' }[type];
}

function toStep(channel: ChannelDto): StepInput {
  const { type, address, templateId, shortcode, from, text = '', placeholder } = channel;
  const step = { channel: type.toLowerCase(), placeholder };
  if (type === 'WHATSAPP') return { ...step, sender: address!, template: { externalId: templateId! } };
  return { ...step, sender: (shortcode ?? from)!, wording: { text: toWording(text, placeholder) } };
}

/** Their placeholder has a name of the caller's, ours is `{{code}}`. */
function toWording(text: string, placeholder = DEFAULT_PLACEHOLDER): string {
  return text.replaceAll(`{{${placeholder}}}`, '{{code}}');
}

/** `templateIdOf`: the provider's id of the template language that a step sends in. */
export function toGeneratorData(
  { number, policy }: GeneratorEntity,
  templateIdOf: (templateId: string | undefined, language: string) => string,
): object {
  return {
    id: Number(number),
    codeLength: policy.codeLength,
    expirationMinutes: Math.round(policy.lifeSeconds / 60),
    channels: policy.plan.map((step) => toChannelData(step, templateIdOf)),
    callbackUrl: policy.callbackUrl,
  };
}

function toChannelData(
  step: ChannelStep,
  templateIdOf: (templateId: string | undefined, language: string) => string,
): object {
  const { channel, senderAddress, templateId, language, wording, placeholder = DEFAULT_PLACEHOLDER } = step;
  const type = channel.toUpperCase();
  if (templateId !== undefined || type === 'WHATSAPP')
    return {
      placeholder,
      address: senderAddress,
      templateId: templateId === undefined ? '' : templateIdOf(templateId, language),
      type,
    };
  const text = wording?.text.replaceAll('{{code}}', `{{${placeholder}}}`) ?? '';
  return { placeholder, [type === 'EMAIL' ? 'from' : 'shortcode']: senderAddress, text, type };
}

const STATUS: Record<ChallengeState, string> = {
  pending: 'PENDING',
  approving: 'PENDING',
  approved: 'VALIDATED',
  expired: 'EXPIRED',
  canceled: 'CANCELED',
  denied: 'CANCELED',
  locked: 'FAILED',
  undeliverable: 'FAILED',
  refused: 'FAILED',
};

/** `token` is there in every answer, and null unless the code may be disclosed. */
export function toStatusData(
  challenge: Challenge,
  receiver: string | null,
  token: string | null,
): Record<string, unknown> {
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

import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { Problem } from '#platform/errors';
import { parseNative, renderNative } from '#platform/identifiers';
import { isMetadata, METADATA_RULE, Satisfies } from '#platform/validation';
import { type Alphabet, ALPHABETS } from '../code-maker.js';
import type { GeneratorEntity } from '../generator.entity.js';
import {
  DEFAULT_CODE_LENGTH,
  DEFAULT_COOL_DOWN_SECONDS,
  DEFAULT_LIFE_SECONDS,
  DEFAULT_MAX_ATTEMPTS,
  DEFAULT_MAX_MESSAGES,
  MAX_STEPS,
  MIN_LIFE_SECONDS,
  type Routing,
  ROUTINGS,
  UNKNOWN_POLICIES,
  type UnknownPolicy,
} from '../generator-policy.js';
import { MOST_PICKS } from '../inbound-options.js';
import { type Kind, KINDS } from '../kinds.js';
import { MOST_DISPLAY_NAME, MOST_REDIRECT_URLS, MOST_URL } from '../link-options.js';
import type { GeneratorInput } from '../generators.service.js';
import { MOST_LIFE_SECONDS, type Profile, PROFILES } from '../profiles.js';
import { type Purpose, PURPOSES } from '../purposes.js';
import { isCallbackUrl } from '../callback-url.js';
import { ConfirmRulesDto, toConfirmRules } from './confirm-rules.dto.js';
import { InboundOptionsDto } from './inbound-options.dto.js';

const STEP_CHANNELS = [
  'whatsapp',
  'sms',
  'email',
  'voice',
  'telegram',
  'viber',
  'line',
  'kakao',
  'zalo',
] as const;

export class WordingDto {
  @ApiProperty({ required: false, maxLength: 150, example: 'Confirm your payment' })
  @IsOptional()
  @IsString()
  @Length(1, 150)
  subject?: string;

  @ApiProperty({
    description:
      'Plain text with {{code}} once, or {{link}} under that kind; {{minutes}} and, for transactions alone, {{amount}}, {{currency}} and {{payee}}.',
    example: '{{code}} authorises {{amount}} {{currency}} to {{payee}}.',
  })
  @IsString()
  @Length(1, 1_000)
  text!: string;
}

export class ChannelStepDto {
  @ApiProperty({ enum: STEP_CHANNELS })
  @IsIn(STEP_CHANNELS)
  channel!: (typeof STEP_CHANNELS)[number];

  @ApiProperty({
    description: 'Address of one of the tenant’s senders on that channel.',
    example: '584111111111',
  })
  @IsString()
  @Length(3, 254)
  sender!: string;

  @ApiProperty({
    required: false,
    description: 'Template to send in, on channels that have templates (WhatsApp).',
    example: 'tpl_0123456789abcdefghjkmnpqrs',
  })
  @IsOptional()
  @IsString()
  @Length(1, 40)
  template?: string;

  @ApiProperty({
    required: false,
    type: WordingDto,
    description: 'On channels that carry text; a built-in text that names the purpose otherwise.',
  })
  @IsOptional()
  @ValidateNested()
  @Type(() => WordingDto)
  wording?: WordingDto;

  @ApiProperty({
    required: false,
    description: 'Language when a challenge names none; the template’s first otherwise.',
  })
  @IsOptional()
  @IsString()
  @Length(2, 10)
  language?: string;

  @ApiProperty({
    required: false,
    description:
      'Codes by SMS. The host whose page may take the code by itself: the message ends with @host #code (WebOTP).',
    example: 'shop.example',
  })
  @IsOptional()
  @IsString()
  @Length(1, 253)
  webOtpDomain?: string;

  @ApiProperty({
    required: false,
    description:
      'Codes by SMS. The Android app that may take the code by itself: the message ends with this hash (SMS Retriever). Not together with webOtpDomain.',
    example: 'K8a/AINcGX7',
  })
  @IsOptional()
  @IsString()
  @Length(11, 11)
  androidAppHash?: string;

  @ApiProperty({
    required: false,
    minimum: 5,
    maximum: 600,
    description:
      'Accepted by the provider but not delivered for so long, the next step follows with the same code. Without it only a failure makes it follow.',
  })
  @IsOptional()
  @IsInt()
  @Min(5)
  @Max(600)
  fallbackAfterSeconds?: number;

  @ApiProperty({
    required: false,
    enum: UNKNOWN_POLICIES,
    default: 'resend',
    description:
      'When nobody can say whether the provider took a message: send it again once, tagged duplicatePossible; go to the next step; or wait for a receipt only.',
  })
  @IsOptional()
  @IsIn(UNKNOWN_POLICIES)
  onUnknown?: UnknownPolicy;
}

export class ResendRulesDto {
  @ApiProperty({ required: false, enum: ['same', 'rotate'], default: 'same' })
  @IsOptional()
  @IsIn(['same', 'rotate'])
  code?: 'same' | 'rotate';

  @ApiProperty({
    required: false,
    type: [Number],
    default: DEFAULT_COOL_DOWN_SECONDS,
    description: 'Seconds to wait before each further message; the last one repeats.',
  })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(9)
  @IsInt({ each: true })
  @Min(1, { each: true })
  @Max(3_600, { each: true })
  coolDownSeconds?: number[];

  @ApiProperty({ required: false, minimum: 1, maximum: 5, default: DEFAULT_MAX_MESSAGES })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(5)
  maxMessages?: number;
}

export class LinkOptionsDto {
  @ApiProperty({
    maxLength: MOST_DISPLAY_NAME,
    description: 'Who asks, as the page behind the link says it.',
    example: 'The Shop',
  })
  @IsString()
  @Length(1, MOST_DISPLAY_NAME)
  displayName!: string;

  @ApiProperty({
    required: false,
    type: [String],
    description:
      'Where a person may be led back to after an approval: scheme, host, port and a beginning of the path. With exchange only.',
    example: ['https://shop.example/login'],
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MOST_REDIRECT_URLS)
  @IsString({ each: true })
  @MaxLength(MOST_URL, { each: true })
  redirectUrls?: string[];

  @ApiProperty({
    required: false,
    default: false,
    description:
      'An approval is worth a token, once and for 60 seconds, for the browser that asked. A challenge then needs returnUrl or pkce.',
  })
  @IsOptional()
  @IsBoolean()
  exchange?: boolean;
}

export class SaveGeneratorDto {
  @ApiProperty({ example: 'login' })
  @IsString()
  @Matches(/^[\p{L}\p{N} ._-]{1,80}$/u, {
    message: 'name must be 1 to 80 letters, digits, spaces, dots, dashes or underscores',
  })
  name!: string;

  @ApiProperty({
    required: false,
    enum: KINDS,
    default: 'code',
    description:
      'What a challenge asks: a code that they type, a link that they approve, a text that they send to us, or a yes or no.',
  })
  @IsOptional()
  @IsIn(KINDS)
  kind?: Kind;

  @ApiProperty({
    required: false,
    type: ConfirmRulesDto,
    description: 'Of kind confirm: the question, and what happens to a reply that is neither yes nor no.',
  })
  @IsOptional()
  @ValidateNested()
  @Type(() => ConfirmRulesDto)
  confirm?: ConfirmRulesDto;

  @ApiProperty({
    required: false,
    type: InboundOptionsDto,
    description: 'Of the kind inbound, and only there.',
  })
  @IsOptional()
  @ValidateNested()
  @Type(() => InboundOptionsDto)
  inbound?: InboundOptionsDto;

  @ApiProperty({ required: false, type: LinkOptionsDto, description: 'Of the kind link, and needed there.' })
  @IsOptional()
  @ValidateNested()
  @Type(() => LinkOptionsDto)
  link?: LinkOptionsDto;

  @ApiProperty({ required: false, minimum: 4, maximum: 15, default: DEFAULT_CODE_LENGTH })
  @IsOptional()
  @IsInt()
  @Min(4)
  @Max(15)
  codeLength?: number;

  @ApiProperty({ required: false, enum: ALPHABETS, default: 'numeric' })
  @IsOptional()
  @IsIn(ALPHABETS)
  alphabet?: Alphabet;

  @ApiProperty({
    required: false,
    minimum: MIN_LIFE_SECONDS,
    maximum: MOST_LIFE_SECONDS,
    default: DEFAULT_LIFE_SECONDS,
    description: 'What of this the profile allows depends on purposes and channels.',
  })
  @IsOptional()
  @IsInt()
  @Min(MIN_LIFE_SECONDS)
  @Max(MOST_LIFE_SECONDS)
  lifeSeconds?: number;

  @ApiProperty({ required: false, minimum: 1, maximum: 10, default: DEFAULT_MAX_ATTEMPTS })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(10)
  maxAttempts?: number;

  @ApiProperty({ required: false, type: ResendRulesDto })
  @IsOptional()
  @ValidateNested()
  @Type(() => ResendRulesDto)
  resend?: ResendRulesDto;

  @ApiProperty({
    required: false,
    default: false,
    description:
      'Lets keys with the scope codes:reveal read the code of a live challenge. Each disclosure is journalled.',
  })
  @IsOptional()
  @IsBoolean()
  revealCode?: boolean;

  @ApiProperty({
    required: false,
    default: false,
    description:
      'Approves a right answer only once PostgreSQL has recorded it: closes the second that the loss of a whole Redis host could reopen. 503 while PostgreSQL is away.',
  })
  @IsOptional()
  @IsBoolean()
  strictApproval?: boolean;

  @ApiProperty({
    required: false,
    enum: PROFILES,
    default: 'default',
    description: 'The standard this generator keeps. What it forbids is refused with the field and the rule.',
  })
  @IsOptional()
  @IsIn(PROFILES)
  profile?: Profile;

  @ApiProperty({
    required: false,
    enum: PURPOSES,
    isArray: true,
    description:
      'What challenges may be for; all that the profile allows on these channels otherwise. A generator that names transaction takes none without amount, currency and payee in its context.',
  })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayUnique()
  @IsIn(PURPOSES, { each: true })
  purposes?: Purpose[];

  @ApiProperty({
    required: false,
    default: false,
    description: 'Lets a challenge bring a code of its own. Profile default only.',
  })
  @IsOptional()
  @IsBoolean()
  callerCodes?: boolean;

  @ApiProperty({
    required: false,
    description:
      'Who accepted, in writing, that SMS and voice are restricted channels. Profiles nist and asvs-l2.',
    example: 'Risk committee, minutes of 2026-03-02',
  })
  @IsOptional()
  @IsString()
  @Length(1, 200)
  riskAcceptedBy?: string;

  @ApiProperty({
    required: false,
    description: 'What people are offered instead of SMS and voice. Profiles nist and asvs-l2.',
    example: 'passkeys',
  })
  @IsOptional()
  @IsString()
  @Length(1, 200)
  alternative?: string;

  @ApiProperty({
    required: false,
    description: 'Where you want to hear of challenges: http or https, without credentials or fragment.',
    example: 'https://shop.example/countersign',
  })
  @IsOptional()
  @Satisfies(isCallbackUrl, {
    code: 'url_required',
    message:
      'callbackUrl must be an http or https URL of up to 2048 characters without credentials or fragment',
  })
  callbackUrl?: string;

  @ApiProperty({
    required: false,
    description: 'Yours, kept and shown back. Flat.',
    example: { team: 'payments' },
  })
  @IsOptional()
  @Satisfies(isMetadata, METADATA_RULE)
  metadata?: Record<string, unknown>;

  @ApiProperty({
    required: false,
    enum: ROUTINGS,
    default: 'preference',
    description:
      'How steps that follow one another on the same channel are ordered: as they are written, or the account first whose codes are answered most in the receiver’s country.',
  })
  @IsOptional()
  @IsIn(ROUTINGS)
  routing?: Routing;

  @ApiProperty({
    type: [ChannelStepDto],
    minItems: 1,
    maxItems: MAX_STEPS,
    description:
      'Where codes go, in order: the first usable step is taken, the next one follows when a message fails or stays silent.',
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_STEPS)
  @ValidateNested({ each: true })
  @Type(() => ChannelStepDto)
  channels!: ChannelStepDto[];
}

export function toGeneratorInput(dto: SaveGeneratorDto): GeneratorInput {
  return {
    name: dto.name,
    kind: dto.kind ?? 'code',
    confirm: dto.kind === 'confirm' || dto.confirm ? toConfirmRules(dto.confirm) : undefined,
    inbound: dto.inbound && { ...dto.inbound },
    link: dto.link && { ...dto.link },
    codeLength: dto.codeLength ?? DEFAULT_CODE_LENGTH,
    alphabet: dto.alphabet ?? 'numeric',
    lifeSeconds: dto.lifeSeconds ?? DEFAULT_LIFE_SECONDS,
    maxAttempts: dto.maxAttempts ?? (dto.kind === 'inbound' ? MOST_PICKS : DEFAULT_MAX_ATTEMPTS),
    resend: {
      code: dto.resend?.code ?? 'same',
      coolDownSeconds: dto.resend?.coolDownSeconds ?? DEFAULT_COOL_DOWN_SECONDS,
      maxMessages: dto.resend?.maxMessages ?? DEFAULT_MAX_MESSAGES,
    },
    revealCode: dto.revealCode ?? false,
    strictApproval: dto.strictApproval ?? false,
    profile: dto.profile ?? 'default',
    purposes: dto.purposes,
    callerCodes: dto.callerCodes ?? false,
    riskAcceptedBy: dto.riskAcceptedBy,
    alternative: dto.alternative,
    callbackUrl: dto.callbackUrl,
    metadata: dto.metadata,
    routing: dto.routing ?? 'preference',
    plan: dto.channels.map((step) => ({
      channel: step.channel,
      sender: step.sender,
      template: readTemplate(step.template),
      wording: step.wording && { subject: step.wording.subject, text: step.wording.text },
      language: step.language,
      webOtpDomain: step.webOtpDomain,
      androidAppHash: step.androidAppHash,
      fallbackAfterSeconds: step.fallbackAfterSeconds,
      onUnknown: step.onUnknown,
    })),
  };
}

function readTemplate(text: string | undefined): { id: string } | undefined {
  if (text === undefined) return undefined;
  const id = parseNative('template', text);
  if (!id) throw new Problem('template.not_found');
  return { id };
}

export function toGeneratorView(
  { id, number, name, version, policy, createdAt }: GeneratorEntity,
  warnings: readonly string[] = [],
): object {
  const { plan, ...rules } = policy;
  return {
    id: renderNative('generator', id),
    number: Number(number),
    name,
    version,
    ...rules,
    kind: policy.kind ?? 'code',
    profile: policy.profile ?? 'default',
    callerCodes: policy.callerCodes ?? false,
    routing: policy.routing ?? 'preference',
    channels: plan.map((step) => ({
      channel: step.channel,
      sender: step.senderAddress,
      template: step.templateId === undefined ? undefined : renderNative('template', step.templateId),
      wording: step.wording,
      language: step.language,
      webOtpDomain: step.webOtpDomain,
      androidAppHash: step.androidAppHash,
      fallbackAfterSeconds: step.fallbackAfterSeconds,
      onUnknown: step.onUnknown,
    })),
    createdAt: createdAt.toISOString(),
    ...(warnings.length > 0 && { warnings }),
  };
}

import { isIP } from 'node:net';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsBoolean,
  IsIn,
  IsInt,
  IsISO8601,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { Compiled, isMetadata, METADATA_RULE, OptionalBody, Satisfies } from '#platform/validation';
import { PURPOSES, type Purpose } from '../challenge.js';
import { CHALLENGE_STATES, type ChallengeState } from '../challenge-state.js';
import { areValues, VALUES_RULE } from '../confirm/question-values.js';
import { isContext } from './free-fields.js';

const CONTEXT_RULE = {
  code: 'context',
  message:
    'context must be an object of 1 to 10 strings, each named by up to 64 characters and up to 512 long',
};

const SHOWN_RULE = {
  code: 'format',
  message: 'device and city must be 1 to 40 characters that can be seen, without addresses',
};

/** Said to people in a message of ours: nothing hidden in it, and nothing to press. */
function isShownText(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    value.trim() !== '' &&
    value.length <= 40 &&
    !/\p{C}|:\/\/|www\.|\w\.[a-z]{2,}/iu.test(value)
  );
}

/** What the caller knows of the person behind the request. Limits and score rules look at it; it is not kept. */
export class EndUserDto {
  @ApiPropertyOptional({
    description: 'IPv4 or IPv6. Messages asked for from one address are limited.',
    example: '203.0.113.7',
  })
  @IsOptional()
  @Satisfies((value) => typeof value === 'string' && isIP(value) !== 0, {
    code: 'format',
    message: 'ip must be an IPv4 or IPv6 address',
  })
  ip?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(128)
  deviceId?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(512)
  userAgent?: string;

  @ApiPropertyOptional({ example: 'android' })
  @IsOptional()
  @IsString()
  @MaxLength(32)
  platform?: string;

  @ApiPropertyOptional({
    description:
      'What they use, in words they know. Named in the chat before a login by a message of theirs.',
    example: 'Chrome on Windows',
  })
  @IsOptional()
  @Satisfies(isShownText, SHOWN_RULE)
  device?: string;

  @ApiPropertyOptional({
    description: 'Where they are. Named in the chat and on the page of a link as well.',
    example: 'Bogotá',
  })
  @IsOptional()
  @Satisfies(isShownText, SHOWN_RULE)
  city?: string;

  @ApiPropertyOptional({ description: 'The caller knows this person already.' })
  @IsOptional()
  @IsBoolean()
  trusted?: boolean;
}

export class PkceDto {
  @ApiProperty({
    description: 'Base64url of the SHA-256 of a verifier that only the asking browser has.',
    example: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  })
  @IsString()
  @Matches(/^[\w-]{43}$/, { message: 'challenge must be the base64url of a SHA-256' })
  challenge!: string;

  @ApiProperty({ enum: ['S256'] })
  @IsIn(['S256'])
  method!: 'S256';
}

@Compiled()
export class OpenChallengeDto {
  @ApiProperty({
    description: 'The generator whose rules the code follows.',
    example: 'gen_0123456789abcdefghjkmnpqrs',
  })
  @IsString()
  @MaxLength(64)
  generator!: string;

  @ApiPropertyOptional({
    description:
      'E.164 with +, or an e-mail address. Required, but for generators of kind inbound: there it is who writes to us.',
    example: '+525500000000',
  })
  @IsOptional()
  @IsString()
  @MaxLength(254)
  receiver?: string;

  @ApiPropertyOptional({
    description:
      'Of the kind inbound: the only person who may answer, as E.164 with + or as the provider’s own id of them.',
    example: '+525500000000',
  })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  expectedFrom?: string;

  @ApiPropertyOptional({
    type: PkceDto,
    description:
      'Of the kinds link (with exchange) and inbound (RFC 7636): the approval is given for the verifier only, by POST /v1/challenges/{id}/exchange. Required for an inbound login.',
  })
  @IsOptional()
  @ValidateNested()
  @Type(() => PkceDto)
  pkce?: PkceDto;

  @ApiPropertyOptional({
    description:
      'An address of the other kind, for later steps of the generator’s plan: an e-mail address when the receiver is a phone number, or the reverse.',
    example: 'ana@example.com',
  })
  @IsOptional()
  @IsString()
  @MaxLength(254)
  fallbackReceiver?: string;

  @ApiPropertyOptional({
    description: 'One of the generator’s channels; its first otherwise.',
    example: 'whatsapp',
  })
  @IsOptional()
  @IsString()
  @Matches(/^[a-z]{2,16}$/)
  channel?: string;

  @ApiPropertyOptional({
    description: 'Language of the message. Falls back to the base language, then to the generator’s.',
    example: 'es_MX',
  })
  @IsOptional()
  @IsString()
  @Matches(/^[a-z]{2,3}(_[A-Z]{2})?$/, { message: 'language must look like es or es_MX' })
  language?: string;

  @ApiPropertyOptional({ enum: PURPOSES, default: 'authentication' })
  @IsOptional()
  @IsIn(PURPOSES)
  purpose?: Purpose;

  @ApiPropertyOptional({
    description:
      'What is agreed to beside the code. It must come again with the check; any difference voids the code.',
    example: { amount: '120.00', currency: 'MXN', payee: 'ACME' },
  })
  @IsOptional()
  @Satisfies(isContext, CONTEXT_RULE)
  context?: Record<string, string>;

  @ApiPropertyOptional({
    type: [String],
    description:
      'Of kind confirm: what fills the numbered places of the words, in order. In templates those after the parameters of the generator.',
    example: ['Nick'],
  })
  @IsOptional()
  @Satisfies(areValues, VALUES_RULE)
  values?: string[];

  @ApiPropertyOptional({ description: 'Yours, kept and shown back. Flat.', example: { order: 'A-17' } })
  @IsOptional()
  @Satisfies(isMetadata, METADATA_RULE)
  metadata?: Record<string, unknown>;

  @ApiPropertyOptional({ type: EndUserDto })
  @IsOptional()
  @ValidateNested()
  @Type(() => EndUserDto)
  endUser?: EndUserDto;

  @ApiPropertyOptional({
    description:
      'A code of your own, where the generator has callerCodes: 4 to 15 visible ASCII characters, compared as they are; digits only under a numeric alphabet.',
  })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  code?: string;

  @ApiPropertyOptional({
    description:
      'The receiver whose place this one takes, for the purposes recovery and address_verification. Profiles other than default want provenBy with it.',
    example: '+525500000001',
  })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  replaces?: string;

  @ApiPropertyOptional({
    description: 'A challenge for the replaced receiver, approved within the last five minutes.',
    example: 'chl_0123456789abcdefghjkmnpqrs',
  })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  provenBy?: string;

  @ApiPropertyOptional({
    description:
      'Of a link with exchange: where its asking browser is led back to, with exchange=<token>. Begins as one of the generator’s redirectUrls does.',
    example: 'https://shop.example/login/done',
  })
  @IsOptional()
  @IsString()
  @MaxLength(512)
  returnUrl?: string;

  @ApiPropertyOptional({
    enum: ['resend', 'replace', 'return'],
    description:
      'When the same question is open already: send again under its id (the usual), replace it under a new id, or (within 5 s) just return it. A link is always replaced.',
  })
  @IsOptional()
  @IsIn(['resend', 'replace', 'return'])
  onLive?: 'resend' | 'replace' | 'return';
}

@Compiled()
export class CheckChallengeDto {
  @ApiProperty({
    description:
      'What the person typed. Spaces and dashes are ignored, and letters have no case; a code of your own is compared as it is.',
    example: '123456',
  })
  @IsString()
  @Length(1, 64)
  code!: string;

  @ApiPropertyOptional({
    enum: PURPOSES,
    description:
      'When given, it must be the one the challenge was opened for; otherwise the answer counts as wrong.',
  })
  @IsOptional()
  @IsIn(PURPOSES)
  purpose?: Purpose;

  @ApiPropertyOptional({ description: 'The context the challenge was opened with.' })
  @IsOptional()
  @Satisfies(isContext, CONTEXT_RULE)
  context?: Record<string, string>;
}

@OptionalBody()
export class ResendDto {
  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @Matches(/^[a-z]{2,16}$/)
  channel?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @Matches(/^[a-z]{2,3}(_[A-Z]{2})?$/)
  language?: string;
}

export class ListChallengesDto {
  @ApiPropertyOptional({ description: 'E.164 with +; percent-encode the plus.' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  receiver?: string;

  @ApiPropertyOptional({ enum: CHALLENGE_STATES })
  @IsOptional()
  @IsIn(CHALLENGE_STATES)
  status?: ChallengeState;

  @ApiPropertyOptional({ description: 'Opened at or after, ISO 8601.' })
  @IsOptional()
  @IsISO8601({ strict: true })
  since?: string;

  @ApiPropertyOptional({ description: 'Opened before, ISO 8601.' })
  @IsOptional()
  @IsISO8601({ strict: true })
  until?: string;

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

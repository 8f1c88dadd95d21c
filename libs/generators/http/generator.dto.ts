import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { Problem } from '#platform/errors';
import { parseNative, renderNative } from '#platform/identifiers';
import { type Alphabet, ALPHABETS } from '../code-maker.js';
import type { GeneratorEntity } from '../generator.entity.js';
import {
  DEFAULT_CODE_LENGTH,
  DEFAULT_COOL_DOWN_SECONDS,
  DEFAULT_LIFE_SECONDS,
  DEFAULT_MAX_ATTEMPTS,
  DEFAULT_MAX_MESSAGES,
  MAX_LIFE_SECONDS,
  MIN_LIFE_SECONDS,
} from '../generator-policy.js';
import type { GeneratorInput } from '../generators.service.js';

export class ChannelStepDto {
  @ApiProperty({ enum: ['whatsapp', 'email'] })
  @IsIn(['whatsapp', 'email'])
  channel!: 'whatsapp' | 'email';

  @ApiProperty({
    description: 'Address of one of the tenant’s senders on that channel.',
    example: '584111111111',
  })
  @IsString()
  @Length(3, 254)
  sender!: string;

  @ApiProperty({
    required: false,
    description: 'Template to send in. WhatsApp needs one; e-mail has none.',
    example: 'tpl_0123456789abcdefghjkmnpqrs',
  })
  @IsOptional()
  @IsString()
  @Length(1, 40)
  template?: string;

  @ApiProperty({
    required: false,
    description: 'Language when a challenge names none; the template’s first otherwise.',
  })
  @IsOptional()
  @IsString()
  @Length(2, 10)
  language?: string;
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

export class SaveGeneratorDto {
  @ApiProperty({ example: 'login' })
  @IsString()
  @Matches(/^[\p{L}\p{N} ._-]{1,80}$/u, {
    message: 'name must be 1 to 80 letters, digits, spaces, dots, dashes or underscores',
  })
  name!: string;

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
    maximum: MAX_LIFE_SECONDS,
    default: DEFAULT_LIFE_SECONDS,
  })
  @IsOptional()
  @IsInt()
  @Min(MIN_LIFE_SECONDS)
  @Max(MAX_LIFE_SECONDS)
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

  @ApiProperty({ type: [ChannelStepDto] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(1)
  @ValidateNested({ each: true })
  @Type(() => ChannelStepDto)
  channels!: ChannelStepDto[];
}

export function toGeneratorInput(dto: SaveGeneratorDto): GeneratorInput {
  return {
    name: dto.name,
    codeLength: dto.codeLength ?? DEFAULT_CODE_LENGTH,
    alphabet: dto.alphabet ?? 'numeric',
    lifeSeconds: dto.lifeSeconds ?? DEFAULT_LIFE_SECONDS,
    maxAttempts: dto.maxAttempts ?? DEFAULT_MAX_ATTEMPTS,
    resend: {
      code: dto.resend?.code ?? 'same',
      coolDownSeconds: dto.resend?.coolDownSeconds ?? DEFAULT_COOL_DOWN_SECONDS,
      maxMessages: dto.resend?.maxMessages ?? DEFAULT_MAX_MESSAGES,
    },
    revealCode: dto.revealCode ?? false,
    plan: dto.channels.map(({ channel, sender, template, language }) => {
      if (template === undefined) return { channel, sender, language };
      const id = parseNative('template', template);
      if (!id) throw new Problem('template.not_found');
      return { channel, sender, template: { id }, language };
    }),
  };
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
    channels: plan.map((step) => ({
      channel: step.channel,
      sender: step.senderAddress,
      ...(step.templateId && { template: renderNative('template', step.templateId) }),
      language: step.language,
    })),
    createdAt: createdAt.toISOString(),
    ...(warnings.length > 0 && { warnings }),
  };
}

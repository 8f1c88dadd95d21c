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
  ValidateNested,
} from 'class-validator';
import { renderNative } from '#platform/identifiers';
import type { TemplateEntity } from '../template.entity.js';

export class TemplateLanguageDto {
  @ApiProperty({ example: 'en', description: 'A code of the WhatsApp language table.' })
  @IsString()
  @Length(2, 10)
  language!: string;

  @ApiProperty({
    required: false,
    default: false,
    description: 'Adds “For your security, do not share this code.” in the language.',
  })
  @IsOptional()
  @IsBoolean()
  addSecurityRecommendation?: boolean;

  @ApiProperty({
    required: false,
    minimum: 1,
    maximum: 90,
    description:
      'Adds “This code expires in N minutes.”; must equal the lifetime of the generators that use it.',
  })
  @IsOptional()
  @IsInt()
  codeExpirationMinutes?: number;

  @ApiProperty({ required: false, maxLength: 25 })
  @IsOptional()
  @IsString()
  copyCodeButtonText?: string;

  @ApiProperty({
    required: false,
    description: 'Seconds the provider tries to deliver: 30 to 900, or -1 for as long as it can.',
  })
  @IsOptional()
  @IsInt()
  ttlSeconds?: number;
}

export class CreateTemplateDto {
  @ApiProperty({ description: 'Provider account that owns it.', example: 'acc_0123456789abcdefghjkmnpqrs' })
  @IsString()
  account!: string;

  @ApiProperty({ example: 'login_code' })
  @IsString()
  @Length(1, 512)
  name!: string;

  @ApiProperty({ enum: ['AUTHENTICATION'] })
  @IsIn(['AUTHENTICATION'], { message: 'category must be AUTHENTICATION: codes go out in no other' })
  category!: 'AUTHENTICATION';

  @ApiProperty({ type: [TemplateLanguageDto] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(20)
  @ValidateNested({ each: true })
  @Type(() => TemplateLanguageDto)
  languages!: TemplateLanguageDto[];
}

export class ListTemplatesDto {
  @ApiProperty({ required: false })
  @IsOptional()
  @IsString()
  @Matches(/^[a-z0-9_]{1,512}$/)
  name?: string;
}

export function toTemplateView(template: TemplateEntity): object {
  return {
    id: renderNative('template', template.id),
    account: renderNative('account', template.accountId),
    name: template.name,
    category: template.category,
    createdAt: template.createdAt.toISOString(),
    languages: template.languages.map(({ language, status, reason, externalId, content }) => ({
      language,
      status,
      reason: reason ?? undefined,
      externalId,
      ...content,
    })),
  };
}

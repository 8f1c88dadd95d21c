import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
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
import { OTP_TYPES, type OtpType, TEMPLATE_CATEGORIES, type TemplateCategory } from '#providers';

const BUTTON_TYPES = ['QUICK_REPLY', 'PHONE_NUMBER', 'URL'] as const;
const ACCOUNT = { description: 'Provider account that owns it.', example: 'acc_0123456789abcdefghjkmnpqrs' };

export class SupportedAppDto {
  @ApiProperty({ example: 'com.example.app', maxLength: 224 })
  @IsString()
  packageName!: string;

  @ApiProperty({
    example: 'K8a/AINcGX7',
    description: 'Of the key that signs the app: 11 characters, not URL-encoded.',
  })
  @IsString()
  signatureHash!: string;
}

export class TemplateButtonDto {
  @ApiProperty({ enum: BUTTON_TYPES })
  @IsIn(BUTTON_TYPES)
  type!: (typeof BUTTON_TYPES)[number];

  @ApiProperty({ maxLength: 25, example: 'Contact Us' })
  @IsString()
  text!: string;

  @ApiPropertyOptional({ description: 'PHONE_NUMBER only. E.164.', example: '+441123456789' })
  @IsOptional()
  @IsString()
  phoneNumber?: string;

  @ApiPropertyOptional({
    description: 'URL only. May end in {{1}}; then it is the first button.',
    example: 'https://shop.example/orders/{{1}}',
  })
  @IsOptional()
  @IsString()
  url?: string;

  @ApiPropertyOptional({
    description: 'URL with {{1}} only: the whole address with a value in its place.',
    example: 'https://shop.example/orders/A-17',
  })
  @IsOptional()
  @IsString()
  example?: string;
}

export class TemplateLanguageDto {
  @ApiProperty({ example: 'en', description: 'A code of the WhatsApp language table.' })
  @IsString()
  @Length(2, 10)
  language!: string;

  @ApiPropertyOptional({
    default: false,
    description: 'AUTHENTICATION. Adds “For your security, do not share this code.” in the language.',
  })
  @IsOptional()
  @IsBoolean()
  addSecurityRecommendation?: boolean;

  @ApiPropertyOptional({
    minimum: 1,
    maximum: 90,
    description:
      'AUTHENTICATION. Adds “This code expires in N minutes.”; must equal the lifetime of the generators that use it.',
  })
  @IsOptional()
  @IsInt()
  codeExpirationMinutes?: number;

  @ApiPropertyOptional({
    enum: OTP_TYPES,
    default: 'COPY_CODE',
    description: 'AUTHENTICATION. Who takes the code to your app: the person, one tap of theirs, or nobody.',
  })
  @IsOptional()
  @IsIn(OTP_TYPES)
  otpType?: OtpType;

  @ApiPropertyOptional({ maxLength: 25, description: 'AUTHENTICATION. The channel’s own word otherwise.' })
  @IsOptional()
  @IsString()
  copyCodeButtonText?: string;

  @ApiPropertyOptional({ maxLength: 25, description: 'ONE_TAP and ZERO_TAP.' })
  @IsOptional()
  @IsString()
  autofillButtonText?: string;

  @ApiPropertyOptional({
    type: [SupportedAppDto],
    maxItems: 5,
    description: 'ONE_TAP and ZERO_TAP: the Android apps that may take the code.',
  })
  @IsOptional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => SupportedAppDto)
  supportedApps?: SupportedAppDto[];

  @ApiPropertyOptional({ description: 'ZERO_TAP: true, when you accept WhatsApp’s terms for it.' })
  @IsOptional()
  @IsBoolean()
  zeroTapTermsAccepted?: boolean;

  @ApiPropertyOptional({ maxLength: 60, description: 'UTILITY. Plain text.' })
  @IsOptional()
  @IsString()
  header?: string;

  @ApiPropertyOptional({
    maxLength: 1024,
    description: 'UTILITY. With {{1}}, {{2}} for values; none at either end.',
    example: 'Hi {{1}}, your card has been sent to you today.',
  })
  @IsOptional()
  @IsString()
  body?: string;

  @ApiPropertyOptional({
    type: [String],
    description: 'UTILITY. One for each placeholder.',
    example: ['Nick'],
  })
  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  samples?: string[];

  @ApiPropertyOptional({ maxLength: 60, description: 'UTILITY.' })
  @IsOptional()
  @IsString()
  footer?: string;

  @ApiPropertyOptional({ type: [TemplateButtonDto], maxItems: 10, description: 'UTILITY.' })
  @IsOptional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => TemplateButtonDto)
  buttons?: TemplateButtonDto[];

  @ApiPropertyOptional({
    description:
      'Seconds the provider tries to deliver: 30 to 900 (UTILITY: to 43200), or -1 for as long as it can. The minutes of the footer otherwise.',
  })
  @IsOptional()
  @IsInt()
  ttlSeconds?: number;
}

export class PreviewTemplateDto {
  @ApiProperty(ACCOUNT)
  @IsString()
  account!: string;

  @ApiProperty({ enum: TEMPLATE_CATEGORIES })
  @IsIn(TEMPLATE_CATEGORIES, {
    message: 'category must be AUTHENTICATION or UTILITY: codes go out in AUTHENTICATION templates only',
  })
  category!: TemplateCategory;

  @ApiProperty({ type: [TemplateLanguageDto] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(20)
  @ValidateNested({ each: true })
  @Type(() => TemplateLanguageDto)
  languages!: TemplateLanguageDto[];
}

export class CreateTemplateDto extends PreviewTemplateDto {
  @ApiProperty({ example: 'login_code' })
  @IsString()
  @Length(1, 512)
  name!: string;
}

export class EditTemplateDto {
  @ApiProperty({
    type: [TemplateLanguageDto],
    description: 'Each replaces what the template says in it, as a whole; one that is new is added.',
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(20)
  @ValidateNested({ each: true })
  @Type(() => TemplateLanguageDto)
  languages!: TemplateLanguageDto[];
}

const META_COMPONENTS = [
  { type: 'BODY', add_security_recommendation: true },
  { type: 'FOOTER', code_expiration_minutes: 5 },
  { type: 'BUTTONS', buttons: [{ type: 'OTP', otp_type: 'COPY_CODE', text: 'Copy Code' }] },
];

/** The body of Graph's `message_templates` and of 360dialog's `configs/templates`. */
export class ImportTemplateDto {
  @ApiProperty({ example: 'login_code' })
  @IsString()
  @Length(1, 512)
  name!: string;

  @ApiProperty({ example: 'en_US' })
  @IsString()
  @Length(2, 10)
  language!: string;

  @ApiProperty({ example: 'AUTHENTICATION', description: 'AUTHENTICATION or UTILITY, in either case.' })
  @IsString()
  @Length(1, 40)
  category!: string;

  @ApiProperty({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    example: META_COMPONENTS,
    description: 'BODY, FOOTER, BUTTONS and, of UTILITY, HEADER.',
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(4)
  components!: unknown[];

  @ApiPropertyOptional({ description: 'Our ttlSeconds.' })
  @IsOptional()
  @IsInt()
  message_send_ttl_seconds?: number;

  @ApiPropertyOptional({ enum: ['POSITIONAL'] })
  @IsOptional()
  @IsIn(['POSITIONAL'], { message: 'parameter_format must be POSITIONAL: placeholders have numbers here' })
  parameter_format?: 'POSITIONAL';

  @ApiPropertyOptional({ description: 'Taken and ignored, as Meta does.' })
  @IsOptional()
  @IsBoolean()
  allow_category_change?: boolean;
}

export class ImportQuery {
  @ApiProperty(ACCOUNT)
  @IsString()
  @Length(1, 40)
  account!: string;
}

export class AdoptTemplatesDto {
  @ApiProperty({ ...ACCOUNT, description: 'Provider account to look at.' })
  @IsString()
  account!: string;
}

export class ListTemplatesDto {
  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @Matches(/^[a-z0-9_]{1,512}$/)
  name?: string;
}

export class PreviewQuery {
  @ApiPropertyOptional({ description: 'This language alone.', example: 'en' })
  @IsOptional()
  @IsString()
  @Length(2, 10)
  language?: string;
}

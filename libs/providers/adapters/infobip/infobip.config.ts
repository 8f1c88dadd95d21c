import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  Contains,
  IsArray,
  IsBoolean,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  IsUrl,
  Length,
  Matches,
  Min,
  registerDecorator,
  ValidateIf,
  ValidateNested,
} from 'class-validator';

/** A sender's approved KakaoTalk Alimtalk template. */
class KakaoSettings {
  @ApiProperty({ description: 'Code of the approved template.' })
  @IsString()
  @Length(1, 30)
  templateCode!: string;

  @ApiProperty({
    description: 'The approved text, letter for letter, with {code} where its variable stands.',
    example: 'Your code is {code}.',
  })
  @IsString()
  @Length(6, 1000)
  @Contains('{code}', { message: 'text must hold {code}' })
  text!: string;
}

/** A template of the Zalo Notification Service. */
class ZaloSettings {
  @ApiProperty({ description: 'Id of the approved template, an integer.' })
  @IsInt()
  @Min(1)
  templateId!: number;

  @ApiProperty({ description: 'Name of its variable that takes the code.', example: 'otp' })
  @IsString()
  @Matches(/^\w{1,50}$/, { message: 'codeParameter must be letters, digits and underscores' })
  codeParameter!: string;
}

class ViberSettings {
  @ApiProperty({
    required: false,
    description: 'Id of an approved OTP template, whose `pin` takes the code. Without it the text is sent.',
  })
  @IsOptional()
  @IsString()
  @Length(1, 100)
  templateId?: string;

  @ApiProperty({ required: false, description: 'Language of that template.', example: 'en' })
  @IsOptional()
  @Matches(/^[a-z]{2,3}([_-][A-Za-z]{2,4})?$/, { message: 'language must look like en' })
  language?: string;
}

class VoiceSettings {
  @ApiProperty({ description: 'Language that the text is read in.', example: 'en' })
  @Matches(/^[a-z]{2,3}([_-][A-Za-z]{2,4})?$/, { message: 'language must look like en' })
  language!: string;

  @ApiProperty({ required: false, description: 'Name of one of Infobip’s voices.', example: 'Joanna' })
  @IsOptional()
  @IsString()
  @Length(1, 50)
  voiceName?: string;
}

/** Two ways to authenticate would leave open which one is meant. */
function IsOnlyCredential(): PropertyDecorator {
  return (target, propertyName) =>
    registerDecorator({
      name: 'isOnlyCredential',
      target: target.constructor,
      propertyName: String(propertyName),
      validator: {
        validate: (_key, { object } = {} as never) => {
          const { apiKey, username, password } = object as InfobipConfig;
          return apiKey !== undefined && username === undefined && password === undefined;
        },
        defaultMessage: () => 'apiKey, or username and password, must be given, and not both',
      },
    });
}

const basicIsMeant = ({ username, password }: InfobipConfig): boolean =>
  username !== undefined || password !== undefined;

/** What an account at Infobip needs; the settings of a channel only when it is used. */
export class InfobipConfig {
  @ApiProperty({
    description: 'The account’s own base URL. https when it names no scheme; a path may follow.',
    example: 'https://xyz1ab.api.infobip.com',
  })
  @IsUrl({
    require_tld: false,
    protocols: ['http', 'https'],
    disallow_auth: true,
    allow_query_components: false,
    allow_fragments: false,
  })
  baseUrl!: string;

  @ApiProperty({ required: false, description: 'API key; or username and password.' })
  @ValidateIf((config: InfobipConfig) => config.apiKey !== undefined || !basicIsMeant(config))
  @IsOnlyCredential()
  @Matches(/^[\x21-\x7e]{8,500}$/, { message: 'apiKey must be 8 to 500 visible ASCII characters' })
  apiKey?: string;

  @ApiProperty({ required: false })
  @ValidateIf(basicIsMeant)
  @Matches(/^[^:\p{Cc}]{1,200}$/u, { message: 'username must be 1 to 200 characters without a colon' })
  username?: string;

  @ApiProperty({ required: false })
  @ValidateIf(basicIsMeant)
  @Matches(/^\P{Cc}{1,500}$/u, { message: 'password must be 1 to 500 characters' })
  password?: string;

  @ApiProperty({
    required: false,
    default: 'authorization',
    description: 'The header that Infobip was told to put on what it posts to the webhook.',
  })
  @IsOptional()
  @Matches(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, { message: 'webhookHeader must be the name of a header' })
  webhookHeader?: string;

  @ApiProperty({
    type: [String],
    description: 'The whole value of that header; two while it is being rotated.',
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(2)
  @IsString({ each: true })
  @Matches(/^[\x21-\x7e](?:[\x20-\x7e]{6,198}[\x21-\x7e])$/, {
    each: true,
    message: 'each value in webhookSecrets must be 8 to 200 printable ASCII characters',
  })
  webhookSecrets!: string[];

  @ApiProperty({
    required: false,
    default: true,
    description:
      'False leaves the webhook out of messages: reports then come by the subscription at Infobip.',
  })
  @IsOptional()
  @IsBoolean()
  webhookPerMessage?: boolean;

  @ApiProperty({
    required: false,
    description: 'WhatsApp sender whose templates are kept, digits. Needed to create templates.',
  })
  @IsOptional()
  @Matches(/^\d{5,24}$/, { message: 'whatsappSender must be 5 to 24 digits' })
  whatsappSender?: string;

  @ApiProperty({ required: false, type: KakaoSettings })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => KakaoSettings)
  kakao?: KakaoSettings;

  @ApiProperty({ required: false, type: ZaloSettings })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ZaloSettings)
  zalo?: ZaloSettings;

  @ApiProperty({ required: false, type: ViberSettings })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ViberSettings)
  viber?: ViberSettings;

  @ApiProperty({ required: false, type: VoiceSettings })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => VoiceSettings)
  voice?: VoiceSettings;
}

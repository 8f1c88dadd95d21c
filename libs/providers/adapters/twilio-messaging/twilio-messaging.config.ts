import { ApiProperty } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsOptional,
  IsString,
  IsUrl,
  Length,
  Matches,
  ValidateIf,
} from 'class-validator';

/** What an account at Twilio needs. */
export class TwilioMessagingConfig {
  @ApiProperty({
    required: false,
    default: 'https://api.twilio.com',
    description: 'Origin of the API; that of a region where the account is in one.',
  })
  @IsOptional()
  @IsUrl({ require_tld: false, require_protocol: true, protocols: ['http', 'https'] })
  baseUrl?: string;

  @ApiProperty({ description: 'Account SID: AC and 32 hexadecimal digits.' })
  @IsString()
  @Matches(/^AC[0-9a-f]{32}$/, { message: 'accountSid must be AC and 32 hexadecimal digits' })
  accountSid!: string;

  @ApiProperty({
    type: [String],
    description: 'Auth token, which signs webhooks; two while it is being rotated, the one in use first.',
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(2)
  @IsString({ each: true })
  @Length(8, 200, { each: true })
  @Matches(/^[\x21-\x7e]+$/, { each: true, message: 'authTokens must be visible ASCII' })
  authTokens!: string[];

  @ApiProperty({
    required: false,
    description:
      'API key SID. With it requests are made under the key; webhooks stay signed by the auth token.',
  })
  @ValidateIf(
    ({ apiKeySid, apiKeySecret }: TwilioMessagingConfig) => (apiKeySid ?? apiKeySecret) !== undefined,
  )
  @Matches(/^SK[0-9a-f]{32}$/, {
    message: 'apiKeySid must be SK and 32 hexadecimal digits, with apiKeySecret',
  })
  apiKeySid?: string;

  @ApiProperty({ required: false })
  @ValidateIf(
    ({ apiKeySid, apiKeySecret }: TwilioMessagingConfig) => (apiKeySid ?? apiKeySecret) !== undefined,
  )
  @Matches(/^[\x21-\x7e]{8,200}$/, {
    message: 'apiKeySecret must be 8 to 200 visible ASCII characters, with apiKeySid',
  })
  apiKeySecret?: string;

  @ApiProperty({
    required: false,
    description: 'Content template of WhatsApp messages: HX and 32 hexadecimal digits. WhatsApp needs it.',
  })
  @IsOptional()
  @Matches(/^HX[0-9a-f]{32}$/, { message: 'whatsappContentSid must be HX and 32 hexadecimal digits' })
  whatsappContentSid?: string;

  @ApiProperty({
    required: false,
    default: '1',
    description: 'Name of the variable of that template which takes the code.',
  })
  @IsOptional()
  @Matches(/^\w{1,16}$/, { message: 'whatsappCodeVariable must be 1 to 16 letters, digits or underscores' })
  whatsappCodeVariable?: string;
}

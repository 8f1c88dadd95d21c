import { ApiProperty } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsOptional,
  IsString,
  IsUrl,
  Length,
  Matches,
} from 'class-validator';

export const CODE_OWNERS = ['countersign', 'telegram'] as const;

/** What an account of the Telegram Gateway needs. */
export class TelegramGatewayConfig {
  @ApiProperty({
    required: false,
    default: 'https://gatewayapi.telegram.org',
    description: 'Origin of the Gateway API.',
  })
  @IsOptional()
  @IsUrl({ require_tld: false, require_protocol: true, protocols: ['http', 'https'] })
  baseUrl?: string;

  @ApiProperty({
    type: [String],
    description:
      'Access token of the Gateway account, which signs reports as well; two while it is being exchanged, the one in use first.',
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(2)
  @IsString({ each: true })
  @Length(8, 200, { each: true })
  @Matches(/^[\x21-\x7e]+$/, { each: true, message: 'accessTokens must be visible ASCII' })
  accessTokens!: string[];

  @ApiProperty({
    required: false,
    enum: CODE_OWNERS,
    default: 'countersign',
    description:
      'Who makes the code. telegram: Telegram makes one of the same length, and has to be asked about answers.',
  })
  @IsOptional()
  @IsIn(CODE_OWNERS)
  codeOwner?: (typeof CODE_OWNERS)[number];
}

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
} from 'class-validator';

/** What a WhatsApp Business Account at Meta needs. */
export class MetaCloudConfig {
  @ApiProperty({
    required: false,
    default: 'https://graph.facebook.com',
    description: 'Origin of the Graph API.',
  })
  @IsOptional()
  @IsUrl({ require_tld: false, require_protocol: true, protocols: ['http', 'https'] })
  baseUrl?: string;

  @ApiProperty({ required: false, default: 'v25.0' })
  @IsOptional()
  @Matches(/^v\d{2}\.0$/, { message: 'graphVersion must look like v25.0' })
  graphVersion?: string;

  @ApiProperty({ description: 'WhatsApp Business Account id, digits.' })
  @IsString()
  @Matches(/^\d{5,20}$/, { message: 'wabaId must be 5 to 20 digits' })
  wabaId!: string;

  @ApiProperty({
    description: 'System user token with whatsapp_business_messaging and whatsapp_business_management.',
  })
  @IsString()
  @Length(10, 1000)
  @Matches(/^[\x21-\x7e]+$/, { message: 'accessToken must be visible ASCII' })
  accessToken!: string;

  @ApiProperty({
    type: [String],
    description: 'App secret that signs webhooks; two while it is being rotated.',
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(2)
  @IsString({ each: true })
  @Length(8, 200, { each: true })
  appSecrets!: string[];

  @ApiProperty({ required: false, description: 'Token of the webhook handshake; made for you when absent.' })
  @IsOptional()
  @IsString()
  @Length(8, 200)
  verifyToken?: string;
}

import { ApiProperty } from '@nestjs/swagger';
import {
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  Min,
  registerDecorator,
} from 'class-validator';

export type SmtpSecurity = 'tls' | 'starttls' | 'none';

/** A name that only this machine or its container network can resolve, so that nobody else carries the connection. */
const NEAR_HOST = /^(?:127(?:\.\d{1,3}){3}|::1|[a-z0-9-]+)$/i;

/** Codes and passwords travel in clear under `none`: never to a host on the internet. */
function IsSafeSecurity(): PropertyDecorator {
  return (target, propertyName) =>
    registerDecorator({
      name: 'isSafeSecurity',
      target: target.constructor,
      propertyName: String(propertyName),
      validator: {
        validate: (security, { object } = {} as never) =>
          security !== 'none' || NEAR_HOST.test(String((object as SmtpConfig).host)),
        defaultMessage: () => 'security none is for 127.0.0.1 and names without a dot only',
      },
    });
}

/** What a mail server needs. */
export class SmtpConfig {
  @ApiProperty({ description: 'Name or address of the mail server.', example: 'smtp.example.com' })
  @IsString()
  @Matches(/^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|[0-9a-f:]{2,45})$/i, {
    message: 'host must be a host name or an IP address',
  })
  host!: string;

  @ApiProperty({ description: '465 for tls, 587 for starttls.', example: 587 })
  @IsInt()
  @Min(1)
  @Max(65_535)
  port!: number;

  @ApiProperty({
    enum: ['tls', 'starttls', 'none'],
    description: 'tls: from the first byte. starttls: nothing is sent before the connection is encrypted.',
  })
  @IsIn(['tls', 'starttls', 'none'])
  @IsSafeSecurity()
  security!: SmtpSecurity;

  @ApiProperty({ required: false })
  @IsOptional()
  @IsString()
  @Length(1, 320)
  @Matches(/^\P{Cc}+$/u, { message: 'username must not hold control characters' })
  username?: string;

  @ApiProperty({ required: false })
  @IsOptional()
  @IsString()
  @Length(1, 500)
  @Matches(/^\P{Cc}+$/u, { message: 'password must not hold control characters' })
  password?: string;

  @ApiProperty({
    required: false,
    description: 'Name shown beside the sender’s address.',
    example: 'Example',
  })
  @IsOptional()
  @IsString()
  @Length(1, 78)
  @Matches(/^[^\p{Cc}\p{Cf}]+$/u, { message: 'fromName must not hold control or format characters' })
  fromName?: string;

  @ApiProperty({
    required: false,
    description: 'PEM of the authority that signed the server’s certificate, when it is not a public one.',
  })
  @IsOptional()
  @IsString()
  @Length(50, 20_000)
  @Matches(/^-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s-]+-----END CERTIFICATE-----\s*$/, {
    message: 'ca must be certificates in PEM',
  })
  ca?: string;
}

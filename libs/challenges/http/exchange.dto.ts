import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, Matches, MaxLength } from 'class-validator';

const VERIFIER = /^[A-Za-z0-9._~-]{43,128}$/;
const VERIFIER_RULE = {
  message: 'codeVerifier must be 43 to 128 letters, digits, dots, dashes, underscores or tildes',
};
const EXAMPLE = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';

export class IssueExchangeDto {
  @ApiProperty({
    description: 'What the S256 of pkce was made of. Of the browser that asked.',
    example: EXAMPLE,
  })
  @IsString()
  @Matches(VERIFIER, VERIFIER_RULE)
  codeVerifier!: string;
}

export class RedeemExchangeDto {
  @ApiProperty({ example: 'chl_0123456789abcdefghjkmnpqrs.Jk0Yc2V2ZW50ZWVuIGJ5dA' })
  @IsString()
  @MaxLength(100)
  token!: string;

  @ApiPropertyOptional({ description: 'Where the challenge was opened with pkce.', example: EXAMPLE })
  @IsOptional()
  @IsString()
  @Matches(VERIFIER, VERIFIER_RULE)
  codeVerifier?: string;
}

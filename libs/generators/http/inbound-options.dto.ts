import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsOptional, IsString, Length } from 'class-validator';
import { INBOUND_PURPOSES, type InboundPurpose, MOST_CONSENT_TEXT } from '../inbound-options.js';

export class InboundOptionsDto {
  @ApiProperty({
    enum: INBOUND_PURPOSES,
    description:
      'login: the person who sends the code and picks the number on the page is signed in. consent: who sends it and says yes has agreed to consentText.',
  })
  @IsIn(INBOUND_PURPOSES)
  purpose!: InboundPurpose;

  @ApiProperty({
    required: false,
    description: 'What people agree to, word for word. It is kept with each consent.',
    example: 'The shop may write to me about offers, at most once a week.',
  })
  @IsOptional()
  @IsString()
  @Length(1, MOST_CONSENT_TEXT)
  consentText?: string;

  @ApiProperty({
    required: false,
    default: true,
    description:
      'Of the purpose consent: whether the person is asked once more in the chat. Without it the code alone says yes, so the text must be read before it is sent.',
  })
  @IsOptional()
  @IsBoolean()
  confirmInChat?: boolean;
}

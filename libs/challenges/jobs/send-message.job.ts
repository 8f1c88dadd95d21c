import { Equals, IsString, Matches } from 'class-validator';

/** The payload of a send job: an id, and the version of this shape. Never a code, a number or a body. */
export class SendMessageJobDto {
  @Equals(1)
  v!: 1;

  @IsString()
  @Matches(/^[0-9a-z]{26}$/)
  messageId!: string;
}

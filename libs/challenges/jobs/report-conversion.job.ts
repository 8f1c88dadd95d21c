import { Equals, IsString, Matches } from 'class-validator';

/** The payload of a report: the message that was answered. */
export class ReportConversionJobDto {
  @Equals(1)
  v!: 1;

  @IsString()
  @Matches(/^[0-9a-z]{26}$/)
  messageId!: string;
}

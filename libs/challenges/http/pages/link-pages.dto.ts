import { IsIn, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { FORM } from './link-page.js';

const FORM_RULE = { message: 'form must be the one of the page' };

export class LinkAnswerDto {
  @IsString()
  @Matches(FORM, FORM_RULE)
  form!: string;

  @IsIn(['approve', 'deny'])
  answer!: 'approve' | 'deny';

  @IsOptional()
  @IsString()
  @MaxLength(16)
  number?: string;
}

export class ContinueDto {
  @IsString()
  @Matches(FORM, FORM_RULE)
  form!: string;
}

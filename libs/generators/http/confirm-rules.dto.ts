import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  Max,
  Min,
} from 'class-validator';
import { Satisfies } from '#platform/validation';
import {
  type ConfirmRules,
  DEFAULT_CONFIRM_RULES,
  MOST_ASKED_AGAIN,
  QUESTION_PARAMETERS,
  type QuestionParameter,
} from '../confirm-rules.js';

const LANGUAGE = /^[a-z]{2,3}(_[A-Z]{2})?$/;
const MOST_LANGUAGES = 20;

/** What the options of a question look like; what they may say together is judged with the rest of the generator. */
export class ConfirmRulesDto {
  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: { type: 'string', maxLength: 600 },
    description:
      'The question by language, where text is carried: plain text with {{minutes}}, {{1}} to {{9}} for values and, for transactions, {{amount}}, {{currency}} and {{payee}}. How to answer is added.',
    example: { en: 'Did you pay {{amount}} {{currency}} to {{payee}}?' },
  })
  @IsOptional()
  @Satisfies(isWording, {
    code: 'wording',
    message: `wording must be an object of 1 to ${MOST_LANGUAGES} texts, each named by its language, as es or es_MX`,
  })
  wording?: Record<string, string>;

  @ApiProperty({
    required: false,
    enum: QUESTION_PARAMETERS,
    isArray: true,
    default: [],
    description:
      'What fills {{1}}, {{2}}, … of templates, in order. Placeholders after them take the values of the challenge.',
    example: ['amount', 'currency', 'payee'],
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(QUESTION_PARAMETERS.length)
  @ArrayUnique()
  @IsIn(QUESTION_PARAMETERS, { each: true })
  parameters?: QuestionParameter[];

  @ApiProperty({
    required: false,
    minimum: 0,
    maximum: MOST_ASKED_AGAIN,
    default: DEFAULT_CONFIRM_RULES.askAgain,
    description: 'How often a reply that is neither yes nor no is answered by asking again.',
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MOST_ASKED_AGAIN)
  askAgain?: number;

  @ApiProperty({
    required: false,
    default: DEFAULT_CONFIRM_RULES.expectsAnswer,
    description:
      'False for a message that only tells: its template has no quick replies, and no reply to it is an answer.',
  })
  @IsOptional()
  @IsBoolean()
  expectsAnswer?: boolean;
}

export function toConfirmRules(dto: ConfirmRulesDto | undefined): ConfirmRules {
  return {
    wording: dto?.wording,
    parameters: dto?.parameters ?? DEFAULT_CONFIRM_RULES.parameters,
    askAgain: dto?.askAgain ?? DEFAULT_CONFIRM_RULES.askAgain,
    expectsAnswer: dto?.expectsAnswer ?? DEFAULT_CONFIRM_RULES.expectsAnswer,
  };
}

function isWording(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const entries = Object.entries(value);
  return (
    entries.length >= 1 &&
    entries.length <= MOST_LANGUAGES &&
    entries.every(([language, text]) => LANGUAGE.test(language) && typeof text === 'string')
  );
}

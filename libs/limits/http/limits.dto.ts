import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { definitionOf, LIMIT_IDS, LIMIT_MODES, type LimitId, type LimitMode } from '../catalogue.js';
import type { LimitEventEntity } from '../limit.entity.js';
import { type Budget, type LimitOverrides, toPolicy } from '../limit-policy.js';
import {
  COMPARISONS,
  type ScoreCondition,
  type ScorePolicy,
  type ScoreRule,
  SIGNALS,
} from '../score-rules.js';

export class LimitOverrideDto {
  @ApiProperty({ enum: LIMIT_IDS, example: 'sends.ip' })
  @IsIn(LIMIT_IDS)
  limit!: LimitId;

  @ApiPropertyOptional({
    enum: LIMIT_MODES,
    description: 'shadow: it is told what would have been refused, and nothing is.',
  })
  @IsOptional()
  @IsIn(LIMIT_MODES)
  mode?: LimitMode;

  @ApiPropertyOptional({ type: [Number], description: 'One number per window, in the catalogue’s order.' })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(3)
  @IsInt({ each: true })
  @Min(1, { each: true })
  most?: number[];
}

export class BudgetDto implements Budget {
  @ApiPropertyOptional({ description: 'One channel; all together when absent.', example: 'whatsapp' })
  @IsOptional()
  @IsString()
  @Matches(/^[a-z]{2,16}$/)
  channel?: string;

  @ApiProperty({ enum: ['day', 'month'], description: 'Of UTC.' })
  @IsIn(['day', 'month'])
  period!: 'day' | 'month';

  @ApiProperty({ enum: ['messages', 'money'] })
  @IsIn(['messages', 'money'])
  unit!: 'messages' | 'money';

  @ApiPropertyOptional({ description: 'ISO 4217; of money.', example: 'USD' })
  @IsOptional()
  @IsString()
  @Matches(/^[A-Z]{3}$/)
  currency?: string;

  @ApiProperty({ minimum: 1, description: 'Messages, or millionths of the currency.' })
  @IsInt()
  @Min(1)
  @Max(1_000_000_000_000)
  most!: number;

  @ApiPropertyOptional({
    description: 'Of money: millionths that a message is taken to cost when its price is not known.',
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(1_000_000_000)
  assumedMicros?: number;
}

export class ScoreConditionDto implements ScoreCondition {
  @ApiProperty({ enum: SIGNALS })
  @IsIn(SIGNALS)
  signal!: (typeof SIGNALS)[number];

  @ApiProperty({ enum: COMPARISONS })
  @IsIn(COMPARISONS)
  is!: (typeof COMPARISONS)[number];

  @ApiPropertyOptional({ type: [String] })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(500)
  @IsString({ each: true })
  @Length(1, 256, { each: true })
  values?: string[];
}

export class ScoreRuleDto implements ScoreRule {
  @ApiProperty({ example: 'emulator' })
  @IsString()
  @Matches(/^[a-z0-9_]{1,40}$/)
  name!: string;

  @ApiProperty({ minimum: -1000, maximum: 1000, description: 'Negative points speak for the request.' })
  @IsInt()
  @Min(-1_000)
  @Max(1_000)
  points!: number;

  @ApiProperty({ type: [ScoreConditionDto], description: 'All of them must hold.' })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(10)
  @ValidateNested({ each: true })
  @Type(() => ScoreConditionDto)
  when!: ScoreConditionDto[];
}

export class ScorePolicyDto implements ScorePolicy {
  @ApiProperty({ minimum: 1, maximum: 1000, description: 'From this many points on a request is refused.' })
  @IsInt()
  @Min(1)
  @Max(1_000)
  denyAt!: number;

  @ApiProperty({ type: [ScoreRuleDto] })
  @IsArray()
  @ArrayMaxSize(50)
  @ValidateNested({ each: true })
  @Type(() => ScoreRuleDto)
  rules!: ScoreRuleDto[];
}

/** What is left out is as in the catalogue again. */
export class SaveLimitsDto implements LimitOverrides {
  @ApiPropertyOptional({ type: [LimitOverrideDto] })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(50)
  @ValidateNested({ each: true })
  @Type(() => LimitOverrideDto)
  limits?: LimitOverrideDto[];

  @ApiPropertyOptional({
    type: [String],
    description: 'Countries that may be called; none when absent.',
    example: ['MX'],
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(250)
  @IsString({ each: true })
  @Matches(/^[A-Z]{2}$/, { each: true })
  voiceCountries?: string[];

  @ApiPropertyOptional({ type: [BudgetDto] })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(20)
  @ValidateNested({ each: true })
  @Type(() => BudgetDto)
  budgets?: BudgetDto[];

  @ApiPropertyOptional({ type: ScorePolicyDto })
  @IsOptional()
  @ValidateNested()
  @Type(() => ScorePolicyDto)
  score?: ScorePolicyDto;
}

/** Every limit as it holds, with what the platform allows. */
export function toLimitsView(overrides: LimitOverrides): object {
  const policy = toPolicy(overrides);
  return {
    limits: LIMIT_IDS.map((id) => ({
      limit: id,
      requirement: definitionOf(id).requirement,
      counts: definitionOf(id).counts,
      mode: policy.modes[id],
      windows: policy.windows[id].map(({ most, seconds, maximum }) => ({ most, seconds, maximum })),
      changeable: definitionOf(id).fixed !== true,
    })),
    voiceCountries: [...policy.voiceCountries],
    budgets: policy.budgets,
    ...(policy.score && { score: policy.score }),
  };
}

export function toLimitEventView({ id, at, type, times, data }: LimitEventEntity): object {
  return { id, at: at.toISOString(), type, times, data };
}

import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import type { LanguageInput, TemplateEntity } from '#templates';
import { type FieldError, Problem } from '#platform/errors';

type Content = TemplateEntity['languages'][number]['content'];

/** The three languages of the dialect, and the code WhatsApp knows each under: it has no plain `pt`. */
const LANGUAGES: Record<string, string> = {
  en: 'en',
  en_US: 'en_US',
  es: 'es',
  es_MX: 'es_MX',
  pt: 'pt_BR',
  pt_BR: 'pt_BR',
};

class ButtonDto {
  @ApiProperty({ enum: ['OTP'] })
  @IsIn(['OTP'])
  type!: 'OTP';

  @ApiProperty({ enum: ['COPY_CODE'] })
  @IsIn(['COPY_CODE'])
  otp_type!: 'COPY_CODE';

  @ApiProperty({ maxLength: 25, example: 'Copy Code' })
  @IsString()
  @Length(1, 25)
  text!: string;
}

class ComponentDto {
  @ApiProperty({ enum: ['BODY', 'FOOTER', 'BUTTONS'] })
  @IsIn(['BODY', 'FOOTER', 'BUTTONS'])
  type!: 'BODY' | 'FOOTER' | 'BUTTONS';

  /** Spelled with one m, as the documented calls spell it. The right spellings are taken too. */
  @ApiPropertyOptional({ description: 'BODY only. Spelled with one m.' })
  @IsOptional()
  @IsBoolean()
  securityRecomendation?: boolean;

  @IsOptional()
  @IsBoolean()
  securityRecommendation?: boolean;

  @IsOptional()
  @IsBoolean()
  add_security_recommendation?: boolean;

  @ApiPropertyOptional({ description: 'FOOTER only.', minimum: 1, maximum: 90 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(90)
  expirationMinutes?: number;

  @ApiPropertyOptional({ type: [ButtonDto], description: 'BUTTONS only; exactly one.' })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(1)
  @ValidateNested({ each: true })
  @Type(() => ButtonDto)
  buttons?: ButtonDto[];
}

class MessangiTemplateLanguageDto {
  @ApiProperty({ enum: Object.keys(LANGUAGES) })
  @IsIn(Object.keys(LANGUAGES), { message: 'language must be en, es or pt (or en_US, es_MX, pt_BR)' })
  language!: string;

  @ApiProperty({ type: [ComponentDto] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(3)
  @ValidateNested({ each: true })
  @Type(() => ComponentDto)
  components!: ComponentDto[];
}

export class CreateMessangiTemplateDto {
  @ApiProperty({ example: 'elipackage_authentication' })
  @IsString()
  @Length(1, 512)
  name!: string;

  @ApiProperty({ enum: ['AUTHENTICATION'] })
  @IsIn(['AUTHENTICATION'])
  category!: 'AUTHENTICATION';

  @ApiProperty({ type: [MessangiTemplateLanguageDto] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(6)
  @ValidateNested({ each: true })
  @Type(() => MessangiTemplateLanguageDto)
  templateLanguages!: MessangiTemplateLanguageDto[];
}

/** Exactly one of the two: the account by its WhatsApp Business Account, or by one of its senders. */
export class TemplateOwnerQuery {
  @ApiPropertyOptional({ description: 'WhatsApp Business Account id. Either this or senderId.' })
  @IsOptional()
  @IsString()
  @Matches(/^\d{5,20}$/, { message: 'wabaId must be 5 to 20 digits' })
  wabaId?: string;

  @ApiPropertyOptional({ description: 'Id or address of a sender. Either this or wabaId.' })
  @IsOptional()
  @IsString()
  @MaxLength(100)
  senderId?: string;

  @ApiPropertyOptional({ description: 'On GET: only the template of this name.' })
  @IsOptional()
  @IsString()
  @Matches(/^[a-z0-9_]{1,512}$/)
  name?: string;
}

export function readOwner({
  wabaId,
  senderId,
}: TemplateOwnerQuery): { wabaId: string } | { senderId: string } {
  if (wabaId !== undefined && senderId === undefined) return { wabaId };
  if (senderId !== undefined && wabaId === undefined) return { senderId };
  throw new Problem('request.invalid_parameter', {
    detail: 'Give exactly one of wabaId and senderId.',
    errors: [
      { pointer: 'wabaId', code: 'exactly_one_of' },
      { pointer: 'senderId', code: 'exactly_one_of' },
    ],
  });
}

/** The dialect's components as our switches; throws naming the component that is missing, repeated or misplaced. */
export function toLanguages(dto: CreateMessangiTemplateDto): LanguageInput[] {
  return dto.templateLanguages.map(({ language, components }, index) => {
    const at = `#/templateLanguages/${index}/components`;
    const errors: FieldError[] = [];
    const only = (type: ComponentDto['type'], needed: boolean): ComponentDto | undefined => {
      const found = components.filter((component) => component.type === type);
      if (found.length > 1)
        errors.push({ pointer: at, code: 'not_unique', detail: `only one ${type} component is allowed` });
      if (found.length === 0 && needed)
        errors.push({ pointer: at, code: 'required', detail: `a ${type} component is required` });
      return found[0];
    };
    const [body, footer, buttons] = [only('BODY', true), only('FOOTER', false), only('BUTTONS', true)];
    components.forEach((component, position) => errors.push(...misplaced(component, `${at}/${position}`)));
    if (buttons && !buttons.buttons)
      errors.push({
        pointer: `${at}/${components.indexOf(buttons)}/buttons`,
        code: 'required',
        detail: 'buttons is required',
      });
    if (errors.length > 0) throw new Problem('request.invalid', { errors });
    return {
      language: LANGUAGES[language]!,
      addSecurityRecommendation: (body && recommendationOf(body)) ?? false,
      codeExpirationMinutes: footer?.expirationMinutes,
      copyCodeButtonText: buttons?.buttons?.[0]?.text,
    };
  });
}

function misplaced(component: ComponentDto, at: string): FieldError[] {
  const belongs: Record<string, ComponentDto['type']> = {
    securityRecomendation: 'BODY',
    securityRecommendation: 'BODY',
    add_security_recommendation: 'BODY',
    expirationMinutes: 'FOOTER',
    buttons: 'BUTTONS',
  };
  return Object.entries(belongs)
    .filter(([name, type]) => component[name as keyof ComponentDto] !== undefined && component.type !== type)
    .map(([name, type]) => ({
      pointer: `${at}/${name}`,
      code: 'not_allowed',
      detail: `${name} belongs to the ${type} component`,
    }));
}

function recommendationOf(component: ComponentDto): boolean | undefined {
  return (
    component.securityRecomendation ??
    component.securityRecommendation ??
    component.add_security_recommendation
  );
}

/** The component as it was sent, in the documented spelling. */
function echo(component: ComponentDto): object {
  const { type, expirationMinutes, buttons } = component;
  const securityRecomendation = recommendationOf(component);
  return {
    type,
    ...(securityRecomendation !== undefined && { securityRecomendation }),
    ...(expirationMinutes !== undefined && { expirationMinutes }),
    ...(buttons && { buttons: buttons.map((button) => ({ ...button })) }),
  };
}

/** The answer to a creation: what was sent, in its order, with the id of each language. */
export function toCreatedData(
  template: TemplateEntity,
  wabaId: string,
  asked: CreateMessangiTemplateDto,
): object {
  return {
    ...headOf(template, wabaId),
    templateLanguages: asked.templateLanguages.map(({ language, components }) => ({
      id: template.languages.find((entry) => entry.language === LANGUAGES[language])!.externalId,
      language,
      components: components.map(echo),
    })),
  };
}

/** A template as it is known here, with the status of each language. */
export function toListedData(template: TemplateEntity, wabaId: string): object {
  return {
    ...headOf(template, wabaId),
    templateLanguages: template.languages.map(({ externalId, language, status, reason, content }) => ({
      id: externalId,
      language,
      status: status.toUpperCase(),
      ...(reason && { rejectedReason: reason }),
      components: content.category === 'AUTHENTICATION' ? componentsOf(content) : [],
    })),
  };
}

/** In the documented spelling; the members of the two kinds that it does not show are spelled as Meta's. */
function componentsOf(content: Extract<Content, { category: 'AUTHENTICATION' }>): object[] {
  const { codeExpirationMinutes, otpType, copyCodeButtonText, autofillButtonText, supportedApps } = content;
  return [
    { type: 'BODY', securityRecomendation: content.addSecurityRecommendation },
    ...(codeExpirationMinutes === undefined
      ? []
      : [{ type: 'FOOTER', expirationMinutes: codeExpirationMinutes }]),
    {
      type: 'BUTTONS',
      buttons: [
        {
          type: 'OTP',
          otp_type: otpType ?? 'COPY_CODE',
          text: copyCodeButtonText ?? 'Copy code',
          ...(autofillButtonText !== undefined && { autofill_text: autofillButtonText }),
          ...(supportedApps && {
            supported_apps: supportedApps.map(({ packageName, signatureHash }) => ({
              package_name: packageName,
              signature_hash: signatureHash,
            })),
          }),
        },
      ],
    },
  ];
}

/** `wabaId` is a number in the documented answer; one beyond 2^53 stays text, since rounding would name another account. */
function headOf({ name, category }: TemplateEntity, wabaId: string): object {
  const numeric = Number(wabaId);
  return { wabaId: Number.isSafeInteger(numeric) ? numeric : wabaId, name, category };
}

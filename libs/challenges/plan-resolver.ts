import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type ChannelStep, type GeneratorPolicy, GeneratorsService, type StepInput } from '#generators';
import { AccountsService, CARRIED_CHANNELS, type Channel } from '#providers';
import { type TemplateEntity, TemplatesService } from '#templates';
import { type FieldError, Problem } from '#platform/errors';
import type { Identifier } from '#platform/identifiers';

/** Judges a generator's channel plan when it is saved: here senders and templates are known. */
@Injectable()
export class PlanResolver implements OnModuleInit {
  constructor(
    private readonly generators: GeneratorsService,
    private readonly accounts: AccountsService,
    private readonly templates: TemplatesService,
  ) {}

  onModuleInit(): void {
    this.generators.setPlanResolver((tenantId, plan, policy, strict) =>
      this.resolve(tenantId, plan, policy, strict),
    );
  }

  private async resolve(
    tenantId: Identifier,
    plan: readonly StepInput[],
    policy: Omit<GeneratorPolicy, 'plan'>,
    strict: boolean,
  ): Promise<{ plan: ChannelStep[]; warnings: string[] }> {
    const warnings: string[] = [];
    const steps: ChannelStep[] = [];
    for (const [index, step] of plan.entries()) {
      const resolved = await this.resolveStep(tenantId, step, `#/channels/${index}`);
      const contradiction =
        resolved.template &&
        footerContradiction(
          resolved.template,
          resolved.step.language,
          policy.lifeSeconds,
          `#/channels/${index}/template`,
        );
      if (contradiction && strict) throw new Problem('request.invalid', { errors: [contradiction] });
      if (contradiction) warnings.push(contradiction.detail!);
      steps.push(resolved.step);
    }
    return { plan: steps, warnings };
  }

  private async resolveStep(
    tenantId: Identifier,
    input: StepInput,
    at: string,
  ): Promise<{ step: ChannelStep; template?: TemplateEntity }> {
    if (!CARRIED_CHANNELS.includes(input.channel as Channel))
      throw Problem.field(
        `${at.slice(2)}/channel`,
        'not_allowed',
        `channel must be one of ${CARRIED_CHANNELS.join(', ')}`,
      );
    const found = await this.accounts.findSender(tenantId, input.channel as Channel, input.sender);
    if (!found)
      throw Problem.field(
        `${at.slice(2)}/sender`,
        'unknown',
        'no account of yours has this sender on this channel',
      );
    const step = {
      channel: input.channel,
      accountId: found.account.id,
      senderId: found.sender.id,
      senderAddress: input.sender,
      placeholder: input.placeholder,
    };
    if (input.channel === 'email') {
      if (input.template)
        throw Problem.field(`${at.slice(2)}/template`, 'not_allowed', 'an e-mail has no template');
      return { step: { ...step, language: input.language ?? 'en' } };
    }
    if (!input.template) throw Problem.field(`${at.slice(2)}/template`, 'required', 'template is required');
    const { template, language } = await this.findTemplate(tenantId, input.template, input.language);
    if (template.accountId !== found.account.id) {
      throw Problem.field(
        `${at.slice(2)}/template`,
        'not_allowed',
        'the template belongs to another account than the sender',
      );
    }
    if (template.category !== 'AUTHENTICATION')
      throw Problem.field(
        `${at.slice(2)}/template`,
        'not_allowed',
        'a code goes out in AUTHENTICATION templates only',
      );
    if (!template.languages.some((entry) => entry.language === language)) {
      throw Problem.field(`${at.slice(2)}/language`, 'unknown', 'the template has no such language');
    }
    return {
      template,
      step: { ...step, templateId: template.id, language },
    };
  }

  private async findTemplate(
    tenantId: Identifier,
    named: NonNullable<StepInput['template']>,
    wanted: string | undefined,
  ): Promise<{ template: TemplateEntity; language: string }> {
    if ('id' in named) {
      const template = await this.templates.get(tenantId, named.id);
      return { template, language: wanted ?? template.languages[0]!.language };
    }
    const found = await this.templates.findByExternalId(tenantId, named.externalId);
    if (!found) throw new Problem('template.not_found');
    return { template: found.template, language: wanted ?? found.language };
  }
}

/** A message that says "expires in 5 minutes" about a code that lives 15 is wrong to somebody. */
function footerContradiction(
  template: TemplateEntity,
  language: string,
  lifeSeconds: number,
  pointer: string,
): FieldError | undefined {
  const minutes = template.languages.find((entry) => entry.language === language)?.content
    .codeExpirationMinutes;
  if (minutes === undefined || minutes * 60 === lifeSeconds) return undefined;
  return {
    pointer,
    code: 'footer_differs_from_lifetime',
    detail: `the template's footer says ${minutes} minutes, the generator's codes live ${Math.round(lifeSeconds / 6) / 10} minutes`,
  };
}

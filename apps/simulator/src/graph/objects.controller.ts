// Owns the bare routes /{id}, where the id decides what is meant: a template, a
// phone number or a WABA. And debug_token, which says what a token may do.

import { Controller, Get, HttpCode, Param, Post, UseGuards } from '@nestjs/common';
import { GraphAccounts } from './graph-accounts.js';
import { Caller, GraphCaller, GraphGuard } from './graph-caller.js';
import { type GraphParams, Params, requiredText } from './graph-params.js';
import { SenderRegistration } from './sender-registration.js';
import { senderView } from './sender-view.js';
import { templateView } from './template-view.js';
import { TemplatesService } from './templates.service.js';
import { WebhookSubscriptions } from './webhook-subscriptions.js';

const SCOPES = ['whatsapp_business_management', 'whatsapp_business_messaging', 'business_management'];

@Controller(':version')
@UseGuards(GraphGuard)
export class ObjectsController {
  constructor(
    private readonly accounts: GraphAccounts,
    private readonly templates: TemplatesService,
    private readonly registration: SenderRegistration,
    private readonly subscriptions: WebhookSubscriptions,
  ) {}

  @Get('debug_token')
  debugToken(@Params() params: GraphParams) {
    const [account] = this.accounts.visibleTo(requiredText(params, 'input_token'));
    if (!account) {
      const error = { code: 190, message: 'Invalid OAuth access token - Cannot parse access token' };
      return { data: { error, is_valid: false, scopes: [] } };
    }
    // A system user's token that never expires says 0.
    const { appId: app_id, name: application, tokenExpiresAt: expires_at = 0 } = account;
    return {
      data: { app_id, type: 'SYSTEM_USER', application, expires_at, is_valid: true, scopes: SCOPES },
    };
  }

  @Get(':object')
  read(@Caller() caller: GraphCaller, @Param('object') id: string, @Params() params: GraphParams) {
    const template = this.templates.visible(caller, id);
    if (template) return templateView(template, params);
    if (this.accounts.sender(id)) return senderView(caller.sender(id).sender, params);
    const { wabaId, name, namespace } = caller.account(id);
    return { id: wabaId, name, timezone_id: '1', currency: 'USD', message_template_namespace: namespace };
  }

  @Post(':object')
  @HttpCode(200)
  async write(@Caller() caller: GraphCaller, @Param('object') id: string, @Params() params: GraphParams) {
    const template = this.templates.visible(caller, id);
    if (template) this.templates.edit(template, params, caller.version);
    else await this.writeSender(caller, id, params);
    return { success: true };
  }

  private async writeSender(caller: GraphCaller, id: string, params: GraphParams): Promise<void> {
    const { sender } = caller.sender(id);
    if (params.webhook_configuration !== undefined) await this.subscriptions.configureSender(sender, params);
    else this.registration.setPin(sender, params);
  }
}

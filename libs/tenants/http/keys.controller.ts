import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Author } from '#journal';
import { Clock } from '#platform/clock';
import { By, Caller, type Principal, RequireScope } from '../principal.js';
import { type MadeKey, TenantsService } from '../tenants.service.js';
import {
  CreateKeyDto,
  expectWithin,
  readKeyId,
  readKeyInput,
  readOverlapMs,
  RotateKeyDto,
  toKeyView,
} from './key.dto.js';

@ApiTags('keys')
@ApiBearerAuth()
@Controller('v1/keys')
export class KeysController {
  constructor(
    private readonly tenants: TenantsService,
    private readonly clock: Clock,
  ) {}

  @Post()
  @RequireScope('keys:write')
  @ApiOperation({
    summary: 'Make an API key',
    description: 'Its text is in this answer and never again. A hundred keys of a tenant may work at a time.',
  })
  async create(@Caller() caller: Principal, @By() by: Author, @Body() body: CreateKeyDto): Promise<object> {
    const input = readKeyInput(body, this.clock.now());
    expectWithin(caller, input);
    return this.shown(caller, await this.tenants.createKey({ tenantId: caller.tenantId, ...input }, by));
  }

  @Get()
  @RequireScope('keys:read')
  @ApiOperation({
    summary: 'List the API keys, oldest first',
    description: 'Also those that have ended. When each was last used is told to the hour.',
  })
  async list(@Caller() caller: Principal): Promise<object> {
    return { items: (await this.tenants.listKeys(caller.tenantId)).map(toKeyView) };
  }

  @Get(':id')
  @RequireScope('keys:read')
  @ApiOperation({ summary: 'Read an API key, without its text' })
  async get(@Caller() caller: Principal, @Param('id') id: string): Promise<object> {
    return toKeyView(await this.tenants.getKey(caller.tenantId, readKeyId(id)));
  }

  @Post(':id/rotate')
  @HttpCode(200)
  @RequireScope('keys:write')
  @ApiOperation({
    summary: 'Replace an API key by one with the same rights',
    description: 'The old one works on for the overlap, 24 hours unless another is given.',
  })
  async rotate(
    @Caller() caller: Principal,
    @By() by: Author,
    @Param('id') id: string,
    @Body() body: RotateKeyDto,
  ): Promise<object> {
    const rules = {
      overlapMs: readOverlapMs(body),
      allows: (key: { mode: string; scopes: readonly string[] }) => expectWithin(caller, key),
    };
    return this.shown(caller, await this.tenants.rotateKey(caller.tenantId, readKeyId(id), rules, by));
  }

  @Delete(':id')
  @HttpCode(204)
  @RequireScope('keys:write')
  @ApiOperation({ summary: 'Revoke an API key', description: 'No process accepts it after 5 s.' })
  async revoke(@Caller() caller: Principal, @By() by: Author, @Param('id') id: string): Promise<void> {
    await this.tenants.revokeKey(readKeyId(id), by, caller.tenantId);
  }

  private async shown({ tenantId }: Principal, { id, text }: MadeKey): Promise<object> {
    return { ...toKeyView(await this.tenants.getKey(tenantId, id)), key: text };
  }
}

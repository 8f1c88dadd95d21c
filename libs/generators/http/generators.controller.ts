import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Author } from '#journal';
import { By, Caller, type Principal, RequireScope } from '#tenants';
import { Problem } from '#platform/errors';
import { type Identifier, parseNative } from '#platform/identifiers';
import { GeneratorsService } from '../generators.service.js';
import { SaveGeneratorDto, toGeneratorInput, toGeneratorView } from './generator.dto.js';

@ApiTags('generators')
@ApiBearerAuth()
@Controller('v1/generators')
export class GeneratorsController {
  constructor(private readonly generators: GeneratorsService) {}

  @Post()
  @RequireScope('generators:write')
  @ApiOperation({
    summary: 'Create a generator',
    description:
      'It may name a template that is still pending. A template footer whose minutes differ from lifeSeconds is refused.',
  })
  async create(
    @Caller() caller: Principal,
    @By() by: Author,
    @Body() body: SaveGeneratorDto,
  ): Promise<object> {
    const input = toGeneratorInput(body);
    const saved = await this.generators.create(caller.tenantId, input, { strict: true }, by);
    return toGeneratorView(saved.generator, saved.warnings);
  }

  @Get()
  @RequireScope('generators:read')
  @ApiOperation({ summary: 'List generators, newest first' })
  async list(@Caller() caller: Principal): Promise<object> {
    return {
      items: (await this.generators.list(caller.tenantId)).map((generator) => toGeneratorView(generator)),
    };
  }

  @Get(':id')
  @RequireScope('generators:read')
  @ApiOperation({ summary: 'Read a generator' })
  async get(@Caller() caller: Principal, @Param('id') id: string): Promise<object> {
    return toGeneratorView(await this.generators.get(caller.tenantId, readId(id)));
  }

  @Put(':id')
  @RequireScope('generators:write')
  @ApiOperation({
    summary: 'Replace a generator’s rules',
    description: 'Makes a new version; live challenges keep theirs.',
  })
  async update(
    @Caller() caller: Principal,
    @By() by: Author,
    @Param('id') id: string,
    @Body() body: SaveGeneratorDto,
  ): Promise<object> {
    const input = toGeneratorInput(body);
    const saved = await this.generators.update(caller.tenantId, readId(id), input, { strict: true }, by);
    return toGeneratorView(saved.generator, saved.warnings);
  }

  @Delete(':id')
  @HttpCode(204)
  @RequireScope('generators:write')
  @ApiOperation({ summary: 'Delete a generator', description: 'Live challenges run to their end.' })
  async delete(@Caller() caller: Principal, @By() by: Author, @Param('id') id: string): Promise<void> {
    await this.generators.delete(caller.tenantId, readId(id), by);
  }
}

function readId(text: string): Identifier {
  const id = parseNative('generator', text);
  if (!id) throw new Problem('generator.not_found');
  return id;
}

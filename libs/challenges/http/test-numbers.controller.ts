import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Author } from '#journal';
import { By, Caller, type Principal, RequireScope } from '#tenants';
import { Problem } from '#platform/errors';
import { type Identifier, parseNative } from '#platform/identifiers';
import { TestNumbersService } from '../test-numbers.service.js';
import { AddTestNumberDto, toTestNumberView } from './test-number.dto.js';

@ApiTags('settings')
@ApiBearerAuth()
@Controller('v1/test-numbers')
export class TestNumbersController {
  constructor(private readonly numbers: TestNumbersService) {}

  @Post()
  @RequireScope('settings:write')
  @ApiOperation({
    summary: 'Add a test number',
    description:
      'Challenges to it get the fixed code and are sent to no provider, under live keys too. In force everywhere within 5 s.',
  })
  async add(@Caller() caller: Principal, @By() by: Author, @Body() body: AddTestNumberDto): Promise<object> {
    const { receiver, code, endsAt } = body;
    const input = { receiver, code, endsAt: new Date(endsAt) };
    return toTestNumberView(await this.numbers.add(caller, input, by));
  }

  @Get()
  @RequireScope('settings:read')
  @ApiOperation({ summary: 'List test numbers, newest first', description: 'Without their codes.' })
  async list(@Caller() caller: Principal): Promise<object> {
    return { items: (await this.numbers.list(caller)).map(toTestNumberView) };
  }

  @Delete(':id')
  @HttpCode(204)
  @RequireScope('settings:write')
  @ApiOperation({ summary: 'Delete a test number', description: 'Its live challenges run to their end.' })
  async delete(@Caller() caller: Principal, @By() by: Author, @Param('id') id: string): Promise<void> {
    await this.numbers.delete(caller, readId(id), by);
  }
}

function readId(text: string): Identifier {
  const id = parseNative('testNumber', text);
  if (!id) throw new Problem('settings.test_number_not_found');
  return id;
}

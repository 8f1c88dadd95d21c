import { Module } from '@nestjs/common';
import { ProvidersModule } from '../providers.module.js';
import { AccountsController } from './accounts.controller.js';
import { SendersController } from './senders.controller.js';

@Module({ imports: [ProvidersModule], controllers: [AccountsController, SendersController] })
export class ProvidersHttpModule {}
export { CreateAccountDto, toAccountView, UpdateAccountDto } from './account.dto.js';

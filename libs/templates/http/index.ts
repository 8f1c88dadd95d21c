import { Module } from '@nestjs/common';
import { ProvidersModule } from '#providers';
import { TemplatesModule } from '../templates.module.js';
import { TemplatesController } from './templates.controller.js';

@Module({ imports: [TemplatesModule, ProvidersModule], controllers: [TemplatesController] })
export class TemplatesHttpModule {}

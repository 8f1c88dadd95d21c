import { Module } from '@nestjs/common';
import { ProvidersModule } from '#providers';
import { TemplatesService } from './templates.service.js';

@Module({ imports: [ProvidersModule], providers: [TemplatesService], exports: [TemplatesService] })
export class TemplatesModule {}

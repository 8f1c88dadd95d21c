import { Module } from '@nestjs/common';
import { GeneratorsModule } from '../generators.module.js';
import { GeneratorsController } from './generators.controller.js';

@Module({ imports: [GeneratorsModule], controllers: [GeneratorsController] })
export class GeneratorsHttpModule {}
export { SaveGeneratorDto, toGeneratorInput, toGeneratorView } from './generator.dto.js';

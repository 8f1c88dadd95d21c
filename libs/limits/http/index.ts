import { Module } from '@nestjs/common';
import { LimitsModule } from '../limits.module.js';
import { LimitsController } from './limits.controller.js';
import { SwitchesController } from './switches.controller.js';

@Module({ imports: [LimitsModule], controllers: [LimitsController, SwitchesController] })
export class LimitsHttpModule {}
export { SaveLimitsDto, toLimitsView } from './limits.dto.js';
export { PutSwitchDto, toSwitchInput, toSwitchView } from './switch.dto.js';

import { TemplateEntity, TemplateLanguageEntity } from './template.entity.js';

export type { TemplateEntity } from './template.entity.js';
export type { LanguageInput } from './template-rules.js';
export { TemplatesModule } from './templates.module.js';
export { type PublishedTemplate, TemplatesService } from './templates.service.js';

export const templateEntities = [TemplateEntity, TemplateLanguageEntity];

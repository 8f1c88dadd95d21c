import { TemplateEntity, TemplateLanguageEntity } from './template.entity.js';

export { SubmissionsService } from './submissions.service.js';
export type { TemplateEntity } from './template.entity.js';
export type { LanguageInput } from './template-input.js';
export { TemplateNews } from './template-news.js';
export { outlives } from './template-rules.js';
export { TemplatesModule } from './templates.module.js';
export { placeholdersOf, quickRepliesOf } from './utility-rules.js';
export { type PublishedTemplate, TemplatesService } from './templates.service.js';

export const templateEntities = [TemplateEntity, TemplateLanguageEntity];

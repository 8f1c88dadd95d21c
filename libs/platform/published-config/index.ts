export { ConfigOutboxEntity } from './config-outbox.entity.js';
export { ConfigPublisher, type Publication } from './config-publisher.js';
export { type Loaded, PublishedConfig } from './published-config.js';
export { PublishedConfigModule } from './published-config.module.js';

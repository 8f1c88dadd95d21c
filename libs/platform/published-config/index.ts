export { ConfigOutboxEntity } from './config-outbox.entity.js';
export { ConfigPublisher, type Publication, type PublicationSource } from './config-publisher.js';
export { type ConfigKind, type Loaded, PublishedConfig } from './published-config.js';
export { PublishedConfigModule } from './published-config.module.js';

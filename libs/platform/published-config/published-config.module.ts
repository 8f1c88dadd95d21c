import { Global, Module } from '@nestjs/common';
import { ConfigPublisher } from './config-publisher.js';
import { PublishedConfig } from './published-config.js';

@Global()
@Module({ providers: [PublishedConfig, ConfigPublisher], exports: [PublishedConfig, ConfigPublisher] })
export class PublishedConfigModule {}

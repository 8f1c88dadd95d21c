import {
  Column,
  CreateDateColumn,
  Entity,
  JoinColumn,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  UpdateDateColumn,
} from 'typeorm';
import type { TemplateStatus } from '#providers';
import { asUuid } from '#platform/database';
import type { Identifier } from '#platform/identifiers';

/** What was asked for in one language; the wording itself is the channel's. */
export interface TemplateContent {
  addSecurityRecommendation: boolean;
  codeExpirationMinutes?: number;
  copyCodeButtonText?: string;
  ttlSeconds?: number;
}

@Entity('templates')
export class TemplateEntity {
  @PrimaryColumn({ type: 'uuid', transformer: asUuid })
  id!: Identifier;

  @Column({ name: 'tenant_id', type: 'uuid', transformer: asUuid })
  tenantId!: Identifier;

  @Column({ name: 'account_id', type: 'uuid', transformer: asUuid })
  accountId!: Identifier;

  @Column('text')
  name!: string;

  @Column('text')
  category!: 'AUTHENTICATION';

  @Column('int')
  revision!: number;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @OneToMany(() => TemplateLanguageEntity, (language) => language.template, { cascade: ['insert'] })
  languages!: TemplateLanguageEntity[];
}

@Entity('template_languages')
export class TemplateLanguageEntity {
  @PrimaryColumn({ type: 'uuid', transformer: asUuid })
  id!: Identifier;

  @Column({ name: 'template_id', type: 'uuid', transformer: asUuid })
  templateId!: Identifier;

  @ManyToOne(() => TemplateEntity, (template) => template.languages)
  @JoinColumn({ name: 'template_id' })
  template!: TemplateEntity;

  @Column({ name: 'tenant_id', type: 'uuid', transformer: asUuid })
  tenantId!: Identifier;

  @Column({ name: 'account_id', type: 'uuid', transformer: asUuid })
  accountId!: Identifier;

  @Column('text')
  language!: string;

  @Column('jsonb')
  content!: TemplateContent;

  @Column('text')
  status!: TemplateStatus;

  @Column({ type: 'text', nullable: true })
  reason!: string | null;

  /** The provider's id of this language: Messangi's `templateId`. */
  @Column({ name: 'external_id', type: 'text' })
  externalId!: string;

  @UpdateDateColumn({ name: 'updated_at', type: 'timestamptz' })
  updatedAt!: Date;
}

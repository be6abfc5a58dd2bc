"""Console work: saved views, macros, drafts, leases, mentions, the search over tickets, and indexes for lists.

Runs before the code is deployed (pre): it only adds.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('search_progress',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('last_event_id', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_search_progress'))
    )
    op.create_table('draft',
    sa.Column('agent_id', sa.String(length=36), nullable=False),
    sa.Column('subject_kind', sa.String(length=20), nullable=False),
    sa.Column('subject_id', sa.String(length=80), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['agent_id'], ['agent.id'], name=op.f('fk_draft_agent_id_agent')),
    sa.PrimaryKeyConstraint('agent_id', 'subject_kind', 'subject_id', name=op.f('pk_draft'))
    )
    op.create_table('lease',
    sa.Column('subject_kind', sa.String(length=12), nullable=False),
    sa.Column('subject_id', sa.String(length=80), nullable=False),
    sa.Column('agent_id', sa.String(length=36), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['agent_id'], ['agent.id'], name=op.f('fk_lease_agent_id_agent')),
    sa.PrimaryKeyConstraint('subject_kind', 'subject_id', name=op.f('pk_lease'))
    )
    op.create_table('macro',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('agent_id', sa.String(length=36), nullable=True),
    sa.Column('title', sa.String(length=40), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('steps', sa.JSON().with_variant(postgresql.JSONB(), 'postgresql'), nullable=False),
    sa.Column('queues', sa.JSON().with_variant(postgresql.JSONB(), 'postgresql'), nullable=False),
    sa.Column('rights', sa.JSON().with_variant(postgresql.JSONB(), 'postgresql'), nullable=False),
    sa.Column('is_active', sa.Boolean(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('updated_by', sa.String(length=36), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['agent_id'], ['agent.id'], name=op.f('fk_macro_agent_id_agent')),
    sa.ForeignKeyConstraint(['updated_by'], ['agent.id'], name=op.f('fk_macro_updated_by_agent')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_macro'))
    )
    with op.batch_alter_table('macro', schema=None) as batch_op:
        batch_op.create_index('ix_macro_agent', ['agent_id'], unique=False)

    op.create_table('saved_view',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('agent_id', sa.String(length=36), nullable=False),
    sa.Column('is_shared', sa.Boolean(), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('filters', sa.JSON().with_variant(postgresql.JSONB(), 'postgresql'), nullable=False),
    sa.Column('sort', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['agent_id'], ['agent.id'], name=op.f('fk_saved_view_agent_id_agent')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_saved_view'))
    )
    with op.batch_alter_table('saved_view', schema=None) as batch_op:
        batch_op.create_index('ix_saved_view_agent', ['agent_id'], unique=False)

    op.create_table('ticket_contact',
    sa.Column('ticket_id', sa.String(length=36), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_ticket_contact_ticket_id_ticket'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('ticket_id', 'key', name=op.f('pk_ticket_contact'))
    )
    with op.batch_alter_table('ticket_contact', schema=None) as batch_op:
        batch_op.create_index('ix_ticket_contact_key', ['key'], unique=False)

    op.create_table('ticket_search',
    sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('ticket_id', sa.String(length=36), nullable=False),
    sa.Column('audit_seq', sa.Integer(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('grams', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_ticket_search_ticket_id_ticket'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ticket_search')),
    sa.UniqueConstraint('ticket_id', name=op.f('uq_ticket_search_ticket_id'))
    )
    op.create_table('mention',
    sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('agent_id', sa.String(length=36), nullable=False),
    sa.Column('by_agent_id', sa.String(length=36), nullable=False),
    sa.Column('entry_id', sa.Integer(), nullable=True),
    sa.Column('message_id', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['agent_id'], ['agent.id'], name=op.f('fk_mention_agent_id_agent')),
    sa.ForeignKeyConstraint(['by_agent_id'], ['agent.id'], name=op.f('fk_mention_by_agent_id_agent')),
    sa.ForeignKeyConstraint(['entry_id'], ['ticket_entry.id'], name=op.f('fk_mention_entry_id_ticket_entry')),
    sa.ForeignKeyConstraint(['message_id'], ['message.id'], name=op.f('fk_mention_message_id_message')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mention'))
    )
    with op.batch_alter_table('mention', schema=None) as batch_op:
        batch_op.create_index('ix_mention_agent', ['agent_id', 'id'], unique=False)
        batch_op.create_index('ix_mention_unseen', ['agent_id'], unique=False, postgresql_where=sa.text('seen_at IS NULL'), sqlite_where=sa.text('seen_at IS NULL'))

    with op.batch_alter_table('conversation', schema=None) as batch_op:
        batch_op.create_index('ix_conversation_created', ['created_at'], unique=False)

    with op.batch_alter_table('handoff', schema=None) as batch_op:
        batch_op.create_index('ix_handoff_requested', ['requested_at'], unique=False)

    with op.batch_alter_table('ticket', schema=None) as batch_op:
        batch_op.create_index('ix_ticket_open_assignee', ['assignee_id', 'opened_at', 'id'], unique=False, postgresql_where=sa.text('NOT is_finished'), sqlite_where=sa.text('is_finished = 0'))
        batch_op.create_index('ix_ticket_open_due', ['next_due_at', 'id'], unique=False, postgresql_where=sa.text('NOT is_finished'), sqlite_where=sa.text('is_finished = 0'))
        batch_op.create_index('ix_ticket_open_opened', ['opened_at', 'id'], unique=False, postgresql_where=sa.text('NOT is_finished'), sqlite_where=sa.text('is_finished = 0'))
        batch_op.create_index('ix_ticket_open_queue_due', ['queue', 'next_due_at', 'id'], unique=False, postgresql_where=sa.text('NOT is_finished'), sqlite_where=sa.text('is_finished = 0'))


def downgrade() -> None:
    # What the search made for itself (bot/services/search/derived.py); on PostgreSQL it goes with its table.
    op.execute('DROP TABLE IF EXISTS ticket_fts')
    with op.batch_alter_table('ticket', schema=None) as batch_op:
        batch_op.drop_index('ix_ticket_open_queue_due', postgresql_where=sa.text('NOT is_finished'), sqlite_where=sa.text('is_finished = 0'))
        batch_op.drop_index('ix_ticket_open_opened', postgresql_where=sa.text('NOT is_finished'), sqlite_where=sa.text('is_finished = 0'))
        batch_op.drop_index('ix_ticket_open_due', postgresql_where=sa.text('NOT is_finished'), sqlite_where=sa.text('is_finished = 0'))
        batch_op.drop_index('ix_ticket_open_assignee', postgresql_where=sa.text('NOT is_finished'), sqlite_where=sa.text('is_finished = 0'))

    with op.batch_alter_table('handoff', schema=None) as batch_op:
        batch_op.drop_index('ix_handoff_requested')

    with op.batch_alter_table('conversation', schema=None) as batch_op:
        batch_op.drop_index('ix_conversation_created')

    with op.batch_alter_table('mention', schema=None) as batch_op:
        batch_op.drop_index('ix_mention_unseen', postgresql_where=sa.text('seen_at IS NULL'), sqlite_where=sa.text('seen_at IS NULL'))
        batch_op.drop_index('ix_mention_agent')

    op.drop_table('mention')
    op.drop_table('ticket_search')
    with op.batch_alter_table('ticket_contact', schema=None) as batch_op:
        batch_op.drop_index('ix_ticket_contact_key')

    op.drop_table('ticket_contact')
    with op.batch_alter_table('saved_view', schema=None) as batch_op:
        batch_op.drop_index('ix_saved_view_agent')

    op.drop_table('saved_view')
    with op.batch_alter_table('macro', schema=None) as batch_op:
        batch_op.drop_index('ix_macro_agent')

    op.drop_table('macro')
    op.drop_table('lease')
    op.drop_table('draft')
    op.drop_table('search_progress')

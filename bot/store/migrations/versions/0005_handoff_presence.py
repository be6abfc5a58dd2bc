"""Handoff: presence, capacity and skills of agents; nudging, requeueing and the steps of an episode.

Runs before the code is deployed (pre): it only adds. No table is rebuilt, because on SQLite that would
delete rows which others refer to; so a column with a reference is added by plain SQL, the same on both
databases, and not through `batch_alter_table`.
"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')
_HUMAN = sa.text("owner = 'human'")


def upgrade() -> None:
    op.add_column('agent', sa.Column('presence', sa.String(length=8), nullable=False, server_default='offline'))
    op.add_column('agent', sa.Column('presence_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('agent', sa.Column('capacity', sa.Integer(), nullable=False, server_default='5'))
    op.add_column('agent', sa.Column('skills', _JSON, nullable=True))

    _add_reference('conversation', 'last_agent_id')
    op.add_column('conversation', sa.Column('last_agent_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('conversation', sa.Column('queue_rank', sa.Integer(), nullable=False, server_default='0'))
    op.add_column('conversation', sa.Column('unanswered_since', sa.DateTime(timezone=True), nullable=True))
    op.create_index('ix_conversation_agent', 'conversation', ['agent_id', 'unanswered_since'], postgresql_where=_HUMAN, sqlite_where=_HUMAN)

    op.add_column('handoff', sa.Column('nudged_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('handoff', sa.Column('requeued_count', sa.Integer(), nullable=False, server_default='0'))
    _add_reference('handoff', 'previous_agent_id')
    op.add_column('handoff', sa.Column('transferred_from', sa.String(length=24), nullable=True))
    op.add_column('handoff', sa.Column('place', sa.Integer(), nullable=False, server_default='1'))
    op.create_index('ix_handoff_queue', 'handoff', ['queue', 'claimed_at'])
    op.create_index('ix_handoff_agent', 'handoff', ['agent_id', 'claimed_at'])

    op.create_table('handoff_event',
    sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('conversation_id', sa.String(length=80), nullable=False),
    sa.Column('handoff_id', sa.String(length=36), nullable=True),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor', sa.String(length=40), nullable=False),
    sa.Column('agent_id', sa.String(length=36), nullable=True),
    sa.Column('epoch', sa.Integer(), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('detail', _JSON, nullable=False),
    sa.ForeignKeyConstraint(['agent_id'], ['agent.id'], name=op.f('fk_handoff_event_agent_id_agent')),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversation.id'], name=op.f('fk_handoff_event_conversation_id_conversation')),
    sa.ForeignKeyConstraint(['handoff_id'], ['handoff.id'], name=op.f('fk_handoff_event_handoff_id_handoff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_handoff_event'))
    )
    op.create_index('ix_handoff_event_conversation', 'handoff_event', ['conversation_id', 'id'])


def _add_reference(table: str, column: str) -> None:
    op.execute(f'ALTER TABLE {table} ADD COLUMN {column} VARCHAR(36) CONSTRAINT fk_{table}_{column}_agent REFERENCES agent (id)')


def downgrade() -> None:
    op.drop_table('handoff_event')
    op.drop_index('ix_handoff_agent', 'handoff')
    op.drop_index('ix_handoff_queue', 'handoff')
    op.drop_index('ix_conversation_agent', 'conversation')
    for table, columns in {
        'handoff': ('place', 'transferred_from', 'previous_agent_id', 'requeued_count', 'nudged_at'),
        'conversation': ('unanswered_since', 'queue_rank', 'last_agent_at', 'last_agent_id'),
        'agent': ('skills', 'capacity', 'presence_at', 'presence'),
    }.items():
        for column in columns:
            op.execute(f'ALTER TABLE {table} DROP COLUMN {column}')

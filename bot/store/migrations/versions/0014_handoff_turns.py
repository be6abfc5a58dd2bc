"""handoff: when each agent was given something last, for giving conversations in turn.

Runs before the code is deployed (pre): it only adds an index.
"""

import sqlalchemy as sa
from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        'ix_handoff_event_agent',
        'handoff_event',
        ['agent_id', 'at'],
        postgresql_where=sa.text('agent_id IS NOT NULL'),
        sqlite_where=sa.text('agent_id IS NOT NULL'),
    )


def downgrade() -> None:
    op.drop_index('ix_handoff_event_agent', 'handoff_event')

"""follow-ups: found by the day on which they ended, as the dashboard counts them.

Runs before the code is deployed (pre): it only adds an index.
"""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        'ix_follow_up_done',
        'follow_up',
        ['done_at', 'ticket_id'],
        postgresql_where=sa.text('done_at IS NOT NULL'),
        sqlite_where=sa.text('done_at IS NOT NULL'),
    )


def downgrade() -> None:
    op.drop_index('ix_follow_up_done', 'follow_up')

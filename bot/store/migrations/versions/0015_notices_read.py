"""notices: found by when they were read, so that old ones can be deleted.

Runs before the code is deployed (pre): it only adds an index.
"""

import sqlalchemy as sa
from alembic import op

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        'ix_notice_read',
        'notice',
        ['read_at'],
        postgresql_where=sa.text('read_at IS NOT NULL'),
        sqlite_where=sa.text('read_at IS NOT NULL'),
    )


def downgrade() -> None:
    op.drop_index('ix_notice_read', 'notice')

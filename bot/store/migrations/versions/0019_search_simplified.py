"""search: read every ticket again, so that traditional and simplified characters find each other on old ones too.

Runs when the code before it has stopped, which would read them as it did. What the search knows stays until it
is read again, in the background.
"""

from alembic import op

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute('UPDATE ticket_search SET audit_seq = 0')
    op.execute('DELETE FROM search_progress')


def downgrade() -> None:
    pass

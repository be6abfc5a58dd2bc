"""priority order: the ticket list by priority; routing's urgency is what a priority begins with.

Runs before the code is deployed (pre): it adds an index, and open tickets whose priority nobody has set get the
one that new tickets will begin with.
"""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        'ix_ticket_open_priority',
        'ticket',
        ['priority', 'opened_at', 'id'],
        postgresql_where=sa.text('NOT is_finished'),
        sqlite_where=sa.text('is_finished = 0'),
    )
    op.execute(
        "UPDATE ticket SET priority = urgency WHERE NOT is_finished AND priority = 'normal' AND urgency <> 'normal'"
        " AND NOT EXISTS (SELECT 1 FROM ticket_event WHERE ticket_event.ticket_id = ticket.id"
        " AND ticket_event.action = 'ticket.priority_changed')"
    )


def downgrade() -> None:
    op.drop_index('ix_ticket_open_priority', 'ticket')

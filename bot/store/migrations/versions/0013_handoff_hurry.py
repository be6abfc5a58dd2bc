"""handoff: why somebody is served before others, and a rank between the usual and the urgent.

Runs before the code is deployed (pre): it adds a column, and ranks that were 1 (urgent) and 2 (requeued) become 2 and 3.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    json = sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')
    # Plain ADD COLUMN: on a large SQLite file a batch would copy the whole table.
    op.add_column('handoff', sa.Column('hurry', json, server_default=sa.text("'[]'"), nullable=False))
    op.execute('UPDATE conversation SET queue_rank = queue_rank + 1 WHERE queue_rank > 0')


def downgrade() -> None:
    op.execute('UPDATE conversation SET queue_rank = queue_rank - 1 WHERE queue_rank > 0')
    # Plain as well: a batch would write the foreign keys anew, and then 0005 cannot drop its columns.
    op.drop_column('handoff', 'hurry')

"""handoff: the skills that a waiting conversation wants of an agent.

Runs before the code is deployed (pre): it only adds.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Plain ADD COLUMN: on a large SQLite file a batch would copy the whole table.
    json = sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')
    op.add_column('handoff', sa.Column('skills', json, server_default=sa.text("'[]'"), nullable=False))


def downgrade() -> None:
    # Plain as well: a batch would write the foreign keys anew, and then 0005 cannot drop its columns.
    op.drop_column('handoff', 'skills')

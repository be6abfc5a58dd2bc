"""A filled form as a document to keep, print or hand on: .docx, PDF, JSON."""

from bot.services.documents.handing_out import sheet_for_citizen, sheet_for_staff
from bot.services.documents.making import FORMATS, Document, make_document
from bot.services.documents.sheet import Sheet, sheet_of_draft, sheet_of_ticket

__all__ = [
    "FORMATS",
    "Document",
    "Sheet",
    "make_document",
    "sheet_for_citizen",
    "sheet_for_staff",
    "sheet_of_draft",
    "sheet_of_ticket",
]

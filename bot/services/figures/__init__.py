"""Figures for supervisors: what lies open now, what became of what came in over a period, how long citizens waited for a
person, what the assistant settled alone, and how satisfied citizens were."""

from bot.services.figures.deflection import DeflectionFigures, deflection_figures
from bot.services.figures.period import Period, PeriodFigures, period_figures
from bot.services.figures.present import AGE_DAYS, PresentFigures, present_figures
from bot.services.figures.responses import ResponseFigures, Responses, Waits, response_figures
from bot.services.figures.satisfaction import SatisfactionFigures, Scores, satisfaction_figures
from bot.services.figures.table import Bar

__all__ = [
    "AGE_DAYS",
    "Bar",
    "DeflectionFigures",
    "Period",
    "PeriodFigures",
    "PresentFigures",
    "ResponseFigures",
    "Responses",
    "SatisfactionFigures",
    "Scores",
    "Waits",
    "deflection_figures",
    "period_figures",
    "present_figures",
    "response_figures",
    "satisfaction_figures",
]

"""Figures for supervisors: what lies open now, what became of what came in over a period, and how satisfied citizens were."""

from bot.services.figures.period import Period, PeriodFigures, period_figures
from bot.services.figures.present import AGE_DAYS, PresentFigures, present_figures
from bot.services.figures.satisfaction import SatisfactionFigures, Scores, satisfaction_figures
from bot.services.figures.table import Bar

__all__ = [
    "AGE_DAYS",
    "Bar",
    "Period",
    "PeriodFigures",
    "PresentFigures",
    "SatisfactionFigures",
    "Scores",
    "period_figures",
    "present_figures",
    "satisfaction_figures",
]

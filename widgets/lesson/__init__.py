"""Lessons: figures in a notebook, and questions that check their answers."""

from widgets.lesson.question import Choose, Estimate
from widgets.lesson.shown import pictures, shown

__all__ = ["Choose", "Estimate", "pictures", "shown"]

"""Lessons: figures in a notebook, and questions that check their answers."""

from widgets.lesson.question import Choose as Choose, Estimate as Estimate
from widgets.lesson.shown import pictures as pictures, shown as shown

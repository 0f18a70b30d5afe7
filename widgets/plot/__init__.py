"""Plots: one small view of plain plotly figures, and plotly.js once per page."""

from widgets.plot.view import PlotView as PlotView

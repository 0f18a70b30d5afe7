"""The main figures for print, by matplotlib: ``python -m widgets.paper RESULT.npz FIGURE.pdf``."""

from widgets.paper.draw import paper_figure as paper_figure
from widgets.paper.sheet import save as save
